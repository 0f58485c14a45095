"""Cox's model of the time to an event up to each visit; grouped hazards where events are known at visits only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.clusters import observed_shares
from coxa.analyses.methods.cox_in_time import HAPPENED, call_in_time, in_time_rows
from coxa.analyses.methods.method import Telling, Together, Words
from coxa.analyses.methods.times import (
    EVENT,
    TimesMethod,
    compared_rows,
    ratios,
    recorded,
    risks,
    rows_at,
    run_of,
    selected,
    terms_of,
    until_words,
)
from coxa.analyses.regression import Regression, is_plain
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.models import fit_cox, fit_grouped_hazards, spans_of_times
from coxa.models.design.matrix import Design
from coxa.models.design.rows import check_cells
from coxa.models.results.run import AnyFit, ModelRun
from coxa.models.survival.cox import fit_cox_arrays
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.cox_rows import labels_of, without_intercept
from coxa.models.survival.grouped import KNOWN_AT_VISITS
from coxa.models.survival.proportional import p_value_of_term
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.events import EventOutcome
from coxa.study.wording import factor_words

NOT_PROPORTIONAL = 0.05
"""P-value of the test of proportional hazards of the arms below which a hazard ratio has a warning."""


class CoxMethod(TimesMethod):
    """Hazard ratios of the arms, with the share of each arm that had the event by the visit."""

    def run(self, planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, subgroup: str | None) -> ModelRun:
        """Fit Cox's model, or grouped hazards where the days of events are those of visits."""
        analysis = planned.analysis
        if known_at_visits(planned):
            check_alone(planned)
            return grouped_run(planned, rows, visit, subgroup)
        rows = rows.assign(happened=rows["status"].eq(EVENT).astype(int))
        fit = fit_cox(
            terms_of(planned, subgroup),
            rows,
            time="time",
            event="happened",
            strata=analysis.option("strata") or None,
            ties=analysis.option("ties"),
            cluster=analysis.option("cluster"),
            correction="leverage" if analysis.option("cluster") else "none",
        )
        robust = f"; robust over {fit.clusters} clusters" if analysis.option("cluster") else ""
        method = f"Cox's model, ties by {analysis.option('ties').capitalize()}; {fit.n_events} events{robust}"
        run = recorded(planned, fit, rows, visit, selected(visit, HAPPENED), method)
        return run if subgroup else replace(run, warnings=(*run.warnings, *not_proportional(fit)))

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the share of each arm with the event, and hazard ratios, at each visit of the estimand."""
        for fit in fits:
            visit = str(run_of(fit).sample.visits[0])
            shares = risks(planned, rows_at(planned, dataset, visit), visit)
            yield observed_shares(planned.analysis, Estimates.of(shares))
            yield from self.compared(planned, [fit], dataset)
            if planned.analysis.option("split_at"):
                yield Estimates.of(in_time_rows(planned, rows_at(planned, dataset, visit), visit))

    def recorded_call(self, planned: PlannedAnalysis, fit: AnyFit) -> str:
        """Return the call of the model; with `split_at`, of both models, one after the other."""
        in_time = call_in_time(planned, fit)
        return run_of(fit).spec.call() if in_time is None else f"({run_of(fit).spec.call()}, {in_time})"

    def compared(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the hazard ratios."""
        for fit in fits:
            yield Estimates.of(compared_rows(planned, run_of(fit), "hazard_ratio"))

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that designs of many trials are made together, unless events are of visits or clusters are planned."""
        alone = known_at_visits(planned) or planned.analysis.option("cluster") is not None
        return "regression" if is_plain(planned) and not alone else None

    def regression(self, planned: PlannedAnalysis) -> Regression:
        """Return the model up to a visit, and its hazard ratios."""
        strata = tuple(planned.analysis.option("strata") or ())

        def numbers(design: Design, rows: pd.DataFrame) -> list[dict[str, Any]]:
            used = rows if design.complete.all() else rows[design.complete]
            check_cells(design)
            x, names, _ = without_intercept(design)
            fit = fit_cox_arrays(
                design.y,
                used["status"].to_numpy() == EVENT,
                pd.DataFrame(x, columns=list(names)),
                strata=labels_of(used, strata) if strata else None,
                ties=planned.analysis.option("ties"),
            )
            return list(ratios(planned, replace(fit, design=design), "hazard_ratio"))

        return Regression(
            f"time ~ {terms_of(planned)}",
            ("status", *strata),
            lambda rows: rows[rows[planned.response].notna()].reset_index(drop=True),
            numbers,
        )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the model is called."""
        missing = "Participants without the event count until observation of them ended."
        if known_at_visits(planned):
            return Words(title="Grouped proportional hazards", cites=("grouped-hazards",), ddf=None, missing=missing)
        ties = ("efron",) if planned.analysis.option("ties") == "efron" else ()
        robust = ("lin-wei", "leverage") if planned.analysis.option("cluster") else ()
        in_time = ("andersen-gill",) if planned.analysis.option("split_at") else ()
        cites = ("cox", *ties, *robust, *in_time, "proportional-hazards")
        return Words(title="Cox's model of proportional hazards", cites=cites, ddf=None, missing=missing)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, its ties and strata, and how proportional hazards were checked."""
        planned, cite = telling.planned, telling.cite
        for formula in telling.formulas():
            terms = telling.terms(formula)
            if known_at_visits(planned):
                yield f"{KNOWN_AT_VISITS.removesuffix('.')}{cite('grouped-hazards')}."
                yield f"Terms: {terms}, and each interval between visits {until_words(planned)}."
                continue
            ties = planned.analysis.option("ties").capitalize()
            mark = cite("efron") if ties == "Efron" else ""
            yield (
                f"Hazard ratios are those of Cox's model{cite('cox')} of {planned.variable} {until_words(planned)}, "
                f"with ties by {ties}{mark}; terms: {terms}."
            )
            if strata := planned.analysis.option("strata"):
                names = ", ".join(mid_sentence(planned.study.label("covariates", name)) for name in strata)
                yield f"Levels of {names} had a baseline hazard each."
            if cluster := planned.analysis.option("cluster"):
                levels = factor_words(planned.study, cluster)
                yield (
                    f"Standard errors are robust over the levels of {levels}{cite('lin-wei')}, corrected for their "
                    f"number by the leverage of each{cite('leverage')}, with Satterthwaite's degrees of freedom; "
                    "shares of the arms have no interval, because those of Kaplan and Meier take participants as "
                    "independent."
                )
            if planned.analysis.option("split_at"):
                yield in_time_words(planned, cite("andersen-gill"))
            yield (
                "Whether hazards were proportional was tested by the score test of Grambsch and Therneau"
                f"{cite('proportional-hazards')} with full information."
            )


def in_time_words(planned: PlannedAnalysis, cite: str) -> str:
    """Say what ratios in parts of follow-up are of."""
    days = [f"{day:g}" for day in planned.analysis.option("split_at")]
    randomised = ", and only those of the first part are as randomised" if planned.study.words.allocates else ""
    return (
        f"In a second model the hazard ratio could change after {'day' if len(days) == 1 else 'days'} "
        f"{join_words(days)}: follow-up was split into rows there{cite}, the other terms were the same in all parts, "
        "and Wald's chi-square tested whether the ratios were alike. Ratios of a part are of the participants who had "
        f"no event before it{randomised}."
    )


def not_proportional(fit: CoxFit) -> tuple[str, ...]:
    """Say that the hazards of the arms are not proportional."""
    p_value = p_value_of_term(fit, "arm")
    if p_value >= NOT_PROPORTIONAL:
        return ()
    return (f"the hazards of the arms are not proportional (p = {p_value:.2g}): read the ratio with the curves",)


def known_at_visits(planned: PlannedAnalysis) -> bool:
    """Return whether the day of an event is that of the visit at which it was asked for."""
    return isinstance(planned.outcome, EventOutcome) and planned.outcome.known_at_visits


def check_alone(planned: PlannedAnalysis) -> None:
    """Raise FitError where hazards grouped by visits would have what they have not: clusters, or parts of follow-up."""
    if planned.analysis.option("split_at"):
        raise FitError(
            f"analysis {planned.name}: events of {planned.variable} are known at visits only, and grouped hazards are "
            "not split on other days",
            ("Take `split_at` out.",),
        )
    if cluster := planned.analysis.option("cluster"):
        raise FitError(
            f"analysis {planned.name}: events of {planned.variable} are known at visits only, and grouped hazards have "
            f"no standard errors over {cluster}",
            ("Take `cluster` out.", "Analyse whether the event had happened, with `model: gee` and `cluster`."),
        )


def grouped_run(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, subgroup: str | None) -> ModelRun:
    """Fit grouped hazards to the intervals between visits up to one of them."""
    visits = [name for name in planned.study.post_visits if planned.study.visits[name].day <= _day(planned, visit)]
    days = [_day(planned, name) for name in visits]
    spans = spans_of_times(rows, visits, days)
    fit = fit_grouped_hazards(terms_of(planned, subgroup), spans, visits=visits)
    method = f"grouped proportional hazards of {len(fit.intervals)} intervals; {fit.n_events} events"
    call = f"spans_of_times({selected(visit)}, {visits!r}, {days!r})"
    return recorded(planned, fit, spans, visit, call, method)


def _day(planned: PlannedAnalysis, visit: str) -> float:
    return float(planned.study.visits[visit].day)


METHOD = CoxMethod()
