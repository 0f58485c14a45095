"""The tables of red flags: who was screened and when, what was found, what was done, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from coxa.derive.red_flags import RedFlags
from coxa.study import Study
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, group_columns
from coxa.tables.table import Footnote, Row, RowGroup, Table

ACTED = "Acted on: an action is recorded that is not “none”; watching the flag (monitored) is one."
WAITS = (
    "Days are from the screening to the action or referral, and from the referral to being seen. A flag without the "
    "two dates, or with dates in the wrong order, has none."
)


def screened_table(study: Study, flags: RedFlags) -> Table:
    """Count the participants who were screened for red flags, at all and by visit, and those with a flag.

    Parameters
    ----------
    study
        The plan, for labels.
    flags
        From `coxa.derive.red_flags.derive_red_flags`.
    """
    sizes = _sizes(study, flags)
    rows = ByArm("red_flags", tuple(sizes))

    def people(frame: pd.DataFrame) -> pd.Series:
        return frame.groupby("arm")["participant_id"].nunique()

    screened = flags.screened
    visits = [visit for visit in (study.baseline_visit, *study.post_visits) if (screened["visit"] == visit).any()]
    by_visit = [(study.label("visits", visit), visit, screened[screened["visit"] == visit]) for visit in visits]
    if (screened["visit"] == "").any():
        by_visit.append(("At no planned visit", "no visit", screened[screened["visit"] == ""]))
    groups = (
        RowGroup(
            "Screened, participants, n (%)",
            (
                rows.shares("At any time", "screened", people(screened), sizes),
                *(rows.shares(label, f"screened {visit}", people(part), sizes, 1) for label, visit, part in by_visit),
            ),
        ),
        RowGroup(
            "With at least one flag, participants, of those screened, n/N (%)",
            (
                rows.shares("At any time", "with a flag", people(flags.found), people(screened), of=True),
                *(
                    rows.shares(label, f"with a flag {visit}", people(part[part["found"] > 0]), people(part), 1,
                                of=True)
                    for label, visit, part in by_visit
                ),
            ),
        ),
    )  # fmt: skip
    notes = (
        f"{study.words.membership}; percentages of those screened are of all, whether or not they came to the visit. "
        "A screening without a visit belongs to the visit whose window holds its day.",
    )
    return Table(
        "red-flags-screened",
        f"Screening for red flags {study.words.by_visit}",
        "Screening",
        group_columns(study, sizes),
        groups,
        tuple(map(Footnote, notes)),
    )


def found_table(study: Study, flags: RedFlags) -> Table:
    """Count the flags that were found, by kind, and what was done about them."""
    sizes = _sizes(study, flags)
    rows = ByArm("red_flags", tuple(sizes))
    found, total = flags.found, flags.found.groupby("arm").size()
    acted = found[found["acted_on"]]
    groups = (
        RowGroup("Present, of screenings that asked for it, n/N (%)", tuple(_by_flag(rows, flags))),
        RowGroup(
            "Flags found",
            (
                rows.counts("Flags", "flags", total),
                rows.shares("Acted on, n/N (%)", "acted on", acted.groupby("arm").size(), total, of=True),
                *_by_action(rows, found, total),
            ),
        ),
    )
    return Table(
        "red-flags-found",
        "Red flags that were found, and action",
        "Flag",
        group_columns(study, sizes),
        groups,
        (Footnote(ACTED), Footnote("A flag that was found at two screenings counts twice.")),
    )


def waits_table(study: Study, flags: RedFlags) -> Table:
    """Describe the days from screening to action and referral, and from referral to being seen."""
    sizes = _sizes(study, flags)
    rows = ByArm("red_flags", tuple(sizes))
    acted, referred = flags.found[flags.found["acted_on"]], flags.found[flags.found["referred"]]
    groups = (
        RowGroup("Action", tuple(_wait(rows, acted, "days_to_action", "screening to action"))),
        RowGroup("Referral", tuple(_wait(rows, referred, "days_to_referral", "screening to referral"))),
        RowGroup("Seen", tuple(_wait(rows, referred, "days_to_seen", "referral to being seen"))),
    )
    return Table(
        "red-flags-waits",
        "Days to action, referral and being seen",
        "Days",
        group_columns(study, sizes),
        tuple(group for group in groups if group.rows),
        (Footnote(WAITS),),
    )


def _sizes(study: Study, flags: RedFlags) -> dict[str, int]:
    return {arm: int((flags.people["arm"] == arm).sum()) for arm in study.groups}


def _by_flag(rows: ByArm, flags: RedFlags) -> Iterator[Row]:
    present = flags.asked[flags.asked["present"]]
    for flag in present["flag"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index:
        n = present[present["flag"] == flag].groupby("arm").size()
        asked = flags.asked[flags.asked["flag"] == flag].groupby("arm").size()
        yield replace(rows.shares(readable(str(flag)), f"flag {flag}", n, asked, of=True), found=True)


def _by_action(rows: ByArm, found: pd.DataFrame, total: pd.Series) -> Iterator[Row]:
    words = found["action"].where(found["action"] != "", "not recorded")
    for action in words.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index:
        n = found[words == action].groupby("arm").size()
        label = {"none": "No action", "not recorded": "Action not recorded"}.get(str(action), readable(str(action)))
        yield replace(rows.shares(label, f"action {action}", n, total, 1), found=True)


def _wait(rows: ByArm, found: pd.DataFrame, column: str, words: str) -> Iterator[Row]:
    if not found[column].notna().any():
        return
    n, total = found[found[column].notna()].groupby("arm").size(), found.groupby("arm").size()
    yield rows.shares(f"Days known from {words}, n/N (%)", f"{column} known", n, total, of=True)
    label = f"Days from {words}, median [Q1, Q3]"
    yield rows.numbers(label, column, "median_iqr", found, column)
