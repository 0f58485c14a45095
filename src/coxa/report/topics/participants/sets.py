"""From files to analysed values: what was read, who was allocated, who is analysed when, and what was left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.dataset import AnalysisDataset
from coxa.models.results.run import AnyFit
from coxa.report.topics.data.labels import part_words, step_words, table_words, with_labels
from coxa.report.topics.missing.reasons import silent_participants, why_missing
from coxa.report.topics.participants.baseline import TOTAL, arm_columns, by_arm
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.design_words import DesignWords
from coxa.tables.formats import cell, counted
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Prose, prose
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

Counts = dict[str, int]
"""Arm, or all of them -> participants."""

LEFT_OUT_KEYS = ["stage", "table", "outcome", "visit", "reason"]


def participants_table(cohort: Cohort, datasets: Mapping[str, AnalysisDataset]) -> Table:
    """Count allocated participants and, for each estimand, those in its analysis set and analysed at each visit.

    Returns
    -------
    Table
        One column per arm and one for all. A value that a strategy for an intercurrent event set aside is
        counted under its reason, so that every participant of the set is accounted for at every visit; those
        who contribute to no visit are counted below the set.
    """
    study = with_arms(cohort.study, "A table of analysis sets")
    words = study.words
    people = cohort.table("participants")
    columns = by_arm(study, people[people["arm"].notna()])
    allocated = {arm: rows["participant_id"].nunique() for arm, rows in columns.items()}
    groups = [RowGroup("", (_count_row(words.placed, "allocated", allocated),))]
    groups += _joined(study, datasets.values())
    unallocated = int(people["arm"].isna().sum())
    notes = [
        Footnote("A participant is counted at a visit if the outcome there is known and the estimand uses it."),
        *([Footnote(_not_shown(words, unallocated))] if unallocated else []),
    ]
    return Table(
        "participants",
        f"Participants, from {'allocation' if words.allocates else words.start} to analysis",
        "Participants",
        arm_columns(study, columns),
        tuple(groups),
        tuple(notes),
    )


def _not_shown(words: DesignWords, unallocated: int) -> Prose:
    n = counted(unallocated, "participants", "without an arm")
    return prose(n, f" participants who are in no {words.arm} are not shown.")


def _joined(study: ComparativeStudy, datasets: Iterable[AnalysisDataset]) -> list[RowGroup]:
    """Return one group of rows per estimand; estimands with the same counts share one."""
    shared: dict[tuple[tuple[str, ...], ...], tuple[list[str], tuple[Row, ...]]] = {}
    for dataset in datasets:
        rows = _estimand_rows(study, dataset)
        counts = tuple((row.label, *(shown.text for shown in row.cells)) for row in rows)
        names, _ = shared.setdefault(counts, ([], rows))
        names.append(study.label("estimands", dataset.estimand))
    return [
        RowGroup(f"Estimand{'s' if len(names) > 1 else ''}: {'; '.join(names)}", rows)
        for names, rows in shared.values()
    ]


def _estimand_rows(study: ComparativeStudy, dataset: AnalysisDataset) -> tuple[Row, ...]:
    name, frame = dataset.estimand, dataset.frame
    everyone = frame.drop_duplicates(["participant_id", "arm"])["arm"]
    rows = [_count_row("In the analysis set", "analysis_set", _in_arms(study, everyone), name)]
    rows += _silent_rows(study, dataset)
    known, why = frame[dataset.response].notna(), why_missing(study, frame)
    for visit in frame["visit"].cat.categories:
        here = frame["visit"] == visit
        label = study.label("visits", visit)
        analysed = _in_arms(study, frame.loc[here & known, "arm"])
        rows.append(_count_row(f"{label}: analysed", "analysed", analysed, name, visit))
        for reason, arms in frame.loc[here & ~known, "arm"].groupby(why[here & ~known], sort=True):
            rows.append(_count_row(str(reason), str(reason), _in_arms(study, arms), name, visit, level=1))
    return tuple(rows)


def _silent_rows(study: ComparativeStudy, dataset: AnalysisDataset) -> Iterator[Row]:
    """Yield, per reason, a row that counts the participants who are analysed at no visit."""
    silent = silent_participants(dataset, study)
    for reason, rows in silent.groupby("reason", sort=True):
        label = f"Not analysed at any visit: {reason}"
        row = _count_row(label, f"not analysed: {reason}", _in_arms(study, rows["arm"]), dataset.estimand, level=1)
        yield replace(row, found=True)


def _in_arms(study: ComparativeStudy, arms: pd.Series) -> Counts:
    """Count participants, of whom each has an arm, by arm, the reference first, and all of them last."""
    counts = arms.value_counts()
    return {**{arm: int(counts.get(arm, 0)) for arm in study.groups}, TOTAL: len(arms)}


def _count_row(label: str, term: str, counts: Counts, estimand: str = "", visit: str = "", level: int = 0) -> Row:
    cells = []
    for arm, n in counts.items():
        at = Statistic("", math.nan, estimand, "participants", term, visit, arm)
        cells.append(cell("count", {"n": n}, at))
    return Row(label, tuple(cells), level)


def files_table(study: Study, disposition: Disposition) -> Table:
    """Show, for each step and file, how many rows, values or participants entered, stayed, and were left out."""
    numbers = ("entered", "kept", "empty", "left_out")
    rows = []
    for record in records(disposition.counts.fillna({"source_file": ""})):
        file = str(record["source_file"])
        step = f"{record['stage']} {record['table']} {file}".strip()
        words = (Cell(table_words(str(record["table"]))), Cell(file), Cell(str(record["counted"])))
        counts = (
            cell("count", {"n": record[name]}, Statistic(analysis="disposition", term=f"{step} {name}"))
            for name in numbers
        )
        rows.append(Row(step_words(study, str(record["stage"])), (*words, *counts)))
    columns = (
        Column("Table", "left"),
        Column("File", "left"),
        Column("Counted", "left"),
        *(Column(sentence_case(name.replace("_", " "))) for name in numbers),
    )
    note = Footnote("Entered = kept + empty + left out, in every row.")
    return Table("files", "From files to analysed values", "Step", columns, (RowGroup("", tuple(rows)),), (note,))


def left_out_table(study: Study, disposition: Disposition, fits: Mapping[str, tuple[AnyFit, ...]]) -> Table:
    """Count what was left out, by table, outcome, visit and reason under each step; nobody is named.

    Rows that a model could not use (a covariate is missing) are counted under their analysis.
    """
    listed = [disposition.left_out[LEFT_OUT_KEYS]]
    for analysis, models in fits.items():
        for fit in models:
            lost = fit.left_out.rename(columns={fit.sample.visit_column or "": "visit"})
            listed.append(lost.reindex(columns=LEFT_OUT_KEYS).assign(stage=f"model of {analysis}"))
    every = pd.concat([frame for frame in listed if len(frame)] or listed[:1]).astype(object)
    every = every.fillna("").astype(str)
    steps = {stage: index for index, stage in enumerate(dict.fromkeys(every["stage"]))}
    days = {name: visit.day for name, visit in study.visits.items()}
    counted = every.groupby(LEFT_OUT_KEYS, sort=False).size().reset_index(name="n")
    order = pd.DataFrame({"step": counted["stage"].map(steps), "day": counted["visit"].map(days)})
    counted = counted.loc[order.sort_values(["step", "day"], kind="stable").index]
    groups: dict[str, list[Row]] = {}
    for record in records(counted):
        at = Statistic(analysis="left_out", term=f"{record['stage']}: {record['reason']}", visit=str(record["visit"]))
        table, outcome, visit, reason = (str(record[name]) for name in ("table", "outcome", "visit", "reason"))
        words = (part_words(study, "outcomes", outcome), part_words(study, "visits", visit))
        number = cell("count", {"n": record["n"]}, at)
        said = map(Cell, (*words, with_labels(study, reason)))
        step = step_words(study, str(record["stage"]))
        groups.setdefault(step, []).append(Row(table_words(table), (*said, number)))
    columns = (
        Column("Outcome", "left"),
        Column("Visit", "left"),
        Column("Reason", "left"),
        Column("Number"),
    )
    note = Footnote(
        "Number: rows of a table, or values, that are in the data. Participants without a value are not among them; "
        "the tables of participants count them too."
    )
    shown = tuple(RowGroup(step, tuple(rows)) for step, rows in groups.items())
    return Table("left-out", "What was left out, and why", "Table", columns, shown, (note,))
