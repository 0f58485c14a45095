"""Options of a cumulative logit model of an ordered outcome in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from coxa.study.analysis import Analysis, check_terms, without_visit
from coxa.study.base import AnyNumber
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import Measure, Summary


class Ordinal(Analysis):
    """A cumulative logit model: of each visit, or with a random intercept of each participant over all visits.

    The odds ratio of a higher level is the same above every level (proportional odds), but for what `partial` names.
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("cumulative_odds_ratio", "win_probability", "win_odds")
    measures: ClassVar[tuple[Measure, ...]] = ("value",)

    model: Literal["ordinal"] = Field(description="Levels by proportional odds (cumulative logits).")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    visits: AnyNumber[Name] = Field(
        (),
        description="Visits that the model is fitted to, those that the estimand names among them; all after baseline.",
    )
    adjust: tuple[str, ...] = Field((), description="Terms other than arm and visit, for example `age` or `site`.")
    partial: OneOrMany[Name] = Field(
        (),
        description="Variables, `arm` among them, with an odds ratio of their own above each level (partly "
        "proportional odds). With `arm`, the estimand is about a win probability, since there is no single odds ratio.",
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
    random: Literal["none", "intercept"] = Field(
        "none",
        description="none: a model of each visit. intercept: one model of all visits with a random intercept of each "
        "participant; its odds ratios are those at one and the same intercept.",
    )

    proportional_odds: Literal["score", "brant", "likelihood_ratio"] = Field(
        "score",
        description="Test of proportional odds in the report: by the score, Brant's, or by the likelihood ratio, which "
        "rejects too often in small trials; with `random: intercept` always the last.",
    )
    row_mean_scores: Literal["none", "table", "rank", "ridit", "modridit"] = Field(
        "none",
        description="Also test whether the arms have the same mean score (Cochran, Mantel and Haenszel, within "
        "`strata`): the codes of the levels (table), their mean ranks, these over the stratum's size, or over it "
        "and 1 (modridit: van Elteren's test).",
    )
    strata: OneOrMany[Name] = Field(
        (), description="Of `row_mean_scores`: covariates within whose levels the arms are compared."
    )

    @field_validator("adjust")
    @classmethod
    def _terms_are_names(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        return check_terms(terms)

    @model_validator(mode="after")
    def _partial_is_in_the_model(self) -> Ordinal:
        for name in self.partial:
            if name not in ("arm", *self.names_used()):
                raise ValueError(f"`partial` names '{name}', which is not in the model; add it to `adjust`")
        if self.strata and self.row_mean_scores == "none":
            raise ValueError("`strata` are those of `row_mean_scores`; say which scores, or remove it")
        return self

    @property
    def over_visits(self) -> bool:  # type: ignore[override]
        """Whether one model has all visits."""
        return self.random == "intercept"

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effects of the model: arm by visit where it has several."""
        if self.over_visits and len(visits) > 1:
            return ["arm * visit", *self.adjust]
        return ["arm", *(without_visit(term) for term in self.adjust)]

    def random_terms(self) -> list[str]:
        """Return the random intercept of a participant, where there is one."""
        return ["(1 | participant_id)"] if self.over_visits else []

    def visits_problem(self, visits: int) -> str | None:
        """Return why one visit is too few for a random intercept."""
        if self.over_visits and visits < 2:
            return "a random intercept of each participant needs two visits after baseline; Use `random: none`."
        return None

    def summary_problem(self, summary: Summary) -> tuple[str, str] | None:
        """Return the option that does not fit the summary of the estimand, and why."""
        if "arm" in self.partial and summary == "cumulative_odds_ratio":
            return (
                "partial",
                "with `arm` in `partial` there is an odds ratio above each level, and a cumulative odds ratio is one "
                "number; take `arm` out, or write `summary: win_probability` in the estimand",
            )
        if self.subgroups and summary != "cumulative_odds_ratio":
            return (
                "subgroups",
                "subgroups of `model: ordinal` have cumulative odds ratios; write `summary: cumulative_odds_ratio` in "
                "the estimand, or use `model: mann_whitney`, which compares win probabilities within the levels",
            )
        return None

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and the thresholds need at least."""
        return coefficients + 2
