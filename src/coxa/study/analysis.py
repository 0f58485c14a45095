"""An analysis: the estimand it targets, its model, and what it adjusts for."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from coxa.study.base import AnyNumber
from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.random_effects import RandomEffects, check_random
from coxa.study.words import (
    SAS_COVARIANCE,
    Contrast,
    Covariance,
    Ddf,
    FewClusters,
    MarginType,
    ModelName,
    Multiplicity,
    Role,
    StandardErrors,
    Weights,
)

TERM = re.compile(r"^\s*[A-Za-z_]\w*(\s*[*:]\s*[A-Za-z_]\w*)*\s*$")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")

SasOrShort = Annotated[Covariance, BeforeValidator(lambda word: SAS_COVARIANCE.get(str(word).lower(), word))]
"""A covariance structure under its short name or its SAS word."""


class Margin(Part):
    """A margin against which a difference is tested."""

    type: MarginType = Field(description="What is to be shown: noninferiority, superiority by the margin, equivalence.")
    value: float = Field(ge=0, description="In units of the endpoint, as a positive number.")
    alpha: float | None = Field(
        None, gt=0, lt=0.5, description="One-sided level; 0.025, or 0.05 for equivalence, unless given."
    )
    source: str | None = Field(None, description="Where the margin comes from.")

    @model_validator(mode="after")
    def _only_superiority_at_zero(self) -> Margin:
        if self.value == 0 and self.type != "superiority":
            raise ValueError(f"a margin of 0 cannot show {self.type}; write the difference that would matter")
        return self


class Analysis(Part):
    """One analysis of one estimand."""

    label: str | None = Field(None, description="How the analysis is called in the report.")
    estimand: Name = Field(description="One of the estimands.")
    role: Role = Field("primary", description="Its part in the plan.")
    model: ModelName = Field(
        description="mmrm: all visits together, an analysis of covariance where there is one; ancova: each visit by "
        "itself; proportions: responders."
    )
    visits: AnyNumber[Name] = Field(
        (),
        description="Visits that the model is fitted to, those that the estimand names among them; all after baseline "
        "unless given. For a visit that one arm did not have, or hardly anybody.",
    )
    adjust: tuple[str, ...] = Field(
        (), description="Terms beside arm and visit, for example `baseline * visit` or `site`."
    )
    random: RandomEffects = Field(
        default_factory=dict,
        description="Random effects of factors above the participants in an mmrm, factor: options; for example "
        "`{therapist_id: {only_in: [exercise, manual_therapy], by_arm: true}, site_id: {}}`. They stand beside the "
        "covariance over the visits of a participant. With them `standard_errors` are those of the model, and `ddf` "
        "is kenward-roger-linear, kenward-roger or satterthwaite; with a factor of fewer than ten levels intervals "
        "hold only with one of the first two.",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with random effects is refused where a comparison that its estimand names "
        "has fewer than 4 degrees of freedom, by the model or by the number of levels (those of each arm less one, "
        "added up): with so few therapists or clinics neither interval nor p-value can be relied on. `accept` lets it "
        "stand, and says so beside every such number. Other roles always carry the warning.",
    )
    covariance: OneOrMany[SasOrShort] = Field(
        ("us",), description="A covariance structure, or a ladder of them tried in order; SAS words too."
    )
    covariance_by: Name | None = Field(
        None, description="Factor whose levels have a covariance each, with the same structure; for example `arm`."
    )
    observation_weights: Name | None = Field(
        None, description="Covariate, a number above 0, by which the variance of a row is divided."
    )
    standard_errors: StandardErrors = Field(
        "model", description="By the model, or a sandwich over participants: CR0, CR2 (bias-reduced), CR3 (jackknife)."
    )
    ddf: Ddf = Field("kenward-roger-linear", description="Degrees of freedom of an MMRM.")
    estimation: Literal["reml", "ml"] = Field("reml", description="Restricted or full maximum likelihood.")
    weights: Weights = Field("equal", description="Weights of factor levels in marginal means.")
    multiplicity: Multiplicity = Field(
        "none",
        description="Adjustment of the p-values of the planned comparisons, and of those against a margin as a family "
        "of their own; dunnett and tukey hold at each visit, with limits of their own.",
    )
    contrasts: OneOrMany[Contrast] = Field(
        ("by_visit",), description="Compare arms at each visit, or by average, slope or area over the visits."
    )
    margin: Margin | None = Field(None, description="Non-inferiority, superiority or equivalence by this much.")
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
    conf_level: float = Field(0.95, gt=0.5, lt=1, description="Level of the confidence intervals.")
    robust: Literal["HC3"] | None = Field(None, description="Robust standard errors of an ANCOVA.")
    missing_response: Literal["observed", "non_responder"] = Field(
        "observed", description="A missing responder status is left out, or counts as no response."
    )
    standardised_effect: bool = Field(
        False,
        description="Also give Hedges g of each difference, by the standard deviation and error of the model; not with "
        "`random`.",
    )
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
        check_random(self)
        if self.estimation == "ml" and self.ddf.startswith("kenward-roger"):
            raise ValueError("Kenward-Roger needs REML; use `estimation: reml` or `ddf: satterthwaite`")
        if self.standard_errors != "model" and self.ddf.startswith("kenward-roger"):
            raise ValueError(
                f"Kenward-Roger adjusts the model's standard errors, not {self.standard_errors}; use "
                "`ddf: satterthwaite` or `standard_errors: model`"
            )
        if self.model == "proportions" and self.adjust:
            raise ValueError("proportions are not adjusted; remove `adjust`, or use another model")
        for key in ("covariance_by", "observation_weights"):
            if getattr(self, key) is not None and self.model != "mmrm":
                raise ValueError(f"`{key}` belongs to mmrm; remove it")
        if self.robust and self.model != "ancova":
            raise ValueError("`robust` belongs to ancova; remove it")
        over_time = [word for word in self.contrasts if word != "by_visit"]
        if over_time and self.model != "mmrm":
            raise ValueError(f"contrast {over_time[0]!r} is over visits; use `model: mmrm`, or `contrasts: by_visit`")
        if self.model == "proportions":
            _no_model(self)
        return self

    def names_used(self) -> tuple[str, ...]:
        """Return the variables that `adjust` names, each once, in order."""
        found = (name for term in self.adjust for name in IDENTIFIER.findall(term))
        return tuple(dict.fromkeys(found))


def _no_model(analysis: Analysis) -> None:
    """Raise ValueError where an analysis without a model asks for what only a model can give."""
    asked = {
        "margin": analysis.margin is not None,
        "visits": bool(analysis.visits),
        "subgroups": bool(analysis.subgroups),
        f"multiplicity: {analysis.multiplicity}": analysis.multiplicity in ("dunnett", "tukey"),
        "weights: counterfactual": analysis.weights == "counterfactual",
    }
    for key, wanted in asked.items():
        if wanted:
            raise ValueError(f"`{key}` needs a model of means; remove it, or use mmrm or ancova")
