"""Table of what the diary has: each participant's own mean of every column, and the days that meet a standard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pandas as pd

from coxa.report.topics.diary.kept import sizes_of
from coxa.report.topics.diary.words import column_label, in_sentence_case, range_words, unit_of
from coxa.study import Study
from coxa.study.diary import DiaryNumber, arms_with_diary, diary_of
from coxa.tables.by_arm import ByArm, named_columns
from coxa.tables.table import Footnote, Row, RowGroup, Table

NAME = "diary_recorded"
IN_DELIVERY = ("exercises_prescribed", "exercises_done")
"""Columns that are reported with the delivery of the treatments."""


def recorded_table(study: Study, days: pd.DataFrame, people: pd.DataFrame) -> Table | None:
    """Describe the columns of the diary by arm or group: mean (SD) of the means of participants.

    Parameters
    ----------
    study
        The plan, for labels and standards.
    days : DataFrame
        One row per entry, with `participant_id`, `arm` and the columns of the diary.
    people : DataFrame
        Participants with their `arm`, for the numbers in the headings.

    Returns
    -------
    Table or None
        A row for each column with a value; below it those participants who have one, where not all have. None where
        the diary has no such column, as one of exercises alone.
    """
    sizes = sizes_of(people, arms_with_diary(study.diary, study.groups))
    rows = ByArm(NAME, tuple(sizes))
    columns = [name for name in get_args(DiaryNumber) if name in days and name not in IN_DELIVERY]
    made = [row for name in columns for row in _column(days, name, rows, sizes)]
    groups = [RowGroup("Means of participants over their days, mean (SD)", tuple(made))] if made else []
    standards = diary_of(study.diary).standards
    met = [_standard(days, name, standards[name].range, rows) for name in columns if name in standards]
    if "medication" in days:
        taken = days.dropna(subset="medication")
        percent = _shares(taken, taken["medication"].astype(bool))
        met.append(rows.numbers("Analgesic taken", "medication", "mean_sd", percent, "percent"))
    if met:
        groups.append(RowGroup("Days of participants, % of those recorded, mean (SD)", tuple(met)))
    if not groups:
        return None
    notes = ["Each participant counts once, however many days were written."]
    notes += [f"{column_label(name)}: {standards[name].source}." for name in columns if name in standards]
    columns_of_arms = named_columns(study, sizes, term=study.counted_as)
    return Table("diary-recorded", "What the diary has", "Column", columns_of_arms, tuple(groups),
                 tuple(map(Footnote, notes)))  # fmt: skip


def _column(days: pd.DataFrame, name: str, rows: ByArm, sizes: dict[str, int]) -> Iterator[Row]:
    means = days.dropna(subset=name).astype({name: float}).groupby(["participant_id", "arm"], observed=True)[name]
    frame = means.mean().reset_index()
    yield rows.numbers(column_label(name), name, "mean_sd", frame, name)
    known = frame.groupby("arm", observed=True).size()
    if any(known.get(arm, 0) != n for arm, n in sizes.items()):
        yield rows.shares("Participants with a value, n (%)", f"{name} known", known, sizes, 1)


def _standard(days: pd.DataFrame, name: str, limits: tuple[float, float], rows: ByArm) -> Row:
    known = days.dropna(subset=name)
    percent = _shares(known, known[name].astype(float).between(*limits))
    said = f"{in_sentence_case(name).capitalize()} of {range_words(*limits, unit_of(name))}"
    return rows.numbers(said, f"{name} in standard", "mean_sd", percent, "percent")


def _shares(days: pd.DataFrame, met: pd.Series) -> pd.DataFrame:
    """Return, by participant, the percentage of the days on which something was met."""
    marked = days[["participant_id", "arm"]].assign(percent=100.0 * met)
    return marked.groupby(["participant_id", "arm"], observed=True)["percent"].mean().reset_index()
