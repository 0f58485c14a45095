"""Events that come again: rates from the days of all events, with a variance robust by participant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.analyses.methods.method import Telling, Words
from coxa.analyses.methods.times import (
    TimesMethod,
    compared_rows,
    recorded,
    rows_at,
    run_of,
    selected,
    terms_of,
    until_words,
)
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates
from coxa.estimates.risk_rows import SPREAD_UNKNOWN, known_spread
from coxa.models import fit_recurrent, rows_at_risk
from coxa.models.results.run import AnyFit, ModelRun
from coxa.models.survival.recurrent import FEW_LATER
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis

NAMES = {
    "lwyy": "rates of events, variance robust by participant (Lin, Wei, Yang and Ying)",
    "andersen-gill": "rates of events, events of a participant as independent (Andersen and Gill)",
    "pwp-total": "events by their number in total time (Prentice, Williams and Peterson)",
    "pwp-gap": "events by their number in gap time (Prentice, Williams and Peterson)",
}
"""Method -> what it is, in words."""

AMONG = "later events are compared among participants who had the ones before"
"""What is said of hazard ratios of events by their number."""

ORDERED = ("pwp-total", "pwp-gap")
"""Methods that compare events by their number."""


class RecurrentMethod(TimesMethod):
    """Rates of each arm, and their ratio."""

    term = "rate_ratio"

    def run(self, planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, subgroup: str | None) -> ModelRun:
        """Fit the model of rates."""
        return self._run(planned, rows, visit, subgroup, "lwyy" if is_robust(planned) else "andersen-gill")

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model of rates up to each visit, and then those of events by their number."""
        yield from TimesMethod.fits(self, planned, dataset, subgroup)
        for method in planned.analysis.option("ordered") if subgroup is None else ():
            for visit in planned.visits:
                yield self._run(planned, rows_at(planned, dataset, visit), visit, subgroup, method)

    def _run(
        self, planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, subgroup: str | None, method: str
    ) -> ModelRun:
        at_risk, ties = rows_at_risk(rows), planned.analysis.option("ties")
        most = most_numbered(at_risk) if method in ORDERED else None
        at_risk = at_risk if most is None else at_risk[at_risk["number"] <= most]
        terms = terms_of(planned, subgroup)
        correction = "leverage" if is_corrected(planned) else "none"
        fit = fit_recurrent(
            terms,
            at_risk,
            method=method,  # type: ignore[arg-type]
            ties=ties,
            most_events=most,
            correction=correction,  # type: ignore[arg-type]
        )
        only = "" if most is None else f"; of the first {most}, which {FEW_LATER} or more had"
        said = f"{NAMES[method]}{only}; {fit.n_events} events"
        return recorded(planned, fit, at_risk, visit, f"rows_at_risk({selected(visit)})", said)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the rate of each arm and their ratios; hazard ratios of events by their number where asked for."""
        half = len(planned.visits)
        for place, fit in enumerate(fits):
            run = run_of(fit)
            visit = str(run.sample.visits[0])
            if place < half:
                yield Estimates.of(arm_rates(planned, rows_at(planned, dataset, visit), visit))
                yield Estimates.of(compared_rows(planned, run, "rate_ratio"))
            else:
                yield Estimates.of(
                    compared_rows(planned, run, "hazard_ratio", warning=f"{run.method}; {among(planned)}")
                )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the model is called."""
        corrected = ("leverage",) if is_corrected(planned) else ()
        ordered = ("pwp",) if planned.analysis.option("ordered") else ()
        return Words(
            title="Rates of events that may come again",
            cites=("lwyy" if is_robust(planned) else "andersen-gill", *corrected, *ordered),
            ddf=None,
            missing="Participants count until observation of them ended.",
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how rates were compared."""
        planned, cite = telling.planned, telling.cite
        terms = telling.terms(next(iter(telling.formulas())))
        if is_robust(planned):
            corrected = (
                f", corrected for few participants{cite('leverage')}, with Satterthwaite's degrees of freedom"
                if is_corrected(planned)
                else ""
            )
            errors = f"with a variance robust by participant{cite('lwyy')}{corrected}"
        else:
            errors = f"taking the events of a participant as independent{cite('andersen-gill')}"
        yield (
            f"Rates of {mid_sentence(planned.outcome_label)} {until_words(planned)} were compared by a "
            f"proportional-rates model of the days of all events, {errors}; terms: {terms}."
        )
        if planned.analysis.option("ordered"):
            yield (
                "Hazard ratios of events by their number are those of Prentice, Williams and Peterson"
                f"{cite('pwp')}: {among(planned)}."
            )


def is_robust(planned: PlannedAnalysis) -> bool:
    """Return whether the variance is robust by participant."""
    return planned.analysis.option("variance") in ("corrected", "robust")


def is_corrected(planned: PlannedAnalysis) -> bool:
    """Return whether a robust variance is corrected for few participants."""
    return bool(planned.analysis.option("variance") == "corrected")


def among(planned: PlannedAnalysis) -> str:
    """Return among whom later events are compared, in the words of the design."""
    return f"{AMONG}, not as randomised" if planned.study.words.allocates else AMONG


def most_numbered(at_risk: pd.DataFrame) -> int:
    """Return the highest number of event that ten participants or more had, and at least 1."""
    counts = at_risk.groupby("number")["event"].sum()
    return max(1, int((counts >= FEW_LATER).cumprod().sum()))


def arm_rates(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the rate of each arm: events over days observed, with limits robust by participant on the logarithm."""
    level, unit = planned.analysis.conf_level, float(getattr(planned.outcome, "per_days", 1))
    for arm in planned.study.arm_order:
        mine = rows[rows["arm"] == arm]
        if mine.empty:
            continue
        events, days = mine["count"].to_numpy(dtype=float), mine["exposure"].to_numpy(dtype=float)
        total, observed = events.sum(), days.sum()
        row: dict[str, Any] = {"term": "rate", "arm": arm, "visit": visit, "conf_level": level}
        row |= {"n_participants": len(mine), "n_observations": len(mine)}
        row["method"] = f"{total:g} events in {observed:g} days, per {unit:g} days; limits robust by participant"
        if not observed:
            continue
        rate = total / observed
        row["estimate"] = unit * rate
        if total:
            spread = known_spread(rate, float(np.sqrt(((events - rate * days) ** 2).sum()) / total))
            row |= {"warning": SPREAD_UNKNOWN} if np.isnan(spread) else {}
            factor = float(np.exp(norm.ppf((1 + level) / 2) * spread))
            row |= {"std_error": row["estimate"] * spread}
            row |= {"conf_low": row["estimate"] / factor, "conf_high": row["estimate"] * factor}
        yield row


METHOD = RecurrentMethod()
