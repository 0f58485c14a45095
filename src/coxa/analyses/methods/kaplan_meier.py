"""Curves of Kaplan and Meier: shares with an event at each visit, restricted mean times, and the log-rank test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods.method import Method, Telling, Words
from coxa.analyses.methods.times import COMPETING, EVENT, horizon, risks, rows_at, tested_row, until_words
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates, restricted_difference, restricted_time, survival_difference
from coxa.estimates.risk_rows import with_test
from coxa.models import adjusted_log_rank, log_rank
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis

OTHERS = "others had an event that prevents this one and count as censored: model competing_risks has their share"
"""What is said where competing events are counted as censored."""


class KaplanMeierMethod(Method):
    """Shares with the event, restricted means and their differences, up to each visit of the estimand."""

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the numbers of each arm, their differences, and the log-rank test, at each visit."""
        for visit in planned.visits:
            rows = rows_at(planned, dataset, visit)
            warning = OTHERS if rows["status"].eq(COMPETING).any() else ""
            alone = rows.assign(status=rows["status"].where(rows["status"] == EVENT, 0))
            yield Estimates.of({**row, "warning": row["warning"] or warning} for row in risks(planned, alone, visit))
            found = [
                *_means(planned, alone, visit),
                *_differences(planned, alone, visit),
                *_tests(planned, alone, visit),
                *_adjusted(planned, alone, visit),
            ]
            yield Estimates.of({"conf_level": planned.analysis.conf_level, "warning": warning, **row} for row in found)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the comparison is called."""
        return Words(
            title="Curves of Kaplan and Meier, not adjusted",
            cites=(
                "kaplan_meier",
                "log-rank",
                *(["adjusted-log-rank"] * bool(planned.analysis.option("adjusted_test"))),
            ),
            ddf=None,
            missing="Participants without the event count until observation of them ended.",
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how curves were compared."""
        planned, cite = telling.planned, telling.cite
        yield (
            f"Curves of {planned.variable} are those of Kaplan and Meier{cite('kaplan_meier')} with Greenwood's "
            "variance and limits on the scale of log(-log). Shares with the event and restricted mean times were "
            f"compared {until_words(planned)}; limits of differences of shares add up, as squares, the distances of "
            "the limits of the two shares, and those of restricted means are normal."
        )
        strata = planned.analysis.option("strata")
        within = f", within levels of {_labels(planned, strata)}" if strata else ""
        yield f"Curves as a whole were compared by the log-rank test{cite('log-rank')}{within}."
        if adjusting := planned.analysis.option("adjusted_test"):
            yield (
                f"A second log-rank test of each comparison was adjusted for {_labels(planned, adjusting)}"
                f"{cite('adjusted-log-rank')}{within}: what they tell of each participant's score, by least squares in "
                f"each {planned.study.words.arm}, is taken off. Its hazard ratio is the one at which the adjusted "
                "score is zero, of all participants and not at given covariates."
            )


def _means(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the restricted mean time of each arm; an arm that is not followed until the visit has none."""
    for arm in planned.study.arm_order:
        mine = rows[rows["arm"] == arm]
        if mine.empty:
            continue
        row: dict[str, Any] = {"term": "restricted_mean", "arm": arm, "visit": visit}
        row |= {"n_participants": len(mine), "n_observations": len(mine), "method": "area under the curve, in days"}
        try:
            mean = restricted_time(
                mine["time"], mine["status"], horizon(planned, visit), conf_level=planned.analysis.conf_level
            )
        except FitError as error:
            yield {**row, "warning": error.message}
            continue
        yield {
            **row,
            "estimate": mean.estimate,
            "std_error": mean.se,
            "conf_low": mean.conf_low,
            "conf_high": mean.conf_high,
        }


def _differences(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield differences of shares with the event and of restricted means, each compared arm less the comparator.

    Raises
    ------
    FitError
        The difference that the estimand asks for cannot be estimated.
    """
    level, day = planned.analysis.conf_level, horizon(planned, visit)
    for arm in planned.compare:
        both = rows[rows["arm"].isin([arm, planned.against])]
        treated = (both["arm"] == arm).astype(int)
        row: dict[str, Any] = {"arm": arm, "reference": planned.against, "visit": visit}
        row |= {"n_participants": len(both), "n_observations": len(both)}
        try:
            share = survival_difference(both["time"], both["status"], treated, day, conf_level=level)
            yield {
                **row,
                "term": "risk_difference",
                "estimate": -share.estimate,
                "std_error": share.se,
                "p_value": share.p_value,
                "conf_low": -share.conf_high,
                "conf_high": -share.conf_low,
                "method": f"difference of shares with the event; {share.method}",
            }
        except FitError:
            if planned.effect.term == "risk_difference":
                raise
        try:
            mean = restricted_difference(both["time"], both["status"], treated, day, conf_level=level)
            yield {
                **row,
                "term": "difference_in_restricted_means",
                "estimate": mean.estimate,
                "std_error": mean.se,
                "statistic": mean.estimate / mean.se,
                "p_value": mean.p_value,
                "conf_low": mean.conf_low,
                "conf_high": mean.conf_high,
                "method": f"difference of restricted mean times up to day {day:g}; normal limits",
            }
        except FitError:
            if planned.effect.term == "difference_in_restricted_means":
                raise


def _tests(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the log-rank test of the arms of the comparison; none where no event happened."""
    both = rows[rows["arm"].isin(planned.arms)]
    strata = list(planned.analysis.option("strata"))
    both = both.dropna(subset=strata)
    codes = both.groupby(strata, observed=True).ngroup().to_numpy() if strata else None
    try:
        test = log_rank(both["time"], both["status"], both["arm"].astype(str), strata=codes)
    except FitError:
        return
    yield dict(tested_row(test, visit, len(both), "log-rank test" + (" in strata" if strata else "")))


def _adjusted(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the adjusted log-rank test of each comparison, and its hazard ratio; none where no event happened."""
    adjusting, strata = list(planned.analysis.option("adjusted_test")), list(planned.analysis.option("strata"))
    for arm in planned.compare if adjusting else ():
        both = rows[rows["arm"].isin([arm, planned.against])].dropna(subset=[*adjusting, *strata])
        treated = (both["arm"] == arm).astype(int)
        codes = both.groupby(strata, observed=True).ngroup().to_numpy() if strata else None
        covariates = pd.get_dummies(both[adjusting], drop_first=True).astype(float)
        try:
            test = adjusted_log_rank(both["time"], both["status"], treated, covariates, strata=codes)
        except FitError:
            continue
        within = " in strata" if strata else ""
        name = f"log-rank test{within} adjusted for {_labels(planned, adjusting)}"
        pair = {"arm": arm, "reference": planned.against, "visit": visit}
        people = {"n_participants": test.n, "n_observations": test.n}
        tested = {"statistic": test.statistic**2, "p_value": test.p_value}
        yield {**pair, **people, **tested, "term": "joint_test", "df": 1.0, "method": f"{name}, chi-square"}
        if np.isfinite(test.log_hazard_ratio):
            ratio = with_test(test.log_hazard_ratio, test.std_error, planned.analysis.conf_level, shown=np.exp)
            yield {**pair, **people, **ratio, "term": "hazard_ratio", "method": f"of the {name}"}


def _labels(planned: PlannedAnalysis, names: Sequence[str]) -> str:
    return join_words([mid_sentence(planned.study.label("covariates", name)) for name in names])


METHOD = KaplanMeierMethod()
