"""Serious and other adverse events by arm and term, one row per arm and term.

Registries ask for serious events and for events that are not, soreness and flares among them. A report counts adverse
events, and the serious ones as a part of them; what is left for the others follows from these numbers, or, where the
report is not to be shared, from the events themselves. What is shared is made of shown numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.derive.harms import Harms, derive_harms
from coxa.exchange.shown import Shown, first_of_each
from coxa.tables.records import records

GROUPS = ("arm", "at_risk", "serious", "other")
EVENTS = ("seriousness", "kind", "term", "arm", "at_risk", "affected", "events", "related")
KINDS = {"soreness": "Expected soreness", "flare": "Flare of symptoms", "adverse_event": "Adverse event"}
SERIOUS = "serious_adverse_event"
NAN = math.nan


def harm_groups(shown: Shown) -> pd.DataFrame:
    """Return GROUPS: participants of each arm at risk, with a serious event, and with another event."""
    harms = derive_harms(shown.report.cohort)
    if harms is None:
        return pd.DataFrame(columns=list(GROUPS))
    rows = first_of_each(shown.results[shown.results["analysis"] == "harms"])
    counts = {(row["term"], row["arm"]): row["value"] for row in records(rows[rows["statistic"] == "n"])}
    others = _participants(harms, harms.events[~harms.events["serious"]])
    nothing = 0.0 if harms.events.empty else NAN
    found = [
        (
            arm,
            counts.get(("safety set", arm), NAN),
            counts.get((f"{SERIOUS}: participants", arm), nothing),
            NAN if shown.share else float(others.get(arm, 0)),
        )
        for arm in shown.study.groups
    ]
    return pd.DataFrame(found, columns=list(GROUPS))


def harm_terms(shown: Shown) -> pd.DataFrame:
    """Return EVENTS: participants affected and events of every term in each arm; a number that is hidden is missing."""
    harms = derive_harms(shown.report.cohort)
    rows = first_of_each(shown.frame[shown.frame["analysis"] == "harm terms"])
    if harms is None or rows.empty:
        return pd.DataFrame(columns=list(EVENTS))
    risk = harm_groups(shown).set_index("arm")["at_risk"].to_dict()
    counted = _counted(rows)
    found = [
        (*row[:4], risk.get(row[3], NAN), *row[4:])
        for row in (*_serious(shown, harms, counted), *_others(shown, harms, counted))
    ]
    return pd.DataFrame(found, columns=list(EVENTS))


Counted = dict[tuple[str, str], dict[str, tuple[float, float]]]
"""Kind and term -> arm -> participants and events."""


def _counted(rows: pd.DataFrame) -> Counted:
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for row in records(rows[rows["statistic"] == "n"]):
        kind, _, rest = str(row["term"]).partition(", ")
        term, _, what = rest.rpartition(": ")
        found.setdefault((kind, term), {}).setdefault(row["arm"], {})[what] = float(row["value"])
    return {
        key: {arm: (one.get("participants", NAN), one.get("events", NAN)) for arm, one in arms.items()}
        for key, arms in found.items()
    }


def _serious(shown: Shown, harms: Harms, counted: Counted) -> Iterator[tuple[Any, ...]]:
    serious = harms.events[harms.events["serious"]]
    spelled = {term.casefold(): term for kind, term in counted if kind != SERIOUS}
    for (kind, term), arms in counted.items():
        if kind != SERIOUS:
            continue
        related = serious[serious["related"] & (_folded(serious["term"]) == term.casefold())].groupby("arm").size()
        for arm, (people, events) in arms.items():
            known = NAN if shown.share else float(related.get(arm, 0))
            yield "serious", KINDS["adverse_event"], spelled.get(term.casefold(), term), arm, people, events, known


def _others(shown: Shown, harms: Harms, counted: Counted) -> Iterator[tuple[Any, ...]]:
    """Yield the events that are not serious: of adverse events those that remain without the serious ones."""
    serious = {term.casefold(): arms for (kind, term), arms in counted.items() if kind == SERIOUS}
    for (kind, term), arms in counted.items():
        if kind == SERIOUS:
            continue
        too = serious.get(term.casefold(), {}) if kind == "adverse_event" else {}
        left = {arm: _remaining(shown, harms, term, arm, n, too.get(arm)) for arm, n in arms.items()}
        if any(n != (0, 0) for n in left.values()):
            yield from (("other", KINDS[kind], term, arm, *n, NAN) for arm, n in left.items())


def _remaining(
    shown: Shown,
    harms: Harms,
    term: str,
    arm: str,
    every: tuple[float, float],
    serious: tuple[float, float] | None,
) -> tuple[float, float]:
    """Return participants and events of a term that are not serious; missing where they cannot be shown."""
    if serious is None or serious[1] == 0:
        return every
    if shown.share:
        return NAN, NAN
    mine = harms.events[(harms.events["kind"] == "adverse_event") & ~harms.events["serious"]]
    mine = mine[(mine["arm"] == arm) & (_folded(mine["term"]) == term.casefold())]
    return float(mine["participant_id"].nunique()), float(len(mine))


def _folded(terms: pd.Series) -> pd.Series:
    return terms.astype(str).map(lambda text: " ".join(text.split()).casefold())


def _participants(harms: Harms, events: pd.DataFrame) -> dict[str, int]:
    people = harms.per_participant(events)
    return {str(arm): int(n) for arm, n in people.groupby("arm")["any"].sum().items()}
