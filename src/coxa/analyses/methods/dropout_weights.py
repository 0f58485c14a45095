"""Means of those who stayed, weighted by the inverse probability of having stayed, plain and augmented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.impute import Dropout, analyse_augmented, analyse_weighted, fit_dropout
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.dropout_weights import DropoutWeights

TITLES = {
    "augmented": "Augmented inverse probability weights for dropout",
    "weighted": "Inverse probability weights for dropout",
}


@dataclass(frozen=True, slots=True)
class DropoutSpec:
    """The call that gives the numbers of one visit again."""

    outcome: str
    covariates: tuple[str, ...]
    visit: str
    visits: tuple[str, ...]
    estimator: str
    against: str

    def call(self) -> str:
        """Return the call of the models of dropout and of the analysis."""
        dropout = (
            f"coxa.impute.fit_dropout(data, {self.outcome!r}, {list(self.covariates)!r}, at_visit={self.visit!r}, "
            f"visits={list(self.visits)!r})"
        )
        return f"coxa.impute.analyse_{self.estimator}({dropout}, reference={self.against!r})"


class DropoutWeightsMethod(Method):
    """Models of staying in each arm, and an analysis of those who stayed, visit by visit."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[ModelRun]:
        """Yield the models of dropout up to each visit; one that the estimand does not name may fail."""
        rows, without = known_rows(planned, dataset)
        runs, left_out = [], []
        for visit in rows["visit"].cat.categories:
            try:
                runs.append(_run(planned, rows, str(visit), without))
            except FitError as error:
                if visit in planned.visits:
                    raise
                left_out.append(f"no model at {planned.study.label('visits', str(visit))}: {error.message}")
        yield from runs

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the mean of each arm and the differences that the estimand asks for, at each visit."""
        analysis = options_of(planned, DropoutWeights)
        analyse = analyse_augmented if analysis.estimator == "augmented" else analyse_weighted
        for fit in fits:
            dropout = dropout_of(fit)
            frame = analyse(dropout, reference=planned.against, conf_level=analysis.conf_level).frame
            keep = frame["reference"].eq("") | frame["arm"].isin(planned.compare)
            pairs = zip(frame["arm"].astype(str), frame["reference"].astype(str), strict=True)
            own = [[dropout.arms.index(arm) for arm in pair if arm] for pair in pairs]
            shown = frame.assign(
                n_participants=[sum(int((dropout.arm == code).sum()) for code in codes) for codes in own],
                n_observations=[
                    sum(int(dropout.present[dropout.arm == code, -1].sum()) for code in codes) for codes in own
                ],
                warning="; ".join(fit.warnings),
            )
            yield Estimates(shown[keep].reset_index(drop=True))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        estimator = options_of(planned, DropoutWeights).estimator
        return Words(
            title=TITLES[estimator],
            means="Estimated mean",
            missing="Missing outcomes: none imputed; those who stayed are weighted for those who left.",
            cites=(f"{estimator}-weights",),
            ddf=None,
        )

    def assumption(self, planned: PlannedAnalysis) -> str:
        """Return what weights assume of missing outcomes."""
        augmented = options_of(planned, DropoutWeights).estimator == "augmented"
        right = "the models of who leaves, or those of the outcome, are right" if augmented else (
            "the models of who leaves are right")  # fmt: skip
        return (
            "Those who leave have the outcomes of those who stay with the same covariates and outcomes so far; "
            f"{right}."
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the models of dropout, and what is made of their weights."""
        planned = telling.planned
        estimator, words = options_of(planned, DropoutWeights).estimator, planned.study.words
        cite = telling.cite(f"{estimator}-weights")
        yield (
            f"In each {words.arm} and at each visit the probability of having stayed was modelled by logistic "
            "regression on the covariates and the outcomes so far; with fewer than two participants lost for each "
            "column the share who stayed was used."
        )
        if estimator == "augmented":
            yield (
                f"Means of {planned.variable} are those of augmented inverse probability weights{cite}: outcomes were "
                "regressed from visit to visit on what was known before, and the regressions corrected by the weighted "
                "residuals of those who stayed. They hold where the models of dropout or those of the outcome do."
            )
        else:
            yield (
                f"Means of {planned.variable} are those of a regression on the covariates in each {words.arm}, "
                f"weighted by the inverse of that probability{cite} and averaged over all participants."
            )
        yield "Standard errors are robust, and take account of the weights' being estimated."


def covariates_of(planned: PlannedAnalysis) -> tuple[str, ...]:
    """Return the covariates of the models."""
    return tuple(name for name in planned.analysis.names_used() if name != "visit")


def known_rows(planned: PlannedAnalysis, dataset: AnalysisRows) -> tuple[pd.DataFrame, str]:
    """Return the rows at the visits with outcomes, of those with all covariates, and how many have not."""
    seen = set(dataset.analysed["visit"].astype(str))
    visits = [visit for visit in planned.model_visits if visit in seen]
    frame = dataset.frame[dataset.frame["visit"].isin(visits)]
    names = list(covariates_of(planned))
    whole = frame[names].notna().all(axis=1)
    left = frame.loc[~whole, "participant_id"].nunique()
    kept = frame[whole]
    kept = kept.assign(visit=kept["visit"].cat.remove_unused_categories())
    verb = "participant without a covariate is" if left == 1 else "participants without a covariate are"
    return kept, f"{left} {verb} left out" if left else ""


def _run(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, without: str) -> ModelRun:
    """Return the models of dropout up to a visit, with the record of who is weighted there."""
    analysis, covariates = options_of(planned, DropoutWeights), covariates_of(planned)
    visits = tuple(str(label) for label in rows["visit"].cat.categories)
    dropout = fit_dropout(rows, planned.response, covariates, at_visit=visit, visits=visits)
    spec = DropoutSpec(planned.response, covariates, visit, visits, analysis.estimator, planned.against)
    here = rows[(rows["visit"] == visit) & rows[planned.response].notna()]
    sample = Sample(
        participant_column="participant_id",
        visit_column="visit",
        participant=here["participant_id"].to_numpy(),
        visit=here["visit"].to_numpy(),
        visits=(visit,),
        left_out=here.head(0)[["participant_id", "visit"]].assign(reason="", row=0),
    )
    formula = f"{planned.response} ~ {' + '.join(covariates) or '1'}"
    warnings = (without,) if without else ()
    return ModelRun(formula, spec, sample, dropout, TITLES[analysis.estimator].lower(), warnings)


def dropout_of(fit: AnyFit) -> Dropout:
    """Return the models of dropout of a fit."""
    assert isinstance(fit, ModelRun)
    assert isinstance(fit.model, Dropout)
    return fit.model


METHOD = DropoutWeightsMethod()
