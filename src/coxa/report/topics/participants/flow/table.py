"""The numbers of the flow diagram as rows that add up, each with its address; sharing says by them what is hidden."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from coxa.report.topics.participants.baseline import TOTAL
from coxa.report.topics.participants.flow.record import ALL, Box, Count, Flow, Stage
from coxa.study.kinds import words_of_design
from coxa.tables.formats import cell
from coxa.tables.hidden import Protected
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

ANALYSIS = "flow"
CLUSTERS = "In brackets: clusters; where people leave, those that leave as a whole."
STAGES: dict[Stage, str] = {
    "enrolment": "Enrolment",
    "allocation": "Allocation",
    "follow_up": "Follow-up",
    "analysis": "Analysis",
}


def stage_label(flow: Flow, stage: Stage) -> str:
    """Return the name of a stage; in a cohort study nobody is allocated.

    Examples
    --------
    >>> stage_label(Flow("cohort", "primary", "pain", (), ()), "allocation")
    'Groups'
    """
    return STAGES[stage] if stage != "allocation" or words_of_design(flow.design).allocates else "Groups"


def flow_table(flow: Flow) -> Table:
    """Show every number of a flow, one column per arm and one for all.

    A cell is empty where a number is not of an arm. Reasons of several arms share a row.
    """
    groups = []
    for stage in STAGES:
        rows = tuple(_stage_rows(flow, [box for box in flow.boxes if box.stage == stage]))
        name = stage_label(flow, stage)
        groups.append(RowGroup(f"{name}: {flow.analysis}" if stage == "analysis" else name, rows))
    notes = dict.fromkeys(box.note for box in flow.boxes if box.note)
    clustered = any(box.count.clusters is not None for box in flow.boxes)
    return Table(
        "flow-counts",
        "Participants in the flow diagram",
        "Participants",
        (*(Column(label) for _, label in flow.arms), Column("All")),
        tuple(group for group in groups if group.rows),
        (
            Footnote(f"{words_of_design(flow.design).membership}."),
            *(Footnote(note) for note in notes),
            *([Footnote(CLUSTERS)] if clustered else []),
        ),
    )  # fmt: skip


def without(flow: Flow, protected: Protected) -> Flow:
    """Return a flow without the numbers that are hidden in its table."""

    def kept(count: Count, box: Box, path: tuple[str, ...]) -> Count:
        parts = tuple(kept(part, box, (*path, part.label)) for part in count.parts)
        at = Statistic("n", count.n, flow.estimand, ANALYSIS, _term(_kind(box), path), "", box.arm or TOTAL)
        if not protected.shows(at):
            return Count(count.label, 0, None, parts, hidden=True)
        return replace(count, parts=parts)

    return replace(flow, boxes=tuple(replace(box, count=kept(box.count, box, ())) for box in flow.boxes))


def _kind(box: Box) -> str:
    """Return what boxes of the same kind of every arm have in common."""
    return box.id if box.arm == ALL else box.id.partition(".")[0]


def _term(box: str, path: tuple[str, ...]) -> str:
    """Return what a number is in its address: of which kind of box, and the labels that lead to it in the box."""
    return ": ".join((box.replace("_", " "), *path))


def _stage_rows(flow: Flow, boxes: Iterable[Box]) -> Iterator[Row]:
    """Yield the rows of the boxes of a stage; the boxes of the same kind of every arm are one block.

    Each begins with the number that the others add up to, so that a reader can see it,
    and `coxa.report.transform.sharing`.
    """
    blocks: dict[str, list[Box]] = {}
    for box in boxes:
        blocks.setdefault(_kind(box), []).append(box)
    for name, mine in blocks.items():
        counts = {box.arm: box.count for box in mine}
        everybody = "Everybody allocated" if words_of_design(flow.design).allocates else "Everybody in the group"
        label = next(iter(counts.values())).label if any(box.shows_whole for box in mine) else everybody
        yield _row(flow, name, (label,), counts, 0)
        yield from _part_rows(flow, name, (label,), counts, 1)


def _part_rows(flow: Flow, box: str, above: tuple[str, ...], counts: Mapping[str, Count], level: int) -> Iterator[Row]:
    for label in merged([part.label for part in count.parts] for count in counts.values()):
        mine = {arm: count.part(label) or Count(label, 0, None if count.clusters is None else 0)
                for arm, count in counts.items()}  # fmt: skip
        yield _row(flow, box, (*above, label), mine, level)
        yield from _part_rows(flow, box, (*above, label), mine, level + 1)


def merged(sequences: Iterable[Sequence[str]]) -> list[str]:
    """Return all labels of several sequences once, each after the one before it in its own sequence.

    Examples
    --------
    >>> merged([["before", "late"], ["before", "early", "late"]])
    ['before', 'early', 'late']
    """
    found: list[str] = []
    for labels in sequences:
        place = 0
        for label in labels:
            if label not in found:
                found.insert(place, label)
            place = found.index(label) + 1
    return found


def _row(flow: Flow, box: str, path: tuple[str, ...], counts: Mapping[str, Count], level: int) -> Row:
    term = _term(box, path[1:])
    arms = [arm for arm, _ in flow.arms]
    cells = [_cell(flow, term, arm, counts[arm]) if arm in counts else Cell("") for arm in arms]
    known = [count.clusters for count in counts.values()]
    clusters = None if None in known else sum(n for n in known if n is not None)
    every = Count(path[-1], sum(count.n for count in counts.values()), clusters)
    return Row(path[-1], (*cells, _cell(flow, term, TOTAL, every)), level)


def _cell(flow: Flow, term: str, arm: str, count: Count) -> Cell:
    at = Statistic("", math.nan, flow.estimand, ANALYSIS, term, "", arm)
    if count.clusters is None:
        return cell("count", {"n": count.n}, at)
    return cell("count_clusters", {"n": count.n, "clusters": count.clusters}, at)
