"""Who has values when: patterns over the visits, why there is none at the endpoint, and who these participants are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.dataset import AnalysisDataset
from coxa.frames import among
from coxa.report.topics.missing.reasons import NO_VALUE, stopped_by, why_missing
from coxa.report.topics.participants.baseline import (
    TOTAL,
    arm_columns,
    arm_label,
    baseline_people,
    by_arm,
    shown_at_baseline,
)
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.tables.characteristics import Columns, Described, characteristic_rows
from coxa.tables.formats import cell, counted, share
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import with_n
from coxa.tables.table import Column, Footnote, Row, RowGroup, Statistic, Table, identifier

VALUE, EVENT, NOTHING = "X", "E", "\N{EN DASH}"

GROUPS = ("A value at every visit", "No value from some visit on", "Gaps before a value", "None at any visit")

WITH, WITHOUT = "with", "without"
UNKNOWN = "No reason recorded"
MOST = 16
"""Patterns that are shown; rarer ones are counted together."""


def patterns_table(study: ComparativeStudy, dataset: AnalysisDataset) -> Table:
    """Return the patterns of values over the visits, with counts by arm.

    Returns
    -------
    Table
        X is a value that is analysed, E one that a strategy for an intercurrent event set aside, a dash no value. The
        percentages of an arm add up to 100.
    """
    people = _patterns(dataset)
    columns = by_arm(study, people)
    sizes = people.groupby(["kind", "pattern"]).size().reset_index(name="n")
    order = sizes.sort_values(["kind", "n", "pattern"], ascending=[True, False, False])
    kept = set(order.nlargest(MOST, "n")["pattern"])
    groups = []
    for kind, part in order.groupby("kind", sort=True):
        shown = [pattern for pattern in part["pattern"] if pattern in kept]
        rare = [pattern for pattern in part["pattern"] if pattern not in kept]
        rows = [replace(_pattern_row(dataset, pattern, [pattern], columns), found=True) for pattern in shown]
        if rare:
            rows.append(replace(_pattern_row(dataset, f"{len(rare)} other patterns", rare, columns), found=True))
        groups.append(RowGroup(GROUPS[int(str(kind))], tuple(rows)))
    visits = ", ".join(study.label("visits", str(visit)) for visit in dataset.frame["visit"].cat.categories)
    note = (
        f"One letter per visit: {visits}. {VALUE}, value analysed; {EVENT}, value excluded by the strategy "
        "for an intercurrent event; dash, no value, or no baseline value for the change. n (%) of the "
        "analysis set."
    )
    return Table(
        identifier("patterns", dataset.estimand),
        "Patterns of missing values",
        "Pattern",
        arm_columns(study, columns),
        tuple(groups),
        (Footnote(note),),
        subtitle=study.label("estimands", dataset.estimand),
        sums=_analysed_rows([row.label for group in groups for row in group.rows]),
    )


def _analysed_rows(patterns: list[str]) -> tuple[tuple[int, ...], ...]:
    """Return, for each visit, the patterns with a value there: they add up to the number analysed."""
    letters = [pattern.split(" ") for pattern in patterns]
    if len({len(pattern) for pattern in letters}) > 1:
        return ()
    visits = zip(*letters, strict=True)
    return tuple(tuple(at for at, letter in enumerate(visit) if letter == VALUE) for visit in visits)


def reasons_table(cohort: Cohort, dataset: AnalysisDataset) -> Table | None:
    """Return why participants have no value at the last visit of the endpoint, by arm; None where no reason is known.

    The reason is the intercurrent event whose strategy set the value aside, or else why follow-up had stopped by then.
    """
    study = with_arms(cohort.study, "A table of reasons")
    visit = endpoint_visit(study, dataset)
    here = dataset.frame[dataset.frame["visit"] == visit]
    reason = _reasons(cohort, here[here[dataset.response].isna()], visit)
    if reason.isin([UNKNOWN]).all():
        return None
    columns = by_arm(study, here[["participant_id", "arm"]].assign(reason=reason.reindex(here.index)))
    counts = reason.value_counts()
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    rows = [_share_row(dataset, "With a value", "value", _where(columns, known=True), columns, visit)]
    rows.append(_share_row(dataset, "Without a value", "no value", _where(columns, known=False), columns, visit))
    for name in names:
        chosen = {key: part[part["reason"].eq(name)] for key, part in columns.items()}
        row = _share_row(dataset, name, f"no value: {name}", chosen, columns, visit, level=1)
        rows.append(replace(row, found=True))
    return Table(
        identifier("missing-reasons", dataset.estimand),
        f"Reasons for missing values at {study.label('visits', visit)}",
        "Participants",
        arm_columns(study, columns),
        (RowGroup("", tuple(rows)),),
        (
            Footnote(
                "n (%) of the analysis set. A reason is counted if follow-up stopped before the end of the visit's "
                "window."
            ),
        ),
        subtitle=study.label("estimands", dataset.estimand),
    )


def completion_table(cohort: Cohort, dataset: AnalysisDataset) -> Table | None:
    """Describe at baseline, by arm, those with and those without a value at the endpoint.

    Nothing is tested: whether these groups differ by more than chance is not what matters.

    Returns
    -------
    Table or None
        By arm where each group has as many participants as the plan's `small_cells`, else of all arms together; None
        where even then a group is smaller, so that nobody's values are shown.
    """
    study = with_arms(cohort.study, "A table of reasons")
    visit = endpoint_visit(study, dataset)
    here = dataset.frame[dataset.frame["visit"] == visit]
    known = here.loc[here[dataset.response].notna(), "participant_id"]
    people = baseline_people(cohort, shown_at_baseline(study))
    arms = by_arm(study, people[among(people["participant_id"], here["participant_id"])])
    columns = _split({arm: rows for arm, rows in arms.items() if arm != TOTAL}, known)
    least = max(study.report.small_cells, 1)
    if min(map(len, columns.values()), default=0) < least:
        columns = _split({TOTAL: arms[TOTAL]}, known)
    if min(map(len, columns.values())) < least:
        return None

    def address(term: str, key: str) -> Statistic:
        word, _, arm = key.partition(" ")
        term = f"{term}, {word} a value"
        return Statistic("", math.nan, dataset.estimand, "baseline_by_completion", term, study.baseline_visit, arm)

    described = Described(columns, address)
    rows = [row for name in shown_at_baseline(study) for row in characteristic_rows(study, name, described)]
    headings = tuple(
        Column(
            with_n(word.capitalize(), counted(len(of), "completion", f"{word} a value", arm, dataset.estimand)),
            spanner=arm_label(study, arm),
        )
        for key, of in columns.items()
        for word, _, arm in [key.partition(" ")]
    )
    pooled = (
        "" if len(columns) > 2 else study.words.say(" All {arms} together, because some have too few participants.")
    )
    said = abbreviations(row.label for row in rows)
    return Table(
        identifier("completion", dataset.estimand),
        f"Participants at baseline, with and without a value at {study.label('visits', visit)}",
        "Characteristic",
        headings,
        (RowGroup("", tuple(rows)),),
        (Footnote(f"Percentages are of participants with a known value. No tests.{pooled} {said}".rstrip()),),
        subtitle=study.label("estimands", dataset.estimand),
    )


def _split(arms: Columns, known: pd.Series) -> Columns:
    """Split each arm into those with and those without a value, keyed by a word and the arm."""
    return {
        f"{word} {arm}": rows[among(rows["participant_id"], known) == (word == WITH)]
        for arm, rows in arms.items()
        for word in (WITH, WITHOUT)
    }


def endpoint_visit(study: ComparativeStudy, dataset: AnalysisDataset) -> str:
    """Return the last visit that the estimand names."""
    visits = study.estimands[dataset.estimand].endpoint.visit
    return max(visits, key=lambda name: study.visits[name].day)


def _patterns(dataset: AnalysisDataset) -> pd.DataFrame:
    """Return participant_id, arm, pattern and kind (place in GROUPS), one row per participant."""
    frame = dataset.frame
    aside = frame["handled"].fillna("").astype(str).ne("")
    letters = np.array(["", NOTHING, EVENT, VALUE], dtype=object)
    letter = np.where(frame[dataset.response].notna(), 3, np.where(aside, 2, 1))
    person, _ = pd.factorize(frame["participant_id"])
    place = frame.groupby(person).cumcount().to_numpy()
    given = np.zeros((person.max(initial=-1) + 1, place.max(initial=-1) + 1), dtype=np.int8)
    given[person, place] = letter
    distinct, which = np.unique(given, axis=0, return_inverse=True)
    patterns = np.array([" ".join(letters[row[row > 0]]) for row in distinct], dtype=object)
    kinds = np.array([_kind(pattern) for pattern in patterns], dtype=np.int64)
    people = frame.loc[place == 0, ["participant_id", "arm"]].reset_index(drop=True)
    return people.assign(pattern=pd.array(patterns, dtype="str")[which.ravel()], kind=kinds[which.ravel()])


def _kind(pattern: str) -> int:
    """Return the place in GROUPS of a pattern."""
    seen = pattern.replace(" ", "")
    if VALUE not in seen:
        return 3
    if set(seen) == {VALUE}:
        return 0
    return 2 if set(seen.rstrip(EVENT + NOTHING)) != {VALUE} else 1


def _pattern_row(dataset: AnalysisDataset, label: str, patterns: list[str], columns: Columns) -> Row:
    cells = []
    for key, people in columns.items():
        n = int(people["pattern"].isin(patterns).sum())
        at = Statistic(estimand=dataset.estimand, analysis="missing_patterns", term=label, arm=key)
        cells.append(cell("count_percent", {"n": n, "share": share(n, len(people))}, at))
    return Row(label, tuple(cells))


def _reasons(cohort: Cohort, rows: pd.DataFrame, visit: str) -> pd.Series:
    """Return why each row has no response: an event, the reason for stopping, or that none is known."""
    study, people = with_arms(cohort.study, "A table of reasons"), cohort.table("participants")
    reason = why_missing(study, rows)
    stopped = people[["participant_id"]].assign(
        why=people.get("discontinuation_reason", pd.Series(pd.NA, index=people.index)),
        before=stopped_by(study, people, [visit]),
    )
    stopped = rows[["participant_id"]].merge(stopped, on="participant_id", how="left").set_index(rows.index)
    before = stopped["before"].fillna(False).astype(bool)
    why = stopped["why"].fillna("no reason recorded").astype(str)
    told = reason.mask((reason == NO_VALUE) & before, "Stopped: " + why)
    return told.mask(told == NO_VALUE, UNKNOWN)


def _where(columns: Columns, *, known: bool) -> Columns:
    return {key: part[part["reason"].isna() == known] for key, part in columns.items()}


def _share_row(
    dataset: AnalysisDataset,
    label: str,
    term: str,
    chosen: Columns,
    columns: Columns,
    visit: str,
    level: int = 0,
) -> Row:
    cells = []
    for key, part in chosen.items():
        at = Statistic(estimand=dataset.estimand, analysis="missing_reasons", term=term, visit=visit, arm=key)
        total = len(columns[key])
        cells.append(cell("count_percent", {"n": len(part), "share": share(len(part), total)}, at))
    return Row(label, tuple(cells), level)
