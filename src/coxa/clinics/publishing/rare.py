"""Rare events as they are published: counts of clinics and of stretches of time; no point is a patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from coxa.audit.charts.cusum import cusum_path
from coxa.clinics.audit import Audit, Rare
from coxa.clinics.measures.cusum import ends_of, with_stretches
from coxa.clinics.measures.groups import NOT_RECORDED
from coxa.clinics.publishing.shown import Shown
from coxa.clinics.publishing.tables import in_model, people_of
from coxa.disclosure.protect import Protected
from coxa.disclosure.tables import TOTAL, CountTable
from coxa.study.audit.plan import CLINIC, PERIOD
from coxa.study.audit.rare import WORSE

ALL, STRETCH = "all", "stretch"


@dataclass(frozen=True, slots=True)
class Counted:
    """Under which names an event is counted in the tables.

    people  : those of whom it is known
    measure : those who have it, or
    without : those who do not, where it is a standard that is not met; the standard is in the tables already
    """

    people: str
    measure: str
    without: bool = False


def counted_as(audit: Audit, event: str) -> Counted:
    """Return under which names an event is counted, those of shares and standards where it is one of these."""
    main = audit.plan.main
    if event == WORSE:
        share = next((one for one in audit.shares if (one.outcome, one.kind) == (main, WORSE)), None)
        return Counted(people_of(audit, share) if share else in_model(main), f"{main} {WORSE}")
    standard = audit.plan.rare_events[event].standard
    if standard is not None:
        return Counted(f"{standard} of", standard, without=True)
    return Counted(f"event {event} of", f"event {event}")


def rare_tables(audit: Audit) -> Iterator[CountTable]:
    """Yield the counts of rare events: of each clinic where no other table has them, and of stretches of time."""
    for event, frame in audit.stretches.items():
        named = counted_as(audit, event)
        if event in audit.plan.rare_events and not named.without:
            rows = [{CLINIC: one.clinic, "n": one.n, "events": one.events} for one in audit.rare
                    if one.event == event and one.clinic != ALL]  # fmt: skip
            if rows:
                yield from _pair(pd.DataFrame(rows), CLINIC, named)
        if named.people == in_model(audit.plan.main):  # of each period they are in the chart of the mean improvement
            wider = dict(zip(frame[PERIOD].astype(str), frame[STRETCH].astype(str), strict=True))
            yield replace(next(_pair(frame, PERIOD, named)), coarser={PERIOD: (STRETCH, wider)})
        yield from _pair(frame.groupby(STRETCH, sort=False)[["n", "events"]].sum().reset_index(), STRETCH, named)


def as_earlier(audit: Audit, earlier: Sequence[Protected]) -> Audit:
    """Return an audit whose stretches of time are those of earlier publications, with new ones after their last.

    A stretch that overlaps with an earlier one in some of its periods would give the others away. Where earlier
    publications disagree the event has no stretches.
    """
    if not earlier or not audit.stretches:
        return audit
    k, kept = audit.plan.small_cells.k, {}
    for event, frame in audit.stretches.items():
        people = counted_as(audit, event).people
        spans = sorted({str(level) for each in earlier for table in each.tables
                        if table.dimensions == (STRETCH,) and table.measure == people
                        for level in table.cells[STRETCH]} - {TOTAL, NOT_RECORDED})  # fmt: skip
        if all(ends_of(one)[1] < ends_of(other)[0] for one, other in pairwise(spans)):
            kept[event] = with_stretches(frame, k, spans)
    return replace(audit, stretches=kept)


def _pair(frame: pd.DataFrame, dimension: str, named: Counted) -> Iterator[CountTable]:
    """Yield the people of whom it is known, and those among them who are counted."""
    events = frame["n"] - frame["events"] if named.without else frame["events"]
    groups = frame[[dimension]].assign(people=frame["n"], events=events)
    whole = "of_done" if named.people.endswith(" in model") else "eligible"
    within = whole if dimension != STRETCH else None
    yield CountTable.of_groups(groups, [dimension], "people", measure=named.people, within=within, rest=False)
    yield CountTable.of_groups(groups, [dimension], "events", measure=named.measure, within=named.people)


def published_rare(audit: Audit, shown: Shown) -> tuple[Rare, ...]:
    """Return the rare events of the clinics of which both counts are shown, without a row of a patient."""
    found = []
    for one in audit.rare:
        row, at = pd.DataFrame({CLINIC: [one.clinic]}), [] if one.clinic == ALL else [CLINIC]
        n, events = _counts(counted_as(audit, one.event), row, at, shown)
        if np.isfinite([n[0], events[0]]).all():
            found.append(replace(one, frame=one.frame.iloc[:0], path=one.path.iloc[:0], n=int(n[0]),
                                 events=int(events[0]), signals=min(one.signals, 1)))  # fmt: skip
    return tuple(found)


def published_stretches(audit: Audit, shown: Shown) -> dict[str, pd.DataFrame]:
    """Return, of each event of which the total is shown, one row per stretch: its counts, and the CUSUM at its end.

    The CUSUM is made anew from the stretches that are shown; one that is hidden adds nothing to it, as the difference
    to the next would give its events away.
    """
    limits = {one.event: one.limit for one in audit.rare if one.clinic == ALL}
    found = {}
    for event, frame in audit.stretches.items():
        named = counted_as(audit, event)
        if not np.isfinite([shown.total(named.people), shown.total(named.measure)]).all():
            continue
        numbers = ["n", "events", "expected", "score"]
        rows = frame[frame[STRETCH] != NOT_RECORDED].groupby(STRETCH, sort=False)[numbers].sum().reset_index()
        n, events = _counts(named, rows, [STRETCH], shown)
        seen = np.isfinite(n) & np.isfinite(events)
        cusum = np.full(len(rows), np.nan)
        cusum[seen] = cusum_path(rows.loc[seen, "score"], limits[event])
        expected = rows["expected"].where(seen)
        found[event] = pd.DataFrame(
            {STRETCH: rows[STRETCH], "n": n, "events": events, "expected": expected, "cusum": cusum}
        )
    return found


def _counts(named: Counted, rows: pd.DataFrame, at: list[str], shown: Shown) -> tuple[np.ndarray, np.ndarray]:
    n, measured = shown.column(named.people, rows, at), shown.column(named.measure, rows, at)
    return n, n - measured if named.without else measured
