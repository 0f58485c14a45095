"""The proof that a flow adds up: every box is the sum of what comes out of it, and of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.report.topics.participants.flow.record import Box, Count, Flow

REMEDY = (
    "Look in table participants for a row that is repeated or in no arm of the plan, and in table screening for "
    "another `participant_id`. `coxa check` lists them."
)


@dataclass(frozen=True, slots=True)
class Sum:
    """A number and those that it should be the sum of.

    whole, parts : what is counted, and how many; None for a number that is not known
    counted      : "participants" or "clusters"
    """

    whole: tuple[str, int | None]
    parts: tuple[tuple[str, int | None], ...]
    counted: str

    @property
    def holds(self) -> bool:
        """Whether it is a sum of numbers from 0; a sum of which one number is not known says nothing."""
        numbers = [n for _, n in (self.whole, *self.parts)]
        known = [n for n in numbers if n is not None]
        if any(n < 0 for n in known):
            return False
        return len(known) < len(numbers) or known[0] == sum(known[1:])

    def __str__(self) -> str:
        total = sum(n or 0 for _, n in self.parts)
        said = " + ".join(f"{label} {n}" for label, n in self.parts)
        return f"{self.whole[0]}: {self.whole[1]} {self.counted}; {said} = {total}"


def check_flow(flow: Flow) -> Flow:
    """Return a flow whose numbers add up.

    Raises
    ------
    DataError
        A number is not the sum of what comes out of it, or of its parts; both sides are named, for every such number.
    """
    broken = [one for one in flow_sums(flow) if not one.holds]
    if broken:
        rule = "a box of the flow diagram is not the sum of what comes out of it"
        findings = Findings.of(Finding("error", "participants", rule, REMEDY, value=str(one)) for one in broken)
        raise DataError("the flow of participants does not add up, and is not drawn", findings)
    return flow


def flow_sums(flow: Flow) -> Iterator[Sum]:
    """Yield every sum that a flow claims: of boxes, of boxes beside others, and of the parts in a box."""
    labels = dict(flow.arms)
    for box in flow.boxes:
        name = _name(box, labels)
        if box.into:
            yield from _both(name, box.count, [(_told(flow, other, labels), _count(flow, other)) for other in box.into])
        if box.about:
            described = [(_told(flow, other, labels), _count(flow, other, label)) for other, label in box.about]
            yield Sum((name, box.count.n), tuple((label, count.n) for label, count in described), "participants")
        for path, count in box.count.walk():
            if count.parts:
                yield from _both(": ".join((name, *path[1:])), count, [(part.label, part) for part in count.parts])


def _both(name: str, whole: Count, parts: list[tuple[str, Count]]) -> Iterator[Sum]:
    """Yield the sum of participants, and that of clusters where every one of them is counted."""
    yield Sum((name, whole.n), tuple((label, part.n) for label, part in parts), "participants")
    clusters = [part.clusters for _, part in parts]
    if whole.clusters is not None and None not in clusters:
        labels = [label for label, _ in parts]
        yield Sum((name, whole.clusters), tuple(zip(labels, clusters, strict=True)), "clusters")


def _name(box: Box, labels: dict[str, str]) -> str:
    return f"{box.count.label} ({labels.get(box.arm, box.arm)})" if box.arm else box.count.label


def _told(flow: Flow, other: str, labels: dict[str, str]) -> str:
    box = flow.box(other)
    return _name(box, labels) if box else f"no box {other}"


def _count(flow: Flow, other: str, label: str = "") -> Count:
    """Return the count of a box or of a part of it; one of nobody where there is none."""
    box = flow.box(other)
    found = box.count if box and not label else box.count.part(label) if box else None
    return found or Count(label, 0)
