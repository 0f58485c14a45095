"""Events that come again: rows at risk from days of events, and the models of Andersen and Gill and of Prentice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError, OptionError, not_allowed
from coxa.findings import Finding, Findings
from coxa.models.design.rows import check_frame, check_unique, place
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.cox_rows import fitted
from coxa.models.survival.specs import Correction, CoxSpec, Recurrence, RecurrentSpec, Ties

FEW_LATER = 10
"""Events of one number below which its hazard is said to rest on few."""


@kinds(people=FRAME, events=FRAME)
def recurrent_rows(
    people: pd.DataFrame,
    events: pd.DataFrame,
    *,
    end: str,
    day: str,
    until: str | None = None,
    participant: str = "participant_id",
) -> pd.DataFrame:
    """Return one row for each time at risk: from the start or an event to the next event or the end of follow-up.

    Parameters
    ----------
    people : DataFrame
        One row per participant. Not changed.
    events : DataFrame
        One row per event; participants without one have none. Not changed.
    end : str
        Column of `people`: day on which follow-up ended, counted from its start.
    day : str
        Column of `events`: day of the event, on the same count.
    until : str, optional
        Column of `events`: last day of the event; there is no risk of another one from its day until then.
    participant : str
        Column of both.

    Returns
    -------
    DataFrame
        The columns of `people` but `end`, and `start`, `stop` (at risk in (start, stop]), `event` (1 where it ends with
        one), `number` (of the event that the participant is at risk of, from 1) and `gap` (stop - start).

    Raises
    ------
    DataError
        A participant is not among the people or twice, has no end, two events on a day, an event before the first day
        at risk or after the end, or during another.

    Examples
    --------
    >>> people = pd.DataFrame({"participant_id": ["P1", "P2"], "arm": ["a", "b"], "end": [100, 80]})
    >>> flares = pd.DataFrame({"participant_id": ["P1", "P1"], "day": [30, 70]})
    >>> rows = recurrent_rows(people, flares, end="end", day="day")
    >>> rows[["participant_id", "start", "stop", "event", "number"]].values.tolist()
    [['P1', 0.0, 30.0, 1, 1], ['P1', 30.0, 70.0, 1, 2], ['P1', 70.0, 100.0, 0, 3], ['P2', 0.0, 80.0, 0, 1]]
    """
    for frame, names in ((people, [participant, end]), (events, [participant, day, *([until] if until else [])])):
        for name in names:
            if name not in frame.columns:
                raise OptionError(not_allowed("column", name, map(str, frame.columns)))
    taken = {"start", "stop", "event", "number", "gap"} & ({*people.columns} - {end})
    if taken:
        raise OptionError(f"`people` has columns named {', '.join(sorted(taken))}, which are made. Rename them.")
    check_unique(people, np.ones(len(people), dtype=bool), (participant,))
    ends = people.set_index(participant)[end]
    _check_events(events, ends, participant, day, until)
    rows = events[[participant, day]].assign(after=events[until] if until else events[day], event=1)
    last = pd.DataFrame({participant: ends.index, day: ends.to_numpy(), "after": np.nan, "event": 0})
    rows = pd.concat([rows.astype({day: float, "after": float}), last.astype({day: float})], ignore_index=True)
    rows = rows.sort_values([participant, day, "event"], ascending=[True, True, False], kind="stable")
    whose = rows.groupby(participant, sort=False)
    rows = rows.assign(start=whose["after"].shift(fill_value=0.0), number=whose.cumcount() + 1)
    rows = rows.rename(columns={day: "stop"}).assign(gap=lambda d: d["stop"] - d["start"])
    rows = rows[rows["gap"] > 0][[participant, "start", "stop", "event", "number", "gap"]]
    made = people.drop(columns=end).merge(rows, on=participant, how="left", validate="one_to_many")
    return made.reset_index(drop=True)


def _check_events(events: pd.DataFrame, ends: pd.Series, participant: str, day: str, until: str | None) -> None:
    """Raise DataError for each event that is not in the time at risk of a participant, once per kind of fault."""
    follow = events[participant].map(ends).to_numpy(dtype=float, na_value=np.nan)
    when = events[day].to_numpy(dtype=float, na_value=np.nan)
    over = when if until is None else events[until].to_numpy(dtype=float, na_value=np.nan)
    order = np.lexsort((when, events[participant].astype(str).to_numpy()))
    same = np.zeros(len(events), dtype=bool)
    during = same.copy()
    who = events[participant].to_numpy()[order]
    repeated = who[1:] == who[:-1]
    same[order[1:]] = repeated & (when[order][1:] == when[order][:-1])
    during[order[1:]] = repeated & (when[order][1:] <= over[order][:-1]) & ~same[order[1:]]
    faults = (
        (~events[participant].isin(ends.index).to_numpy(), "is of no participant", "Correct the identifier."),
        (np.isnan(when) | np.isnan(over), "has no day", "Fill it in, or remove the row and say so."),
        (when <= 0, "is on day 0 or before", "Count days from 1, the first day at risk."),
        (when > follow, "is after the end of follow-up", "Correct one of the two days."),
        (over < when, "ends before it begins", "Correct one of the two days."),
        (same, "is on the day of another one", "Keep one event per day, or give times of the day."),
        (during, "begins before another one has ended", "Join them, or correct the days."),
    )
    findings = [
        Finding("error", "events", f"the event {fault}", remedy, row=place(k), field=day, participant_id=str(who_of[k]))
        for bad, fault, remedy in faults
        for who_of in [events[participant].to_numpy()]
        for k in np.flatnonzero(bad)
    ]
    bad_end = ends[~(ends > 0)]
    findings += [
        Finding(
            "error",
            "people",
            "the participant has no end of follow-up after day 0",
            "Fill it in, or leave the participant out and say so.",
            participant_id=str(name),
        )
        for name in bad_end.index
    ]
    if findings:
        raise DataError("events cannot be placed in time at risk:", Findings.of(iter(findings)))


@kinds(data=FRAME)
def rows_at_risk(data: pd.DataFrame) -> pd.DataFrame:
    """Return the times at risk of participants who have the days of their events in a list, as a plan derives them.

    Parameters
    ----------
    data : DataFrame
        One row per participant: `participant_id`, `event_days` (a tuple of days from 0), `exposure` (days observed),
        and any others. Not changed.

    Returns
    -------
    DataFrame
        As `recurrent_rows`. The day of randomisation is the first day at risk, and days are counted to their end, so
        that an event on it has time at risk; several events on one day are spread over it.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": ["P1"], "arm": ["a"], "event_days": [(0, 5, 5)], "exposure": [20]})
    >>> rows_at_risk(d)[["start", "stop", "event"]].values.tolist()
    [[0.0, 1.0, 1.0], [1.0, 5.5, 1.0], [5.5, 6.0, 1.0], [6.0, 21.0, 0.0]]
    """
    for name in ("participant_id", "event_days", "exposure"):
        if name not in data.columns:
            raise OptionError(not_allowed("column", name, map(str, data.columns)))
    made = ["event", "count", "time", "status", "event_days", "exposure", "start", "stop", "number", "gap"]
    people = data.assign(_end=data["exposure"].astype(float) + 1).drop(columns=made, errors="ignore")
    days = data[["participant_id", "event_days"]].explode("event_days").dropna(subset="event_days")
    same = days.groupby(["participant_id", "event_days"])
    number = same["event_days"].transform("size") if len(days) else 1
    on = days["event_days"].astype(float) + (same.cumcount() + 1) / number
    return recurrent_rows(
        people, pd.DataFrame({"participant_id": days["participant_id"], "_day": on}), end="_end", day="_day"
    )


@kinds(data=FRAME)
def fit_recurrent(
    formula: str,
    data: pd.DataFrame,
    *,
    method: Recurrence = "lwyy",
    strata: str | Sequence[str] | None = None,
    most_events: int | None = None,
    ties: Ties = "efron",
    participant: str = "participant_id",
    correction: Correction = "none",
) -> CoxFit:
    """Fit a model of events that come again to rows that `recurrent_rows` makes.

    Parameters
    ----------
    formula : str
        Terms without a left side: ``arm + baseline``.
    data : DataFrame
        Rows at risk: `start`, `stop`, `event`, `number`, `gap`. Not changed.
    method : {"lwyy", "andersen-gill", "pwp-total", "pwp-gap"}
        "lwyy": the ratio of rates of events, with a variance robust by participant (Lin, Wei, Yang and Ying 2000).
        "andersen-gill": the same coefficients with the variance of the model, which takes the events of a participant
        as independent. "pwp-total" and "pwp-gap": a hazard for each number of event, in time since the start or since
        the event before (Prentice, Williams and Peterson 1981), with a robust variance. The hazard of a second event is
        among those who had a first one, so that these ratios do not compare arms as they were randomised.
    strata : str or sequence of str, optional
        Columns whose combinations have a baseline hazard each.
    most_events : int, optional
        For "pwp-total" and "pwp-gap": rows of later events are left out.
    ties : {"efron", "breslow"}
        How events at the same time are handled.
    participant : str
        Column that says whose row it is.
    correction : {"none", "leverage"}
        Of a robust variance for few clusters: none, as in R and SAS, or each cluster's score over one less its share of
        the information (Mancl and DeRouen).

    Examples
    --------
    >>> people = pd.DataFrame({"participant_id": range(6), "arm": list("ababab"), "end": 100})
    >>> flares = pd.DataFrame({"participant_id": [0, 0, 1, 2, 4, 4, 5], "day": [9, 40, 50, 20, 3, 60, 80]})
    >>> fit = fit_recurrent("arm", recurrent_rows(people, flares, end="end", day="day"))
    >>> fit.tidy().round(3).loc[0, ["hazard_ratio", "std_error"]].tolist()
    [0.4, 0.44]
    """
    spec = RecurrentSpec(
        formula=formula,
        method=method,
        strata=strata,
        most_events=most_events,
        ties=ties,
        participant=participant,
        correction=correction,
    )
    data = check_frame(data)
    for column in ("start", "stop", "event", "number", "gap", spec.participant):
        if column not in data.columns:
            raise OptionError(f'There is no column "{column}". Make the rows by `recurrent_rows`.')
    if spec.most_events is not None:
        data = data[data["number"] <= spec.most_events]
    fit = fitted(cox_of(spec), data, spec)
    return with_warnings(fit, spec, data)


def cox_of(spec: RecurrentSpec) -> CoxSpec:
    """Return the options of Cox's model that a model of recurrent events is."""
    own = spec.strata or ()
    options: dict[str, Any] = {"time": "stop", "start": "start", "cluster": spec.participant}
    if spec.method == "andersen-gill":
        options["cluster"] = None
    if spec.method.startswith("pwp"):
        own = (*own, "number")
    if spec.method == "pwp-gap":
        options |= {"time": "gap", "start": None}
    return CoxSpec(
        formula=spec.formula,
        event="event",
        strata=own or None,
        ties=spec.ties,
        participant=spec.participant,
        correction=spec.correction,
        **options,
    )


def with_warnings(fit: CoxFit, spec: RecurrentSpec, data: pd.DataFrame) -> CoxFit:
    """Return the fit with a sentence on numbers of events that few participants had."""
    if not spec.method.startswith("pwp"):
        return fit
    counts = data.groupby("number")["event"].sum()
    few = counts[counts < FEW_LATER]
    if few.empty:
        return fit
    said = f"fewer than {FEW_LATER} events are of number {', '.join(map(str, few.index))}: consider `most_events`"
    return replace(fit, warnings=(*fit.warnings, said))
