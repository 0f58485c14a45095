"""How alike groups became that were not randomised, and how far the answer could be moved by what is not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.analyses.groups import (
    ESTIMATORS,
    Pair,
    called,
    comparisons_of,
    confounder_label,
    in_plan_order,
    naive_at,
    outcome_options,
    pair_at,
    people_at,
)
from coxa.analyses.rows import AnalysisRows
from coxa.causal import (
    Comparison,
    EValue,
    Matched,
    SeveralGroups,
    Unmeasured,
    Weights,
    balancing_weights,
    e_value,
    unmeasured_confounding,
    weights_of_groups,
)
from coxa.causal.explained_away import EScale
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.findings import Finding
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.target_trial import emulated

RATIOS: Mapping[str, tuple[EScale, ...]] = {
    "binary": ("risk_ratio",),
    "count": ("rate_ratio",),
    "time": ("hazard_ratio", "risk_ratio"),
}
"""Kind of an endpoint -> the ratios that its E-value is of, the first that an analysis has."""


@dataclass(frozen=True, slots=True)
class Comparability:
    """One comparison without randomisation, with all that a reader needs in order to believe it or not.

    arm, visit : who is compared with the comparator, and when
    pair       : the participants
    comparison : estimates, weights and balance
    naive      : the same comparison of the groups as they are; empty of times
    score      : (n,) propensity of each participant, also where weights are made in another way
    everyone   : the participants of all groups, where several are compared together
    scores     : (n, k) probability of each group of each of them; empty where two groups are compared
    e_value    : None where the estimate has no ratio
    unmeasured : of differences of means; None of others
    """

    planned: PlannedAnalysis = field(repr=False)
    arm: str
    visit: str
    pair: Pair = field(repr=False)
    comparison: Comparison = field(repr=False)
    naive: Estimates = field(repr=False)
    score: np.ndarray = field(repr=False)
    everyone: Pair | None = field(repr=False)
    scores: np.ndarray = field(repr=False)
    e_value: EValue | None
    unmeasured: Unmeasured | None = field(repr=False)

    @property
    def weights(self) -> Weights:
        """The weights of the participants."""
        return self.comparison.weights

    @property
    def matched(self) -> Matched | None:
        """The pairs, where groups were matched."""
        return self.comparison.matched

    @property
    def way(self) -> str:
        """What made the groups alike: "weighting" or "matching"."""
        return "weighting" if self.matched is None else "matching"

    @property
    def weights_count(self) -> bool:
        """Whether the weights are in the answer; a standardised one has them for the table of balance alone."""
        analysis = self.planned.analysis
        return (ESTIMATORS.get(analysis.model) or analysis.option("estimator")) != "g_computation"

    @property
    def asked(self) -> pd.Series:
        """The row of the estimates that the estimand asks for."""
        return self.row(self.planned.effect.term)

    def row(self, term: str, *, naive: bool = False) -> pd.Series:
        """Return the comparison of a kind; the naive one of the groups as they are."""
        frame = (self.naive if naive else self.comparison.estimates).frame
        found = frame[(frame["term"] == term) & (frame["reference"] != "")]
        if found.empty:
            raise FitError(f"analysis {self.planned.name} has no {term}", ["Ask for a difference."])
        return found.iloc[0]

    def label(self, confounder: str) -> str:
        """Return what a column of the balance table is called: "Severity: severe"."""
        name, _, level = confounder.partition("=")
        label = confounder_label(self.planned, name)
        label = label[:1].upper() + label[1:]
        covariate = self.planned.study.covariates.get(name)
        return f"{label}: {covariate.level_labels().get(level, level)}" if level and covariate else label


def comparabilities(planned: PlannedAnalysis, dataset: AnalysisRows, fits: Sequence[AnyFit]) -> Iterator[Comparability]:
    """Yield each comparison of an analysis that ran, visit by visit.

    Raises
    ------
    FitError
        The groups have no overlap, or too few outcomes.
    """
    for fit in fits:
        visit = str(fit.sample.visits[0])
        for arm, comparison in comparisons_of(fit).items():
            pair = pair_at(planned, dataset, arm, visit)
            naive = naive_at(planned, dataset, arm, visit)
            score = comparison.weights.score
            if score is None:
                score = balancing_weights(
                    pair.rows, group="arm", treated=arm, confounders=pair.confounders, target="ATO"
                ).score
            assert score is not None
            everyone = people_at(planned, dataset, planned.arms, visit) if comparison.together else None
            scores = _scores(comparison, everyone)
            yield Comparability(
                planned, arm, visit, pair, comparison, naive, score, everyone, scores,
                _e_value(planned, pair, comparison), _unmeasured(planned, pair, comparison, arm),
            )  # fmt: skip


def _scores(comparison: Comparison, everyone: Pair | None) -> np.ndarray:
    """Return the probabilities of several groups, also where weights are made in another way."""
    if comparison.together is None or everyone is None:
        return np.empty((0, 0))
    score = comparison.together.weights.score
    if score is None:
        rows, names = everyone.rows, comparison.together.weights.names
        rows = rows.assign(arm=pd.Categorical(rows["arm"], names))
        score = weights_of_groups(rows, group="arm", confounders=everyone.confounders, target="ATO").score
    assert score is not None
    return score


def _compared_row(comparison: Comparison, term: str) -> pd.Series | None:
    rows = comparison.estimates.frame
    found = rows[(rows["term"] == term) & (rows["reference"] != "")]
    return None if found.empty else found.iloc[0]


def _e_value(planned: PlannedAnalysis, pair: Pair, comparison: Comparison) -> EValue | None:
    """Return the E-value of a ratio, or of a difference in standard deviations of the outcome within groups."""
    if planned.kind == "mean":
        row = _compared_row(comparison, "difference")
        within = pair.rows.groupby("arm")[planned.response].var(ddof=1).mean()
        if row is None or not within > 0:
            return None
        numbers = [float(row[name]) / float(np.sqrt(within)) for name in ("estimate", "conf_low", "conf_high")]
        return e_value(numbers[0], numbers[1], numbers[2], scale="standardised_difference")
    for scale in RATIOS[planned.kind]:
        row = _compared_row(comparison, scale)
        if row is not None and row["conf_low"] > 0:
            return e_value(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]), scale=scale)
    return None


def _unmeasured(planned: PlannedAnalysis, pair: Pair, comparison: Comparison, arm: str) -> Unmeasured | None:
    row = _compared_row(comparison, "difference") if planned.kind == "mean" else None
    if row is None:
        return None
    known = pair.rows[pair.rows[planned.response].notna()].reset_index(drop=True)
    try:
        return unmeasured_confounding(
            known, outcome=planned.response, group="arm", treated=arm, confounders=pair.confounders,
            estimate=float(row["estimate"]), low=float(row["conf_low"]), high=float(row["conf_high"]),
        )  # fmt: skip
    except FitError:
        return None


def negative_control(one: Comparability, values: pd.Series) -> Comparison:
    """Compare an outcome that the treatment cannot change, in the same way as the outcome of an analysis.

    Parameters
    ----------
    one
        The comparison whose bias is looked for.
    values
        Of the control outcome at the visit, by participant.

    Raises
    ------
    FitError
        There are too few values.
    """
    people = one.everyone or one.pair
    rows = people.rows.assign(control_=people.rows["participant_id"].map(values).astype(float))
    options = {**outcome_options(one.planned), "outcome": "control_", "kind": "mean", "confounders": people.confounders}
    function = called(one.planned)
    if one.everyone is not None:
        whole: SeveralGroups = function(in_plan_order(one.planned, rows), against=one.planned.against, **options)
        return whole.pair(one.arm)
    found: Comparison = function(rows, treated=one.arm, **options)
    return found


def unbalanced_words(one: Comparability) -> str | None:
    """Say which confounders are still apart after weighting; None where none is, or where weights are not used."""
    study, together = one.planned.study, one.comparison.together
    rows = (one.comparison if together is None else together).balance.unbalanced
    if rows.empty or not one.weights_count:
        return None
    if together is not None:
        named = join_words([f"{one.label(str(row.confounder))} ({row.after:.2f})" for row in rows.itertuples()])
        return (
            f"The {len(together.weights.names)} {study.words.arms} differ after {one.way} by standardised differences "
            f"of two {study.words.arms} over {together.balance.bound:g}: {named}"
        )
    named = join_words([f"{one.label(str(row.confounder))} ({row.after:.2f})" for row in rows.itertuples()])
    return (
        f"{study.label('arms', one.arm)} and {study.label('arms', one.planned.against)} differ after {one.way} by "
        f"standardised differences over {one.comparison.balance.bound:g}: {named}"
    )


def comparability_findings(
    study: ComparativeStudy, datasets: Mapping[str, AnalysisRows], fits: Mapping[str, Sequence[AnyFit]]
) -> Iterator[Finding]:
    """Yield a warning for each comparison of the plan whose groups are still apart after weighting."""
    for planned in study.planned_analyses:
        if not emulated(planned):
            continue
        try:
            found = list(comparabilities(planned, datasets[planned.estimand_name], fits.get(planned.name, ())))
        except FitError:
            continue  # the analysis has no numbers, and a finding says so
        for text in dict.fromkeys(filter(None, map(unbalanced_words, found))):
            at = ("analyses", planned.name)
            origin = study.origin
            yield Finding(
                "warning",
                origin.name if origin else "plan",
                text,
                "Use overlap weights (`estimand: ATO`) or `method: entropy`, or restrict eligibility to people who "
                "could have been in either group.",
                row=origin.line(*at) if origin else None,
                field=".".join(at),
            )
