"""Measures over time: control charts of all clinics and of each, by period of intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.audit.charts.chart import ControlChart, Improvement
from coxa.audit.charts.over_time import p_chart, xmr_chart
from coxa.clinics.audit import Series
from coxa.clinics.measures.periods import Periods, first_day, last_day
from coxa.study.audit.plan import CLINIC, PERIOD, AuditPlan

ALL = "all"
"""The clinic of a series of all clinics."""

NEVER = 0.01
"""Probability of a stretch without an episode below which the data are taken not to cover it."""

RUN_METHOD = "run chart about the median, by the rules of Anhøj and Olesen"

FEWEST = 2
"""Points of a chart, at least; the chart itself warns of fewer than twelve."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measure is, over the columns of `Periods`.

    value, n    : columns: events and people of a proportion, sum and people of a mean, or a count twice
    chart       : p or xmr
    improvement : which direction is better
    target      : of the plan
    words       : what is drawn
    effect      : design effect, by whose root the limits of a proportion are wider
    counts      : whether it is a number of episodes: a period without any is 0, and one is closed when it is over
    """

    value: str
    n: str
    chart: str
    improvement: Improvement
    target: float | None
    words: str
    effect: float = 1.0
    counts: bool = False


def measures_of(plan: AuditPlan, periods: Periods) -> dict[str, Measured]:
    """Return the measures that the plan and the data have.

    Parameters
    ----------
    plan
        The plan; a share with an important improvement needs a threshold of the main outcome.
    periods
        Its data; sessions missed need sessions that were booked.
    """
    main, targets = plan.main, plan.targets
    label = plan.label("outcomes", main)
    found: dict[str, Measured] = {
        "complete": Measured(
            "of_done", "of", "p", "increase", targets.complete, "discharge questionnaires done in time, of those due"
        ),
        "change": Measured(
            f"{main} change", f"{main} in model", "xmr", "increase", None, f"mean improvement of {label}"
        ),
    }
    if f"{main} important" in periods.of_all:
        words = f"patients with an important improvement of {label}, of those with a change"
        found["important"] = Measured(
            f"{main} important", f"{main} important of", "p", "increase", targets.important, words
        )
    if periods.of_all["booked"].sum() > 0:
        found["missed"] = Measured(
            "missed", "booked", "p", "decrease", None, "sessions missed, of those booked", periods.design_effect
        )
    found["episodes"] = Measured("eligible", "eligible", "xmr", "neutral", None, "eligible episodes", counts=True)
    for name, standard in plan.standards.items():
        if standard.over_time and periods.of_all[f"{name} of"].sum() > 0:
            words = f"episodes that meet “{plan.label('standards', name)}”, of those it applies to"
            found[name] = Measured(name, f"{name} of", "p", "increase", standard.target, words)
    return found


def series_of(plan: AuditPlan, periods: Periods) -> tuple[tuple[Series, ...], Mapping[str, str]]:
    """Return the charts of all clinics and of each.

    Parameters
    ----------
    plan
        The plan of the audit: targets, and where charts are reckoned anew.
    periods
        Counts and sums of each period.

    Returns
    -------
    tuple of Series, dict
        In the order of the measures, "all" first; and measure -> why it has no chart, or not of every clinic.

    Examples
    --------
    >>> from datetime import date
    >>> from coxa.clinics.measures.periods import periods_of
    >>> from coxa.episodes import episodes_of_frame
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> days = pd.to_datetime(["2023-01-07", "2023-05-07", "2023-08-07", "2023-08-08"])
    >>> rows = pd.DataFrame({"clinic": "A", "intake_date": days, "discharge_date": days + pd.Timedelta(30, "D")})
    >>> rows = rows.assign(pain_intake=8.0, pain_discharge=[5.0, 4.0, 3.0, 6.0])
    >>> drawn, without = series_of(plan, periods_of(episodes_of_frame(plan, rows, data_cut=date(2024, 12, 31))))
    >>> next(one for one in drawn if one.measure == "change").frame["value"].tolist()
    [3.0, 4.0, 3.5]
    """
    drawn, without = [], dict(_not_measured(plan, periods))
    clinics = {str(clinic): table for clinic, table in periods.of_clinics.groupby(CLINIC, sort=True)}
    for measure, what in measures_of(plan, periods).items():
        tables = {ALL: periods.of_all, **clinics}
        charts = {clinic: _series(measure, what, clinic, table, plan, periods) for clinic, table in tables.items()}
        drawn += [one for one in charts.values() if one is not None]
        few = sum(one is None for clinic, one in charts.items() if clinic != ALL)
        unit = f"{plan.time}s"
        if charts[ALL] is None:
            without[measure] = f"A chart over time needs {FEWEST} closed {unit} with data, and there are fewer."
        elif few:
            noun = "clinic has" if few == 1 else "clinics have"
            without[measure] = f"{few} {noun} no chart over time: fewer than {FEWEST} closed {unit} with data."
    return tuple(drawn), without


def _not_measured(plan: AuditPlan, periods: Periods) -> Mapping[str, str]:
    reasons = {}
    label = plan.label("outcomes", plan.main)
    if f"{plan.main} important" not in periods.of_all:
        reasons["important"] = (
            f"The plan names no important improvement of {label}. Add `important:` with its source to the outcome."
        )
    if not periods.of_all["booked"].sum() > 0:
        reasons["missed"] = "No episode has both its sessions booked and its sessions missed."
    return reasons


def _series(
    measure: str, what: Measured, clinic: str, table: pd.DataFrame, plan: AuditPlan, periods: Periods
) -> Series | None:
    """Return one chart; None where there are too few points."""
    points, warnings = _points(what, table, periods, plan)
    if len(points) < FEWEST:
        return None
    places, notes, more = _recalculated(measure, list(points[PERIOD]), plan)
    asked = {"improvement": what.improvement, "target": what.target}
    chart = chart_of(points, what.chart, what.effect, asked, places)
    frame = pd.concat([points[[PERIOD, "n", "events"]].reset_index(drop=True), chart.frame], axis=1)
    wider = f", times {what.effect**0.5:.2f} as sessions of a patient are alike" if what.effect > 1 else ""
    standard = plan.standards.get(measure)
    run_chart = measure in plan.run_charts or (standard is not None and standard.over_time == "run_chart")
    rule = RUN_METHOD if run_chart else f"limits: {chart.method}{wider}"
    method = "; ".join([f"{what.words}, by {plan.time} of intake; {rule}", *notes])
    return Series(
        measure=measure,
        clinic=clinic,
        frame=frame,
        variation=chart.variation,
        assurance=chart.assurance,
        target=what.target,
        improvement=what.improvement,
        method=method[0].upper() + method[1:] + ".",
        warnings=(*warnings, *more, *dict.fromkeys(chart.warnings)),
        effect=what.effect,
        run_chart=run_chart,
        label=plan.label("standards", measure) if standard else "",
    )


def _points(what: Measured, table: pd.DataFrame, periods: Periods, plan: AuditPlan) -> tuple[pd.DataFrame, list[str]]:
    """Return the points of a chart (period, n, events, value), and what is left out."""
    rows = table.set_index(PERIOD)[list(dict.fromkeys((what.value, what.n)))]
    if what.counts:
        names = [name for name in periods.names if name >= rows.index.min()] if len(rows) else []
        rows = rows.reindex(names, fill_value=0)
        cut = _cut_off(periods, plan)
        left = [
            name for name in names
            if last_day(name, plan) > periods.data_cut or _begun_before(name, plan) or name in cut
        ]  # fmt: skip
        why = "is not covered as a whole"
    else:
        left = [name for name in rows.index if name in periods.open]
        why = "is left out: not all discharges are due yet"
    used = rows.drop(index=left)
    used = used if what.counts else used[used[what.n] > 0]
    points = pd.DataFrame({PERIOD: used.index, "n": used[what.n].to_numpy(), "value": used[what.value].to_numpy()})
    points["events"] = points["value"] if what.chart == "p" else float("nan")
    if not what.counts:
        points["value"] = points["value"] / points["n"]
    warnings = [_left_out(left, why)] if left else []
    gaps = _gaps(list(points[PERIOD]), periods)
    if what.value == "missed" and periods.n_wrong:
        warnings.append("Episodes with more sessions missed than booked are left out.")
    warnings += [f"No data in {_listed(gaps)}: the chart goes on without a point there."] if gaps else []
    return points, warnings


def _begun_before(name: str, plan: AuditPlan) -> bool:
    """Return whether the audit begins within a period, or ends within it."""
    starts, ends = plan.start, plan.end
    first, last = first_day(name, plan), last_day(name, plan)
    return bool((starts and first < starts <= last) or (ends and first <= ends < last))


def _cut_off(periods: Periods, plan: AuditPlan) -> list[str]:
    """Return the first and the last period of all clinics if the data begin or end within them.

    They do where no episode began in a stretch at the outer end of a period that is longer than any other in the data,
    and in which one would have begun in 99 of 100 cases by the number in the rest of the period.
    """
    if periods.begun is None or not periods.names:
        return []
    n = periods.of_all.set_index(PERIOD)["eligible"]
    (first, last), ends = periods.begun, (periods.names[0], periods.names[-1])
    empty = ((first - first_day(ends[0], plan)).days, (last_day(ends[1], plan) - last).days)
    found = []
    for name, days in zip(ends, empty, strict=True):
        whole = (last_day(name, plan) - first_day(name, plan)).days + 1
        if days > periods.longest_gap and (1 - days / whole) ** int(n.get(name, 0)) < NEVER:
            found.append(name)
    return found


def _gaps(there: list[str], periods: Periods) -> list[str]:
    return [name for name in periods.names if there and there[0] < name < there[-1] and name not in set(there)]


def _left_out(names: list[str], why: str) -> str:
    many = why.replace("is ", "are ", 1)
    return f"{_listed(names)} {why if len(names) == 1 else many}."


def _listed(names: Sequence[str]) -> str:
    """Return names as they are read: "2024 Q1, 2024 Q2 and 2024 Q4"; of many only the first and the last."""
    if len(names) > 4:
        return f"{len(names)} periods from {names[0]} to {names[-1]}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _recalculated(measure: str, names: list[str], plan: AuditPlan) -> tuple[list[int], list[str], list[str]]:
    """Return the places from which a chart is reckoned anew, why, and what could not be done."""
    places: list[int] = []
    notes: list[str] = []
    refused: list[str] = []
    for one in sorted((one for one in plan.recalculate if measure in one.measure), key=lambda one: one.start):
        place = next((at for at, name in enumerate(names) if first_day(name, plan) >= one.start), len(names))
        before = place - (places[-1] if places else 0)
        if before < FEWEST or len(names) - place < FEWEST:
            refused.append(
                f"The chart is not reckoned anew from {one.start} ({one.because}): each part needs {FEWEST} points."
            )
            continue
        places.append(place)
        notes.append(f"reckoned anew from {names[place]}, as planned: {one.because}")
    return places, notes, refused


def chart_of(
    points: pd.DataFrame, kind: str, effect: float, asked: Mapping[str, Any], places: list[int]
) -> ControlChart:
    """Return the chart of points; the limits of a proportion are wider by the root of its design effect.

    Parameters
    ----------
    points
        value of an XmR chart; events and n of a p chart.
    kind, effect
        Which chart, and its design effect.
    asked
        improvement and target.
    places
        Where centre and limits are reckoned anew.
    """
    if kind == "xmr":
        return xmr_chart(points["value"], **asked, recalculate_at=places)
    return p_chart(points["events"] / effect, points["n"] / effect, **asked, recalculate_at=places)
