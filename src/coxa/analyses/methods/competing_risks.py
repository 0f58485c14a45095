"""An event that others prevent: cumulative incidences, the subdistribution hazard, and the hazard of the cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from coxa.analyses.methods.cox import HAPPENED
from coxa.analyses.methods.method import Telling, Words
from coxa.analyses.methods.times import (
    EVENT,
    TimesMethod,
    compared_rows,
    horizon,
    recorded,
    risks,
    rows_at,
    run_of,
    selected,
    terms_of,
    tested_row,
    until_words,
)
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates, incidence_difference
from coxa.models import fit_cox, fit_subdistribution, gray_test
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis

CAUSE = "hazard ratio of this cause, among those who are still at risk; it is not of the shares"
"""What is said of the hazard ratio of a cause."""


class CompetingRisksMethod(TimesMethod):
    """Shares by Aalen and Johansen, their differences, Gray's test, and both kinds of hazard ratio."""

    def run(self, planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, subgroup: str | None) -> ModelRun:
        """Fit the model of Fine and Gray."""
        rows = rows.assign(status=rows["status"].astype(int))
        fit = fit_subdistribution(
            terms_of(planned, subgroup),
            rows,
            time="time",
            cause="status",
            of=EVENT,
            strata=strata_of(planned) or None,
            variance=planned.analysis.option("variance"),
        )
        method = f"subdistribution hazard (Fine and Gray); {fit.n_events} events"
        return recorded(planned, fit, rows, visit, selected(visit), method)

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model of Fine and Gray up to each visit, and then Cox's model of the cause."""
        yield from TimesMethod.fits(self, planned, dataset, subgroup)
        if subgroup is None:
            for visit in planned.visits:
                yield cause_specific(planned, rows_at(planned, dataset, visit), visit)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield shares, differences, Gray's test and hazard ratios at each visit of the estimand."""
        for visit in planned.visits:
            rows = rows_at(planned, dataset, visit)
            yield Estimates.of(risks(planned, rows, visit))
            yield Estimates.of([*_differences(planned, rows, visit), *_tests(planned, rows, visit)])
        half = len(planned.visits)
        for place, fit in enumerate(fits):
            if place < half:
                yield Estimates.of(compared_rows(planned, run_of(fit), "subdistribution_hazard_ratio"))
            else:
                yield Estimates.of(compared_rows(planned, run_of(fit), "hazard_ratio", warning=CAUSE))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        return Words(
            title="Cumulative incidence with competing events; model of Fine and Gray",
            cites=("aalen-johansen", "gray", "fine-gray", "cox"),
            ddf=None,
            missing="Participants without an event count until observation of them ended.",
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield what competes, and how shares and hazards were compared."""
        planned, cite, study = telling.planned, telling.cite, telling.planned.study
        others = [study.outcome_part(name).label or name for name in planned.outcome.competing]  # type: ignore[union-attr]
        names = [mid_sentence(name) for name in others]
        after = f"After {join_words(names, 'or')} it can no longer happen. " if names else ""
        event = mid_sentence(planned.outcome_label)
        within = f", within levels of {names_of(planned)}" if strata_of(planned) else ""
        yield (
            f"{after}Shares with {event} {until_words(planned)} are cumulative incidences{cite('aalen-johansen')}, "
            f"with limits on the scale of log(-log), and were compared by Gray's test{cite('gray')}{within}."
        )
        terms = telling.terms(next(iter(telling.formulas())))
        yield (
            "The ratio of subdistribution hazards, which has the direction of the cumulative incidences, is that of "
            f"Fine and Gray{cite('fine-gray')}; the ratio of hazards of the cause among those still at risk is that of "
            f"Cox's model{cite('cox')}; terms of both: {terms}."
        )
        if within:
            yield f"Levels of {names_of(planned)} had a baseline of both hazards each, and their own censoring."


def strata_of(planned: PlannedAnalysis) -> tuple[str, ...]:
    """Return the covariates within whose levels arms are compared."""
    return tuple(planned.analysis.option("strata"))


def names_of(planned: PlannedAnalysis) -> str:
    """Return what the covariates of the strata are called."""
    return join_words([mid_sentence(planned.study.label("covariates", name)) for name in strata_of(planned)])


def cause_specific(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> ModelRun:
    """Return Cox's model of the hazard of the cause: other events end the time at risk."""
    rows = rows.assign(happened=rows["status"].eq(EVENT).astype(int))
    fit = fit_cox(terms_of(planned), rows, time="time", event="happened", strata=strata_of(planned) or None)
    method = f"hazard of this cause (Cox); {fit.n_events} events"
    return recorded(planned, fit, rows, visit, selected(visit, HAPPENED), method)


def _differences(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield differences of cumulative incidences, each compared arm less the comparator."""
    level = planned.analysis.conf_level
    for arm in planned.compare:
        both = rows[rows["arm"].isin([arm, planned.against])]
        treated = (both["arm"] == arm).astype(int)
        try:
            found = incidence_difference(
                both["time"], both["status"].astype(int), treated, horizon(planned, visit), of=EVENT, conf_level=level
            )
        except FitError:
            if planned.effect.term == "risk_difference":
                raise
            continue
        yield {
            "term": "risk_difference",
            "arm": arm,
            "reference": planned.against,
            "visit": visit,
            "estimate": found.estimate,
            "std_error": found.se,
            "p_value": found.p_value,
            "conf_low": found.conf_low,
            "conf_high": found.conf_high,
            "conf_level": level,
            "n_participants": len(both),
            "n_observations": len(both),
            "method": f"difference of cumulative incidences; {found.method}",
        }


def _tests(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield Gray's test of the arms of the comparison."""
    strata = list(strata_of(planned))
    both = rows[rows["arm"].isin(planned.arms)].dropna(subset=strata)
    codes = both.groupby(strata, observed=True).ngroup().to_numpy() if strata else None
    try:
        test = gray_test(both["time"], both["status"].astype(int), both["arm"].astype(str), of=EVENT, strata=codes)
    except FitError:
        return
    yield dict(tested_row(test, visit, len(both), "Gray's test" + (" in strata" if strata else "")))


METHOD = CompetingRisksMethod()
