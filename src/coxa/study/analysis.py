"""An analysis: the estimand it targets, its model, and what it adjusts for."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import SAS_COVARIANCE, Covariance, Ddf, ModelName, Multiplicity, Role, Weights

TERM = re.compile(r"^\s*[A-Za-z_]\w*(\s*[*:]\s*[A-Za-z_]\w*)*\s*$")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")

SasOrShort = Annotated[Covariance, BeforeValidator(lambda word: SAS_COVARIANCE.get(str(word).lower(), word))]
"""A covariance structure under its short name or its SAS word."""


class Analysis(Part):
    """One analysis of one estimand."""

    label: str | None = Field(None, description="How the analysis is called in the report.")
    estimand: Name = Field(description="One of the estimands.")
    role: Role = Field("primary", description="Its part in the plan.")
    model: ModelName = Field(
        description="mmrm: all visits together; ancova: each visit by itself; proportions: responders."
    )
    adjust: tuple[str, ...] = Field(
        (), description="Terms beside arm and visit, for example `baseline * visit` or `site`."
    )
    covariance: OneOrMany[SasOrShort] = Field(
        ("us",), description="A covariance structure, or a ladder of them tried in order; SAS words too."
    )
    ddf: Ddf = Field("kenward-roger-linear", description="Degrees of freedom of an MMRM.")
    estimation: Literal["reml", "ml"] = Field("reml", description="Restricted or full maximum likelihood.")
    weights: Weights = Field("equal", description="Weights of factor levels in marginal means.")
    multiplicity: Multiplicity = Field("none", description="Adjustment of the p-values of the planned comparisons.")
    conf_level: float = Field(0.95, gt=0.5, lt=1, description="Level of the confidence intervals.")
    robust: Literal["HC3"] | None = Field(None, description="Robust standard errors of an ANCOVA.")
    missing_response: Literal["observed", "non_responder"] = Field(
        "observed", description="A missing responder status is left out, or counts as no response."
    )
    standardised_effect: bool = Field(False, description="Also give Hedges g of each difference.")
    relaxes: str | None = Field(None, description="The assumption of the primary analysis that this relaxes.")

    @field_validator("adjust")
    @classmethod
    def _terms_are_names(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        for term in terms:
            if not TERM.match(term):
                raise ValueError(
                    f"{term!r} is not a term; a term is a name, or names joined by `*` or `:`, such as "
                    "`baseline * visit`"
                )
        return terms

    @model_validator(mode="after")
    def _options_fit_the_model(self) -> Analysis:
        if self.estimation == "ml" and self.ddf.startswith("kenward-roger"):
            raise ValueError("Kenward-Roger needs REML; use `estimation: reml` or `ddf: satterthwaite`")
        if self.model == "proportions" and self.adjust:
            raise ValueError("proportions are not adjusted; remove `adjust`, or use another model")
        if self.robust and self.model != "ancova":
            raise ValueError("`robust` belongs to ancova; remove it")
        return self

    def names_used(self) -> tuple[str, ...]:
        """Return the variables that `adjust` names, each once, in order."""
        found = (name for term in self.adjust for name in IDENTIFIER.findall(term))
        return tuple(dict.fromkeys(found))
