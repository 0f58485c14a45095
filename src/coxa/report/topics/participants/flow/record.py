"""The flow of participants as a frozen record: boxes with counts, and what each count is divided into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Kind = Literal["main", "leaving", "beside"]
"""main: everybody who goes on; leaving: who goes no further; beside: a description of people who go on."""

Stage = Literal["enrolment", "allocation", "follow_up", "analysis"]

ALL = ""
"""The arm of a box in which there are all arms."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of participants, and what they are divided into.

    label    : who they are
    n        : participants
    clusters : clusters with anybody in it; where people leave, clusters that leave as a whole; None if not counted
    parts    : into which everybody is divided; empty where nothing more is said
    hidden   : whether the number is not to be shown; n and clusters are then 0 and None
    """

    label: str
    n: int
    clusters: int | None = None
    parts: tuple[Count, ...] = ()
    hidden: bool = False

    def part(self, label: str) -> Count | None:
        """Return the part with a label, or None."""
        return next((part for part in self.parts if part.label == label), None)

    def walk(self, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Count]]:
        """Yield this count and its parts at every depth, each with the labels that lead to it."""
        path = (*above, self.label)
        yield path, self
        for part in self.parts:
            yield from part.walk(path)


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the diagram.

    id    : "assessed", "allocated.exercise" ...
    arm   : whose it is; `ALL` for all arms
    into  : ids of the boxes into which everybody goes from here
    about : for a box beside others, the counts that it describes: id of the box, and label of a part of it or ""
    note  : what a reader has to know about the numbers
    """

    id: str
    kind: Kind
    stage: Stage
    arm: str
    count: Count
    into: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    note: str = ""

    @property
    def shows_whole(self) -> bool:
        """Whether the whole is shown beside its parts; it is not where the box before has the same people."""
        if not self.count.parts:
            return True
        if self.kind == "beside":
            return any(label for _, label in self.about)
        return self.stage in ("enrolment", "allocation")


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow of the participants of a study.

    estimand : whose analysis is shown
    analysis : what is analysed, in words ("HOOS pain at Week 12")
    arms     : name -> label, the reference first
    boxes    : from top to bottom, arm by arm
    """

    design: str
    estimand: str
    analysis: str
    arms: tuple[tuple[str, str], ...]
    boxes: tuple[Box, ...]

    def box(self, name: str) -> Box | None:
        """Return a box by its id, or None."""
        return next((box for box in self.boxes if box.id == name), None)

    def to_frame(self) -> pd.DataFrame:
        """Return every number of the diagram, one row each.

        Returns
        -------
        DataFrame
            box, kind, stage, arm (empty for all arms), level (0 for the whole box), label, within (label of what it
            is a part of), n (missing where it is hidden), clusters.
        """
        rows = [
            (box.id, box.kind, box.stage, box.arm, len(path) - 1, path[-1], path[-2] if len(path) > 1 else "",
             pd.NA if count.hidden else count.n, count.clusters)
            for box in self.boxes
            for path, count in box.count.walk()
        ]  # fmt: skip
        names = ["box", "kind", "stage", "arm", "level", "label", "within", "n", "clusters"]
        return pd.DataFrame(rows, columns=names).astype({"n": "Int64", "clusters": "Int64"})
