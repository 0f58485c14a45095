"""Counts of one kind, one for each arm, and the sums that hold in every arm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from coxa.disclosure import SumsBuilder
from coxa.tables.cells import Statistic
from coxa.tables.hidden import Address, address, count

Line = tuple[tuple[str, int], ...]
"""Arm and number, arm by arm; lines of the same numbers are taken for the same counts, wherever they are published."""


class Lines:
    """Collects lines of counts and what they add up to.

    k         : counts from 1 to k - 1 are small
    no_chance : numbers of all arms together above this are taken for the same count where they are equal
    known     : lines that were added
    published : index -> addresses under which the count is published
    """

    def __init__(self, k: int, no_chance: int) -> None:
        self.k = k
        self.no_chance = no_chance
        self.builder = SumsBuilder()
        self.known: dict[Line, None] = {}
        self.published: dict[int, set[Address]] = defaultdict(set)

    def line(self, numbers: Mapping[str, int]) -> Line:
        """Add the counts of several arms, and their sum."""
        line = tuple(sorted(numbers.items()))
        if line not in self.known:
            self.known[line] = None
            if line[0][0]:
                self.builder.equal([self.at(line, "")], [self.at(line, arm) for arm in numbers])
        return line

    def at(self, line: Line, arm: str, weight: float = 0.0) -> int | None:
        """Return the index of the count of an arm, of all arms with an empty one; None of a zero."""
        value = dict(line)[arm] if arm or not line[0][0] else sum(n for _, n in line)
        key = ("", value) if not arm and value > self.no_chance else (line, arm)
        return self.builder.count(key, value, weight)

    def publish(self, line: Line, one: Statistic, weight: float) -> None:
        """Say that a count of a line is published."""
        at = self.at(line, count(one.arm, 0)[0], weight)
        if at is not None:
            self.published[at].add(address(one))

    def total(self, lines: Iterable[Line]) -> Line | None:
        """Return the sum of lines, arm by arm, without adding it; None of fewer than two, or of different arms."""
        several = list(lines)
        if len(several) < 2 or len({tuple(arm for arm, _ in line) for line in several}) > 1:
            return None
        return tuple((of[0][0], sum(n for _, n in of)) for of in zip(*several, strict=True))

    def add_up(self, lines: Iterable[Line]) -> Line | None:
        """Add the sum of lines, arm by arm; return it."""
        several = list(lines)
        total = self.total(several)
        if total is not None:
            self.line(dict(total))
            for arm, _ in total:
                self.builder.equal([self.at(total, arm)], [self.at(line, arm) for line in several])
        return total

    def remainder(self, whole: Line, parts: Iterable[Line]) -> Line | None:
        """Return what is left of a line without others, without adding it; None where it would be below zero."""
        several = list(parts)
        if len({tuple(arm for arm, _ in line) for line in (whole, *several)}) > 1:
            return None
        left = tuple((of[0][0], of[0][1] - sum(n for _, n in of[1:])) for of in zip(whole, *several, strict=True))
        return left if min(n for _, n in left) >= 0 else None

    def subtract(self, whole: Line, parts: Iterable[Line]) -> None:
        """Add what is left of a line without others."""
        several = list(parts)
        left = self.remainder(whole, several)
        if left is not None:
            self.add_up([*several, self.line(dict(left))])
            for arm, _ in whole:
                self.builder.equal([self.at(whole, arm)], [self.at(line, arm) for line in (*several, left)])

    def differ(self, first: Line, second: Line) -> None:
        """Add, arm by arm, a small number by which two counts differ."""
        numbers = dict(second)
        for arm, n in first:
            if arm in numbers and 0 < abs(n - numbers[arm]) < self.k:
                less, more = sorted((first, second), key=lambda line: dict(line)[arm])
                apart = self.builder.count((first, second, arm), abs(n - numbers[arm]))
                self.builder.equal([self.at(more, arm)], [self.at(less, arm), apart])

    def small(self, line: Line) -> bool:
        """Say whether a line has a small count."""
        return any(0 < n < self.k for _, n in line) or 0 < sum(n for _, n in line) < self.k

    def overlap(self) -> None:
        """Add that the counts of some of the arms are those of a line of all, where the numbers are."""
        for line in list(self.known):
            for other in list(self.known):
                if len(line) < len(other) and set(line) < set(other) and min(n for _, n in line) >= self.k:
                    for arm, _ in line:
                        self.builder.equal([self.at(line, arm)], [self.at(other, arm)])
