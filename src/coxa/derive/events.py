"""Events of participants up to the visits of an estimand: whether, how often, and after how many days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.event_days import event_days, not_observed
from coxa.derive.flare_events import last_entries
from coxa.derive.once import once
from coxa.derive.study_day import study_days
from coxa.findings import Finding, Findings
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.estimand import Handling
from coxa.study.events import EventOutcome

EVENT_COLUMNS = ("event", "count", "time", "status", "exposure", "event_days")
"""Columns of `events_until`: whether the event happened (1, 0, or missing where observation ended before), how often,
days to the first or to the end of observation, 1 for an event, 2 for a competing one and 0 for neither, days of
observation, and the day of every event."""


@once
def last_contacts(cohort: Cohort) -> pd.Series:
    """Return, by participant, the last day on which something was recorded at a visit; the planned day if later.

    Whoever came to a visit before its planned day was observed until that visit.
    """
    study, seen = cohort.study, cohort.table("assessments")
    if not len(seen):
        seen = cohort.table("item_responses")
    if not len(seen):
        return pd.Series(dtype=float)
    planned = seen["visit"].astype("str").map({name: float(visit.day) for name, visit in study.visits.items()})
    day = study_days(seen, cohort.table("participants"), "assessment_date", planned)
    reached = np.fmax(day.to_numpy(dtype=float), planned.to_numpy(dtype=float))
    return pd.Series(reached).groupby(seen["participant_id"].to_numpy()).max()


def stated_end(cohort: Cohort, name: str) -> pd.Series:
    """Return, by participant, the day on which the data say that observation for an event ended; missing elsewhere.

    It is the day of a row of `outcome_events` that is not `observed`; else the date of discontinuation.
    """
    people = cohort.table("participants")
    end = pd.Series(np.nan, index=people["participant_id"].to_numpy(), dtype=float)
    rows = cohort.table("outcome_events")
    if len(rows) and "observed" in rows:
        rows = rows[rows["outcome"].eq(name) & not_observed(rows)]
        day = study_days(rows, people, "event_date")
        end = end.fillna(day.groupby(rows["participant_id"].to_numpy()).max())
    if "discontinuation_date" in people:
        gone = study_days(people.drop(columns="study_day", errors="ignore"), people, "discontinuation_date")
        end = end.fillna(pd.Series(gone.to_numpy(dtype=float), index=end.index))
    return end


def end_of_observation(cohort: Cohort, name: str) -> pd.Series:
    """Return, by participant, the day on which observation for an event ended; missing where nothing says so.

    It is the stated end; else the last contact. Where a cohort has no visits after baseline at all nothing says when
    observation ended. For flares of the diary it is the day of the last entry, and day 0 without one.
    """
    if with_arms(cohort.study, "An event").events[name].source.flare:
        return last_entries(cohort)
    end, contacts = stated_end(cohort, name), last_contacts(cohort)
    return end.fillna(contacts) if (contacts > 0).any() else end


def events_until(
    participants: Sequence[str],
    horizon: float,
    own: pd.DataFrame,
    other: pd.DataFrame,
    end: pd.Series,
    start: pd.Series | None = None,
) -> pd.DataFrame:
    """Return one row per participant with what happened until a day.

    Parameters
    ----------
    participants
        Whose rows are returned, in this order.
    horizon
        Last day that counts, such as the planned day of a visit.
    own, other
        Events and competing events: participant_id and day. Those before day 0 do not count.
    end
        Participant -> day on which observation ended; missing for one who was observed until the horizon.
    start
        Participant -> day from which days are counted, as of an event that comes before; missing for one who is not at
        risk. Day 0 of everybody unless given. Only what happens from then on counts.

    Returns
    -------
    DataFrame
        Columns `EVENT_COLUMNS`, indexed by participant. An event after the end of observation shows that observation
        went on until then. After a competing event nothing more is counted.
    """
    index = pd.Index(participants)
    until_day: float | np.ndarray = horizon
    if start is not None:
        begun = start.reindex(index).astype(float).fillna(np.inf)
        own, other = (_since(events, begun) for events in (own, other))
        end, until_day = end.reindex(index) - begun, horizon - begun.to_numpy()
    days = own.loc[own["day"] >= 0, ["participant_id", "day"]]
    first_other = other[other["day"] >= 0].groupby("participant_id")["day"].min().reindex(index)
    seen = np.fmax(
        end.reindex(index).fillna(np.inf).to_numpy(dtype=float),
        days.groupby("participant_id")["day"].max().reindex(index).fillna(-np.inf).to_numpy(dtype=float),
    )
    until = np.minimum(np.minimum(seen, first_other.fillna(np.inf).to_numpy(dtype=float)), until_day)
    counted = days[days["day"].to_numpy() <= pd.Series(until, index).reindex(days["participant_id"]).to_numpy()]
    lists = counted.sort_values("day").groupby("participant_id")["day"].agg(tuple).reindex(index)
    event_lists = [found if isinstance(found, tuple) else () for found in lists]
    n = np.array([len(found) for found in event_lists], dtype=float)
    first = np.array([found[0] if found else np.nan for found in event_lists])
    competed = (first_other.to_numpy(dtype=float) <= until_day) & (first_other.to_numpy(dtype=float) <= seen)
    status = np.where(n > 0, 1.0, np.where(competed, 2.0, 0.0))
    known = (status > 0) | (seen >= until_day)
    time = np.where(n > 0, first, until)
    in_time = until >= 0
    return pd.DataFrame(
        {
            "event": np.where(known & in_time, (status == 1).astype(float), np.nan),
            "count": np.where(in_time, n, np.nan),
            "time": np.where(in_time, time, np.nan),
            "status": status,
            "exposure": np.maximum(until, 0.0),
            "event_days": event_lists,
        },
        index=index,
    )


def _since(events: pd.DataFrame, begun: pd.Series) -> pd.DataFrame:
    """Return events with their days since the day on which each participant began to be at risk."""
    since = events["day"].astype(float) - events["participant_id"].map(begun).astype(float).fillna(np.inf)
    return events.assign(day=since)


def before_at_risk(name: str, after: str, own: pd.DataFrame, start: pd.Series, people: pd.Index) -> Findings:
    """Return who is not at risk of an event that comes after another, and events that came before it."""
    found = []
    begun = own["participant_id"].map(start).astype(float)
    if len(early := own[own["participant_id"].isin(people) & ~(own["day"] >= begun)]):
        found.append(
            Finding(
                "warning",
                str(early["source_table"].iloc[0]),
                f"the event `{name}` is before `{after}`, or without it",
                "It is not counted. Correct one of the two days, if it is wrong.",
                row=int(early["source_row"].iloc[0]),
                participant_id=str(early["participant_id"].iloc[0]),
                n_rows=len(early),
            )
        )
    if n := int(start.reindex(people).isna().sum()):
        found.append(
            Finding(
                "note",
                "participants",
                f"the participant is not at risk of `{name}`, as `{after}` did not happen",
                "The participant is not in the analyses of this event. Add the row, if it did happen.",
                n_rows=n,
            )
        )
    return Findings(tuple(found))


def before_start(name: str, own: pd.DataFrame) -> Findings:
    """Return the finding that events of one kind are before randomisation."""
    before = own[own["day"] < 0]
    if before.empty:
        return Findings()
    return Findings.of(
        [
            Finding(
                "warning",
                str(before["source_table"].iloc[0]),
                f"the event `{name}` is before randomisation",
                "It is not counted. Correct the date, if it is wrong.",
                row=int(before["source_row"].iloc[0]),
                participant_id=str(before["participant_id"].iloc[0]),
                n_rows=len(before),
            )
        ]
    )


def on_one_day(name: str, own: pd.DataFrame, competing: str, other: pd.DataFrame) -> Findings:
    """Return the note that an event and one that competes with it are on the same day, in which the first counts.

    Parameters
    ----------
    name, own
        The event, and its rows from `event_days`.
    competing, other
        The event after which it can no longer happen, and its rows.
    """
    first = other[other["day"] >= 0].groupby("participant_id")["day"].min()
    both = own[own["day"] == own["participant_id"].map(first).astype(float)]
    both = both.drop_duplicates("participant_id")
    if both.empty:
        return Findings()
    return Findings.of(
        [
            Finding(
                "note",
                str(both["source_table"].iloc[0]),
                f"the event `{name}` and the competing event `{competing}` are on the same day",
                f"`{name}` counts as first. Correct one of the two days, if `{competing}` was first.",
                row=int(both["source_row"].iloc[0]),
                participant_id=str(both["participant_id"].iloc[0]),
                value=f"day {both['day'].iloc[0]:g}",
                n_rows=len(both),
            )
        ]
    )


def event_findings(name: str, own: pd.DataFrame, end: pd.Series, stated: pd.Series) -> Findings:
    """Return what is odd about the events of one kind: when they are, or that observation has no end.

    Parameters
    ----------
    name, own
        The event, and its rows from `event_days`.
    end, stated
        From `end_of_observation` and `stated_end`.
    """
    found = list(before_start(name, own))
    ended = own["participant_id"].map(stated).astype(float)
    if len(after := own[own["day"] > ended]):
        found.append(
            Finding(
                "warning",
                str(after["source_table"].iloc[0]),
                f"the event `{name}` is after the end of observation",
                "It is counted, and observation is taken to go on until it. Correct one of the two days, if it is "
                "wrong.",
                row=int(after["source_row"].iloc[0]),
                participant_id=str(after["participant_id"].iloc[0]),
                value=f"day {after['day'].iloc[0]:g}, observed until day {ended[after.index[0]]:g}",
                n_rows=len(after),
            )
        )
    if n := int(end.isna().sum()):
        found.append(
            Finding(
                "note",
                "participants",
                f"nothing says how long the participant was observed for `{name}`",
                "Observation is taken to go on until the visit. Give `discontinuation_date`, or a row of "
                "`outcome_events` with `observed: false`.",
                field="discontinuation_date",
                n_rows=n,
            )
        )
    return Findings(tuple(found))


def after_strategies(
    own: pd.DataFrame, end: pd.Series, happened: pd.DataFrame, handling: dict[str, Handling], wanted: bool
) -> tuple[pd.DataFrame, pd.Series, dict[str, str]]:
    """Return events, ends of observation and what was done, after the strategies for intercurrent events.

    Parameters
    ----------
    own, end
        Events, and the end of observation of each participant.
    happened
        Intercurrent events: participant_id, event, study_day.
    handling
        Strategy of each; treatment policy does nothing, hypothetical and while on treatment end observation on the
        day of the event, and composite counts it as the outcome where that is not wanted, and as never reaching it
        where it is.
    wanted
        Whether the outcome is a wanted event.

    Returns
    -------
    own, end : as given, changed
    handled  : participant -> what was done; only of those whose data changed
    """
    strategy = {name: how.strategy for name, how in handling.items() if how.strategy != "treatment_policy"}
    acting = happened[happened["study_day"].notna() & happened["event"].isin(strategy)]
    first = acting.sort_values("study_day", kind="stable").drop_duplicates("participant_id").set_index("participant_id")
    how, day = first["event"].astype(str).map(strategy), first["study_day"].astype(float)
    counts = how.eq("composite") & (not wanted)
    ends = day[~counts]
    own = own[~(own["day"] > own["participant_id"].map(ends).astype(float))]
    if counts.any():
        added = pd.DataFrame({"participant_id": day.index[counts], "day": day[counts].to_numpy()})
        own = pd.concat([own, added], ignore_index=True)
    end = end.copy()
    end[ends.index] = ends.mask(how[ends.index].eq("composite"), np.inf)
    return own, end, {person: f"{how[person]}: {first['event'][person]}" for person in first.index}


def competing_days(cohort: Cohort, event: EventOutcome) -> pd.DataFrame:
    """Return the days of all events that compete with one."""
    frames = [event_days(cohort, name) for name in event.competing]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"participant_id": [], "day": []})


def horizons(study: ComparativeStudy, visits: Sequence[str]) -> dict[str, float]:
    """Return visit -> its planned day, until which events count."""
    return {visit: float(study.visits[visit].day) for visit in visits}
