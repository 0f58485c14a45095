"""Options of an analysis with missing outcomes imputed under a strategy, in a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.covariances import COVARIANCES
from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.repeated import CovarianceWord
from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import Measure, Summary

MissingStrategy = Literal["mar", "j2r", "cr", "cir", "lmcf"]
"""What is assumed of outcomes after an event; described in `coxa.impute.strategies`."""


SINCE, AFTER = "days_since_event", "after_event"
"""Columns of rows: days since the first event that is handled by treatment policy, 0 before it; whether it came before
the visit (1 or 0)."""


class Deltas(Part):
    """What is added to imputed outcomes, or what they are multiplied by."""

    add: dict[Name, float] = Field(
        default_factory=dict, description="Arm: what is added to its imputed outcomes, in units of the endpoint."
    )
    multiply: dict[Name, float] = Field(
        default_factory=dict, description="Arm: what its imputed outcomes are multiplied by."
    )
    visits: dict[Name, float] = Field(
        default_factory=dict, description="Visit: share of the delta there; 1 unless given."
    )
    since_event: tuple[float, ...] = Field(
        (),
        description="Shares of the delta at the first, second ... visit after the event; the last one counts for all "
        "later visits.",
    )
    of: Literal["missing", "after_event"] = Field(
        "missing", description="Whether all that is imputed gets a delta, or what is imputed after an event only."
    )


class Branch(Part):
    """Another assumption about missing outcomes, from the same imputation model: a branch of a sensitivity tree."""

    label: str | None = Field(None, description="How the branch is called in the report.")
    strategy: MissingStrategy = Field(
        "mar", description="What is assumed of outcomes after an event, as of the analysis."
    )
    strategies: dict[Name, MissingStrategy] = Field(
        default_factory=dict, description="Intercurrent event: a strategy other than `strategy`, as of the analysis."
    )
    deltas: Deltas = Field(
        default_factory=lambda: Deltas.model_validate({}),
        description="What is added to imputed outcomes, or what they are multiplied by.",
    )


class Imputation(AdjustedAnalysis):
    """Missing outcomes imputed under a strategy, and an analysis of covariance of all participants at each visit.

    Outcomes are imputed from a mixed model for repeated measures. An event is an intercurrent event that the estimand
    handles as hypothetical, whose later outcomes are set to missing, or the last visit with an outcome. Gaps before it
    are missing at random.
    """

    summaries: ClassVar[tuple[Summary, ...]] = (
        "difference_in_means",
        "risk_difference",
        "risk_ratio",
        "odds_ratio",
        "cumulative_odds_ratio",
        "win_odds",
    )
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change", "responder")
    over_visits: ClassVar[bool] = True

    model: Literal["imputation"] = Field(description="Missing outcomes imputed; all participants at each visit.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    strategy: MissingStrategy = Field(
        "mar",
        description="What is assumed of outcomes after an event: missing at random (mar), jump to reference (j2r), "
        "copy reference (cr), copy increments in reference (cir), last mean carried forward (lmcf).",
    )
    strategies: dict[Name, MissingStrategy] = Field(
        default_factory=dict,
        description="Intercurrent event that the estimand handles as hypothetical: a strategy other than `strategy`.",
    )
    references: dict[Name, Name] = Field(
        default_factory=dict,
        description="Arm: its reference arm; the arm that the estimand compares against unless given.",
    )
    by: Literal["conditional_mean", "multiple", "bmlmi"] = Field(
        "conditional_mean",
        description="How: each missing outcome at its expectation, from one model (conditional_mean); drawn many "
        "times, each data set analysed and pooled by Rubin's rules (multiple); drawn twice in each of many bootstrap "
        "samples of participants (bmlmi), whose standard errors are those over repeated samples. Responders, "
        "outcomes of a yes or no and levels need `multiple`.",
    )
    draws: Literal["bayes", "bootstrap"] = Field(
        "bayes",
        description="Of `by: multiple`, where the parameters of the imputation model come from: their posterior, by "
        "Gibbs steps (Metropolis where the covariance is structured), or bootstrap samples of participants.",
    )
    imputations: int | None = Field(
        None,
        ge=10,
        le=20_000,
        description="Of `by: multiple`, the number of imputed data sets; unless given it is chosen after a first "
        "round, so that the Monte Carlo errors are below `monte_carlo_error`.",
    )
    monte_carlo_error: float = Field(
        0.02,
        gt=0,
        lt=0.5,
        description="Largest Monte Carlo error of estimates and of standard errors, in standard errors.",
    )
    values: Literal["normal", "steps"] = Field(
        "normal",
        description="Of `by: multiple`, what is imputed: values of a normal variable, or those that the score can "
        "take, from its lowest to its highest in steps of `step`.",
    )
    step: float = Field(1.0, gt=0, description="Smallest difference of two scores, of `values: steps`.")
    analyse: Literal["ancova", "mmrm"] = Field(
        "ancova",
        description="Of `by: multiple`, how means of each data set are analysed: least squares at each visit, or a "
        "mixed model for repeated measures. Responders are analysed by logistic regression, levels by "
        "proportional odds.",
    )
    covariates: Literal["leave_out", "impute"] = Field(
        "leave_out",
        description="Participants without a covariate of the model: left out and counted, or the covariate is imputed "
        "once by chained equations, without arm and outcome.",
    )
    retrieved: Literal["no", "since_event", "by_visit"] = Field(
        "no",
        description="Whether the imputation model tells outcomes after an intercurrent event that the estimand handles "
        "by treatment policy from those before: missing outcomes after it are then imputed as those retrieved are. "
        "since_event: by the days since the event, for each arm; by_visit: by a shift for each arm and visit, which "
        "needs outcomes after events in each.",
    )
    items: Literal["rule", "impute"] = Field(
        "rule",
        description="Of an outcome scored from items, forms with enough answers for a score that lack some: scored by "
        "the instrument's missing-item rule, or the lacking items are imputed once before, by chained equations from "
        "the other answers of the form.",
    )
    standard_error: Literal["rubin", "jackknife", "gradient", "bootstrap"] = Field(
        "rubin",
        description="rubin is the variance of multiple imputation with infinitely many imputations: under every "
        "strategy about as much information is lost as under missing at random. The others are the variance over "
        "repeated samples, which is smaller where an arm is imputed from another one: jackknife over participants, "
        "gradient (its linear form), bootstrap.",
    )
    deltas: Deltas = Field(
        default_factory=lambda: Deltas.model_validate({}),
        description="What is added to imputed outcomes, or what they are multiplied by.",
    )
    branches: dict[Name, Branch] = Field(
        default_factory=dict,
        description="Other assumptions about missing outcomes by name: the sensitivity tree of the estimand, drawn in "
        "the report with the estimate of each branch and where its conclusion changes.",
    )
    covariance: OneOrMany[CovarianceWord] = Field(
        ("us",), description="A covariance structure of the imputation model, or a ladder of them; SAS words too."
    )
    by_arm: bool = Field(False, description="True: each arm has a covariance of its own in the imputation model.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")
    averaging: Literal["counterfactual", "equal"] = Field(
        "counterfactual", description="How means average over covariates: over all participants, or levels equally."
    )
    replicates: int = Field(1000, ge=100, description="Samples of a bootstrap, also of `by: bmlmi`.")
    seed: int = Field(1, ge=0, description="Seed of draws and of a bootstrap.")

    @model_validator(mode="after")
    def _outcomes_can_be_imputed(self) -> Imputation:
        if spatial := [word for word in self.covariance if COVARIANCES[word].spatial]:
            raise ValueError(
                f"`{spatial[0]}` looks at the day of each assessment, and a missing one has none; use another structure"
            )
        if "arm" in self.names_used():
            raise ValueError("the model has the effect of each arm at each visit; take `arm` out of `adjust`")
        for problem in self._unfit_options():
            raise ValueError(problem)
        return self

    def _says(self, name: str) -> bool:
        """Return whether an option is other than it would be unasked; a lock has every option."""
        return bool(getattr(self, name) != type(self).model_fields[name].default)

    def _unfit_options(self) -> Iterator[str]:
        """Yield what `by` has no use for, with the remedy."""
        multiple = self.by == "multiple"
        others = [*self.strategies.values(), *(branch.strategy for branch in self.branches.values())]
        if self.retrieved != "no" and {self.strategy, *others} != {"mar"}:
            yield "`retrieved` imputes as retrieved outcomes are, under `strategy: mar`; remove the other strategies"
        if self.retrieved != "no" and self.by == "bmlmi":
            yield "`by: bmlmi` takes no `retrieved`; use `by: multiple` or `by: conditional_mean`"
        for name in ("draws", "imputations", "monte_carlo_error", "values", "step", "analyse"):
            if self._says(name) and not multiple:
                yield f"`{name}` is of `by: multiple`; remove it, or write `by: multiple`"
        if self.by != "conditional_mean" and self._says("standard_error"):
            yield f"`standard_error` is of `by: conditional_mean`; remove it, or remove `by: {self.by}`"
        if self.by != "conditional_mean" and self.averaging != "counterfactual":
            yield f"means of `by: {self.by}` are over all participants; remove `averaging`"
        if self.by == "bmlmi" and (self.deltas.add or self.deltas.multiply):
            yield "`by: bmlmi` takes no `deltas`; use `by: multiple` or `by: conditional_mean`"
        if self.values == "steps" and (self.draws != "bayes" or self.by_arm or self.covariance != ("us",)):
            yield (
                "scores on steps are drawn from their posterior with one unstructured covariance; remove `draws`, "
                "`by_arm` and `covariance`, or write `values: normal`"
            )

    def summary_problem(self, summary: Summary) -> tuple[str, str] | None:
        """Return that proportions and levels of imputed outcomes need imputed data sets."""
        if summary == "difference_in_means" or self.by == "multiple":
            return None
        what = "levels" if summary in ("cumulative_odds_ratio", "win_odds") else "proportions"
        return "by", f"{what} are counted in imputed data sets; write `by: multiple`"

    @property
    def varying(self) -> tuple[str, ...]:
        """Columns of the imputation model that change over the visits."""
        return {"no": (), "since_event": (SINCE,), "by_visit": (AFTER,)}[self.retrieved]

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, every `adjust` term as written, and that of events before."""
        over = len(visits) > 1
        terms = ["arm * visit", *self.adjust] if over else AdjustedAnalysis.terms(self, visits)
        return [*terms, *(f"{name} * arm" + (" * visit" if over and name == AFTER else "") for name in self.varying)]

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients of a visit and the first structure need."""
        return coefficients + (visits if COVARIANCES[self.covariance[0]].each_visit else 1)
