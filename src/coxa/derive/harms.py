"""Harms: what counts as soreness, flare, adverse and serious adverse event, in whom, and over what time.

The four rows of a report are defined here and nowhere else, from the fields `kind`, `serious` and `expected` of the
table `adverse_events`:

expected soreness     : `kind` is soreness, not `serious`, and `expected` is not no
flare                 : `kind` is flare, and not `serious`
adverse event         : everything else: `kind` is adverse_event or empty; soreness that the protocol did not expect;
                        and whatever is `serious`, be it called soreness or flare
serious adverse event : the adverse events that are `serious`

So every event is soreness, a flare or an adverse event, once; serious adverse events are a part of the adverse events.
An adverse event that the protocol names as expected is an adverse event all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.analysis_sets import derive_analysis_sets, session_counts
from coxa.derive.free_text import unnamed
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.scores import form_rows
from coxa.derive.study_day import study_days
from coxa.frames import among

HarmKind = Literal["soreness", "flare", "adverse_event"]
HARM_KINDS: tuple[HarmKind, ...] = get_args(HarmKind)
LIGHT: tuple[HarmKind, ...] = ("soreness", "flare")
"""Kinds that are adverse events if they are serious."""

RELATED = ("possible", "probable", "definite")
"""Values of `relatedness` that count as related to treatment."""
STOPPED = "treatment_stopped"
NOT_RECORDED = "not recorded"
YEAR = 365.25
"""Days of a person-year."""


@dataclass(frozen=True, slots=True)
class Harms:
    """The harms of a trial, and who could have had them.

    people : participant_id, arm (received), years (of follow-up), sessions (supervised, attended); the safety set
    events : participant_id, arm, kind (`HarmKind`), serious, related, stopped, severity, term, study_day; after
             randomisation, in the safety set
    before : events before randomisation, by arm; they are left out
    outside: events of participants who are not in the safety set, by arm; they are left out
    undated: events without a day, that are counted
    lacking: which of `severity`, `relatedness`, `action`, `serious` are not recorded -> in how many events
    unknown_end : participants of whom no day is recorded; they have no follow-up
    recorded : kinds that the table has at all, before anything is left out
    counted_sessions : whether sessions are recorded
    knows_received : whether the treatment received is recorded; without it `arm` is that of the cohort
    """

    people: pd.DataFrame
    events: pd.DataFrame
    before: dict[str, int]
    outside: dict[str, int]
    undated: int
    lacking: dict[str, int]
    unknown_end: int
    recorded: tuple[str, ...]
    counted_sessions: bool
    knows_received: bool = True

    def of(self, kind: HarmKind, *, serious: bool = False) -> pd.DataFrame:
        """Return the events of a kind; the serious ones of them if asked."""
        mine = self.events[self.events["kind"] == kind]
        return mine[mine["serious"]] if serious else mine

    @property
    def serious_recorded(self) -> bool:
        """Whether any event says if it was serious; true where there is no event."""
        return self.events.empty or self.lacking["serious"] < len(self.events)

    def per_participant(self, events: pd.DataFrame) -> pd.DataFrame:
        """Return `people` with the number of these events (`events`), and whether there is one (`any`)."""
        counts = events.groupby("participant_id").size()
        n = self.people["participant_id"].map(counts).fillna(0).astype(int)
        return self.people.assign(events=n, any=(n > 0).astype(int))


@once
def derive_harms(cohort: Cohort) -> Harms | None:
    """Return the harms of a trial; None where there is no table of them.

    Parameters
    ----------
    cohort
        Checked tables. A table `adverse_events` without a row is a trial without an event.

    Returns
    -------
    Harms or None

    Notes
    -----
    Population: the safety set (who started treatment), in the arm received. Follow-up of a participant runs from
    randomisation to the last day on which anything is recorded: an assessment, a session attended, an event, or the
    date on which follow-up stopped. Events without a day are counted.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> print(derive_harms(coxa.read_cohort(trial.study, trial.tables)))
    None
    """
    if "adverse_events" not in cohort.tables:
        return None
    people, arms = _safety_set(cohort)
    table = cohort.table("adverse_events")
    described = _described(cohort, table)
    arm = described["participant_id"].map(arms)
    inside = among(described["participant_id"], people["participant_id"])
    early = (described["study_day"] < 0).to_numpy()
    kept = described[inside & ~early].assign(arm=arm).reset_index(drop=True)
    source = table[(inside & ~early).to_numpy()]
    last = last_days(cohort)
    known = people["participant_id"].map(last)
    counts = session_counts(cohort)
    attended = people["participant_id"].map(counts["attended"]) if counts is not None else np.nan
    return Harms(
        people.assign(years=known.clip(lower=0).fillna(0.0) / YEAR, sessions=attended),
        kept,
        _by_arm(arm[early & inside]),
        _by_arm(arm[~inside]),
        int(kept["study_day"].isna().sum()),
        {name: int(_empty(source, name).sum()) for name in ("severity", "relatedness", "action", "serious")},
        int(known.isna().sum()),
        tuple(kind for kind in HARM_KINDS if (_text(table, "kind") == kind).any()),
        counts is not None,
        "arm_received" in cohort.table("participants"),
    )


def harm_kind(kind: pd.Series, serious: pd.Series, expected: pd.Series) -> pd.Series:
    """Return which of `HARM_KINDS` each event is; the definitions stand at the head of this file.

    Examples
    --------
    >>> kind = pd.Series(["soreness", "soreness", "flare", "flare", "adverse_event", None])
    >>> serious = pd.Series([False, False, False, True, False, False])
    >>> expected = pd.Series([True, False, None, None, True, None], dtype="boolean")
    >>> harm_kind(kind, serious, expected).tolist()
    ['soreness', 'adverse_event', 'flare', 'adverse_event', 'adverse_event', 'adverse_event']
    """
    unforeseen = kind.eq("soreness") & expected.eq(False).fillna(False).astype(bool)
    light = kind.isin(LIGHT) & ~serious.astype(bool) & ~unforeseen
    return kind.where(light, "adverse_event").astype(object)


def last_days(cohort: Cohort) -> pd.Series:
    """Return, by participant, the last study day on which anything is recorded; missing where nothing is."""
    people = cohort.table("participants")
    visits = {name: float(visit.day) for name, visit in cohort.study.visits.items()}
    days = []
    for table, date in (
        ("assessments", "assessment_date"),
        ("item_responses", "assessment_date"),
        ("treatment_sessions", "session_date"),
        ("adverse_events", "start_date"),
    ):
        rows = form_rows(cohort) if table == "item_responses" else cohort.table(table)
        if rows.empty:
            continue
        if "attended" in rows:
            rows = rows[rows["attended"].fillna(False).astype(bool)]
        planned = rows["visit"].astype(str).map(visits) if "visit" in rows else None
        days.append(rows[["participant_id"]].assign(day=study_days(rows, people, date, planned)))
    if {"discontinuation_date", "randomisation_date"} <= set(people):
        ended = pd.to_datetime(people["discontinuation_date"]) - pd.to_datetime(people["randomisation_date"])
        days.append(people[["participant_id"]].assign(day=ended.dt.days.astype(float)))
    if not days:
        return pd.Series(np.nan, index=pd.Index(people["participant_id"]))
    return pd.concat(days).groupby("participant_id")["day"].max()


def _safety_set(cohort: Cohort) -> tuple[pd.DataFrame, pd.Series]:
    """Return participant and arm received of the safety set, and the arm of everybody by participant."""
    people = participants_by_group(cohort).merge(derive_analysis_sets(cohort), on="participant_id")
    arm = people["arm_received"].fillna(people["arm"]) if "arm_received" in people else people["arm"]
    everybody = people[["participant_id"]].assign(arm=arm.astype(object))
    inside = everybody[people["in_safety_set"].to_numpy()].reset_index(drop=True)
    return inside, everybody.set_index("participant_id")["arm"]


def _described(cohort: Cohort, table: pd.DataFrame) -> pd.DataFrame:
    """Return the events under the words of a report."""
    serious = _flag(table, "serious")
    expected = table["expected"].astype("boolean") if "expected" in table else pd.Series(pd.NA, table.index, "boolean")
    severity = _text(table, "severity")
    return pd.DataFrame(
        {
            "participant_id": table["participant_id"] if len(table) else pd.Series(dtype=object),
            "kind": harm_kind(_text(table, "kind"), serious, expected),
            "serious": serious,
            "related": _text(table, "relatedness").isin(RELATED),
            "stopped": _text(table, "action").eq(STOPPED),
            "severity": severity.where(severity != "", NOT_RECORDED),
            "term": unnamed(_text(table, "term"), cohort.table("participants")["participant_id"]),
            "study_day": study_days(table, cohort.table("participants"), "start_date") if len(table) else np.nan,
        }
    )


def _text(table: pd.DataFrame, name: str) -> pd.Series:
    found = table[name] if name in table else pd.Series(None, index=table.index, dtype=object)
    return found.astype(object).where(found.notna(), "").astype(object)


def _flag(table: pd.DataFrame, name: str) -> pd.Series:
    found = table[name] if name in table else pd.Series(False, index=table.index)
    return found.fillna(False).astype(bool)


def _empty(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].isna() if name in table else pd.Series(True, index=table.index)


def _by_arm(arms: pd.Series) -> dict[str, int]:
    return {str(arm): int(n) for arm, n in arms.dropna().value_counts(sort=False).items()}
