"""Tables and texts with only the counts that are shown, and nothing that gives another one away."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

from coxa.figures.figure import Figure
from coxa.report.document import Document
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import write
from coxa.tables.hidden import HIDDEN, Protected, counts, hide
from coxa.tables.prose import cells_of, with_cells
from coxa.tables.records import records
from coxa.tables.table import Column, Footnote, Row, Table

Side = tuple[str, str, str]
"""Analysis, or estimand (`_of_estimand`), visit and arm."""

Together = tuple[str, str, frozenset[str], float]
"""Analysis, visit, two arms and the number of both, which is the sum of their numbers that are shown."""

ESTIMATED = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
"""What an analysis says of an arm, or of two."""

SPREAD = ("sd", "q1", "q3")
DESCRIBED = ("mean", "median")
"""What may be shown of an arm whose number is hidden, as long as it is not small: a mean, and one measure of spread."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What is shown, and what else has to go with the counts that are not.

    models   : analyses of means with a fitted model, whose estimates are no function of counts
    sides    : analysis or estimand, visit and arm of hidden counts; what is estimated of that arm, or of a comparison
               with it, is hidden too where it is made from counts
    together : numbers of two arms together that say no more than their numbers do, which are shown
    """

    protected: Protected
    models: frozenset[str]
    sides: frozenset[Side] = frozenset()
    together: frozenset[Together] = frozenset()

    def after(self, document: Document) -> Protection:
        """Return the protection that knows which counts of the document it hides."""
        known = replace(self, together=frozenset(self._together(document)))
        sides: set[Side] = set()
        for cell in _cells(document):
            if all(known._shown(one) for one in counts(cell)):
                continue
            for one in counts(cell):
                if one.visit:
                    sides |= {(one.analysis, one.visit, one.arm), (_of_estimand(one), one.visit, one.arm)}
        return replace(known, sides=frozenset(sides))

    def _together(self, document: Document) -> Iterable[Together]:
        """Yield the sums of the numbers of two arms that are shown for one analysis at one visit."""
        shown: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for cell in _cells(document):
            for one in counts(cell):
                if one.name == "n_participants" and one.arm and not one.reference and self.protected.shows(one):
                    shown[one.analysis, one.visit][one.arm] = one.value
        for (analysis, visit), numbers in shown.items():
            for first, second in combinations(numbers, 2):
                yield analysis, visit, frozenset((first, second)), numbers[first] + numbers[second]

    def cell(self, cell: Cell) -> Cell:
        """Return a cell, without its numbers where they are not shown."""
        found = list(counts(cell))
        if any(not self._shown(one) for one in (*found, *cell.made_from)) or self._compares(cell):
            return hide(cell)
        return _without_share(cell) if self._of_hidden(cell) else cell

    def table(self, table: Table) -> Table:
        """Return a table with a note where something is hidden in it."""
        few = [any(self._few(one) for one in _heading(column)) for column in table.columns]
        groups = tuple(replace(group, rows=tuple(self._row(row, few) for row in group.rows)) for group in table.groups)
        made = replace(table, groups=groups).with_texts(lambda text: with_cells(text, self.cell))
        if made == table:
            return table
        return replace(made, footnotes=(*made.footnotes, Footnote(self.protected.note(), HIDDEN)))

    def _row(self, row: Row, few: list[bool]) -> Row:
        """Hide what is hidden, columns of few people, and what the row says else of hidden counts."""
        gone = [one for cell in row.cells for one in counts(cell) if not self._shown(one)]
        few_arms = {one.arm for one in gone if self._few(one)}
        gone_arms = {one.arm for one in gone} | {one.arm for cell in row.cells for one in self._of_hidden(cell)}
        cells = []
        for cell, of_few in zip(row.cells, few, strict=True):
            sides = {side for one in cell.statistics for side in (one.arm, one.reference)}
            same = bool(sides & few_arms) or (bool(sides & gone_arms) and self._gives_away(cell))
            cells.append(hide(cell) if cell.statistics and (of_few or same) else self.cell(cell))
        return replace(row, cells=tuple(cells))

    def _of_hidden(self, cell: Cell) -> list[Statistic]:
        """Return the count of n (%) where the number that the percentage is of is hidden."""
        whole, first = _whole(cell), list(counts(cell))[:1]
        return [one for one in first if whole is not None and not self.protected.shows_number(one.arm, whole)]

    def _shown(self, one: Statistic) -> bool:
        """Say whether a count is shown; that of two arms together is where it is the sum of two that are."""
        if one.reference and one.value:
            return (one.analysis, one.visit, frozenset((one.arm, one.reference)), one.value) in self.together
        return self.protected.shows(one)

    def _few(self, one: Statistic) -> bool:
        return 0 < one.value < self.protected.k

    def _compares(self, cell: Cell) -> bool:
        """Say whether what a cell compares, or estimates of an arm, is made from hidden counts."""
        return any(
            (who, one.visit, side) in self.sides
            for one in cell.statistics
            if (one.reference or one.name in ESTIMATED) and one.analysis not in self.models
            for who in (one.analysis, _of_estimand(one))
            for side in (one.arm, one.reference)
            if side
        )

    def compared_in(self, figure: Figure) -> bool:
        """Say whether a figure has a comparison that is made from hidden counts."""
        if not {"analysis", "visit", "arm", "reference"} <= set(figure.data.columns):
            return False
        drawn = (
            Statistic(
                "estimate",
                estimand=str(row.get("estimand", "")),
                analysis=row["analysis"],
                visit=row["visit"],
                arm=row["arm"],
                reference=row["reference"],
            )
            for row in records(figure.data)
            if row["reference"]
        )
        return any(self._compares(Cell("", (one,))) for one in drawn)

    def _gives_away(self, cell: Cell) -> bool:
        """Say whether a cell beside a hidden count of the same arm says what it is; a mean with its spread does not."""
        if any(True for _ in counts(cell)):
            return False
        names = {one.name for one in cell.statistics}
        return not names <= {*DESCRIBED, *SPREAD} and not {one.analysis for one in cell.statistics} <= self.models


def _of_estimand(one: Statistic) -> str:
    return f"estimand {one.estimand}" if one.estimand else one.analysis


def _whole(cell: Cell) -> float | None:
    """Return the number that a percentage beside a count is of, though it is not in the cell."""
    values = {one.name: one.value for one in cell.statistics}
    n, share = values.get("n", math.nan), values.get("share", math.nan)
    return None if "total" in values or not n or not share or not math.isfinite(n / share) else round(n / share)


def _without_share(cell: Cell) -> Cell:
    """Return n (%) as n: the percentage would give away a number that is not shown."""
    kept = tuple(replace(one, value=math.nan) if one.name == "share" else one for one in cell.statistics)
    n = next(one.value for one in kept if one.name == "n")
    return replace(cell, text=write("count", {"n": n}), statistics=kept, rule="count")


def _heading(column: Column) -> Iterable[Statistic]:
    return (one for text in (column.label, column.spanner) for cell in cells_of(text) for one in counts(cell))


def _cells(document: Document) -> Iterable[Cell]:
    for table in document.tables():
        yield from (cell for row in table.rows() for cell in row.cells)
