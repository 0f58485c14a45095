"""Every count that a document publishes, and all sums that a reader can know of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from coxa.report.document import Block, Card, Document, List, Paragraph
from coxa.report.transform.sharing.lines import Line, Lines
from coxa.tables.cells import Cell, Statistic
from coxa.tables.hidden import Address, count, counts
from coxa.tables.prose import Text, cells_of
from coxa.tables.table import Table

HEADING = 30.0
"""Loss of the number of an arm in a heading, on which percentages rest, beside that of a count in a cell."""

WHOLES = ("total", "planned")
"""Statistics of which the count in the same cell is a part."""


class Collector:
    """Collects the counts of a document with their sums.

    outcomes : estimand -> outcome

    lines    : the counts, arm by arm
    sizes    : numbers of participants that stand in headings
    analysed : what is counted of an outcome -> its lines, one for each estimand, of which one may be part of another
    guesses  : lines that may add up to something
    """

    def __init__(self, k: int, document: Document, outcomes: Mapping[str, str] | None = None) -> None:
        self.outcomes = dict(outcomes or {})
        self.lines = Lines(k, _everybody(document) // 2)
        self.sizes: dict[Line, None] = {}
        self.analysed: dict[Address, dict[Line, None]] = defaultdict(dict)
        self.guesses: list[list[Line]] = []

    def document(self, document: Document) -> None:
        """Collect tables and the counts of drawings first, then texts, then what the counts say together."""
        drawn = (figure.counts for figure in document.figures() if figure.counts)
        for table in (*document.tables(), *drawn):
            self.table(table)
        for section in document.walk():
            for block in section.blocks:
                for text in _texts(block):
                    self.text(text)
        for pair in (*combinations(self.sizes, 2), *(p for of in self.analysed.values() for p in combinations(of, 2))):
            self.lines.differ(*pair)
        self.guessed()
        self.remainders()
        self.lines.overlap()

    def text(self, text: Text) -> None:
        """Collect a text; like numbers in it (of those not analysed, by reason) add up."""
        alike: dict[Address, list[Line]] = defaultdict(list)
        for line, cells in self.group(cells_of(text)):
            one = next(iter(counts(cells[0])))
            alike[one.analysis, one.term.partition(":")[0], one.visit].append(line)
        for lines in alike.values():
            self.lines.add_up(lines)

    def group(self, cells: Iterable[Cell], weight: float = 1.0) -> list[tuple[Line, list[Cell]]]:
        """Publish the first count of each cell in lines of one address; of n/N, the whole and the others too."""
        found: dict[Address, list[dict[str, tuple[Statistic, Cell]]]] = defaultdict(list)
        for cell in cells:
            one = next((one for one in counts(cell) if not one.reference), None)
            if one is not None:
                of_one = found[one.estimand, one.analysis, one.term, one.visit, one.name]
                arm = count(one.arm, 0)[0]
                free = [line for line in of_one if arm not in line]
                if not free:
                    of_one.append({})
                (free or of_one[-1:])[0][arm] = (one, cell)
        made = []
        for (estimand, *what), several in found.items():
            for of_arms in several:
                line = self.published([one for one, _ in of_arms.values()], weight)
                made.append((line, [cell for _, cell in of_arms.values()]))
                if estimand:
                    self.analysed[self.outcomes.get(estimand, estimand), *what][line] = None
                wholes = [one for _, cell in of_arms.values() for one in counts(cell) if one.name in WHOLES]
                if wholes:
                    whole = self.published(wholes, weight)
                    arms = {arm for arm, _ in whole}
                    part = self.lines.line({arm: n for arm, n in line if arm in arms})
                    self.lines.subtract(whole, [part])
        return made

    def publishable(self, one: Statistic) -> bool:
        """Say whether a count may be shown at all: of no arm and no estimand, it is not known in which others it is."""
        return bool(one.arm or one.estimand or one.value > self.lines.no_chance)

    def published(self, ones: Sequence[Statistic], weight: float) -> Line:
        """Add a line with all arms that are published, and their total."""
        numbers = dict(count(one.arm, one.value) for one in ones)
        arms = {arm: n for arm, n in numbers.items() if arm} or numbers
        line = self.lines.line(arms)
        for one in ones:
            arm, n = count(one.arm, one.value)
            of_arms = arm or "" in arms or n == sum(arms.values())
            if self.publishable(one):
                self.lines.publish(line if of_arms else self.lines.line({"": n}), one, weight)
        return line

    def table(self, table: Table) -> None:
        """Collect headings, cells and notes of a table, and its sums along rows and columns."""
        headings = [
            cell for column in table.columns for text in (column.label, column.spanner) for cell in cells_of(text)
        ]
        self.sizes.update({line: None for line, _ in self.group(headings, HEADING)})
        rows = [row.cells for row in table.rows()]
        place = {id(cell): at for at, cells in enumerate(rows) for cell in cells}
        of_rows: list[list[Line]] = [[] for _ in rows]
        alike: dict[Address, list[Line]] = defaultdict(list)
        for line, cells in self.group(cell for row in rows for cell in row):
            for at in {place[id(cell)] for cell in cells}:
                of_rows[at].append(line)
            one = next(iter(counts(cells[0])))
            alike[one.estimand, one.analysis, one.term].append(line)
        for several in of_rows:
            self.lines.add_up(several)
        self.balance(of_rows)
        firsts = [several[0] if several else None for several in of_rows]
        for parent, children in families(table):
            self.below(firsts[parent], [below for at in children if (below := firsts[at]) is not None])
        grouped = [[firsts[at] for at in group] for group in (*alike_rows(table), *table.sums)]
        self.guesses += [[each for each in group if each is not None] for group in grouped]
        self.guesses += alike.values()
        for lines in alike.values():
            self.over_visits(lines)
        for note in table.footnotes:
            self.text(note.text)

    def balance(self, rows: Sequence[list[Line]]) -> None:
        """Add that the first number of a row is the sum of the others, as in every row (entered = kept + ...)."""
        several = [lines for lines in rows if len(lines) > 2 and all(line[0][0] == "" for line in lines)]
        if several and all(self.lines.total(lines[1:]) == lines[0] for lines in several):
            for first, *others in several:
                self.lines.subtract(first, others)

    def below(self, parent: Line | None, children: list[Line]) -> None:
        """Add that rows below another are its parts; or, with it, all participants of the arms; or overlap."""
        if parent is None or not children:
            self.guesses.append(children)
            return
        if self.lines.total([parent, *children]) in self.sizes:
            self.lines.add_up([parent, *children])
        elif self.lines.remainder(parent, children) is not None:
            self.lines.subtract(parent, children)
        else:
            for line in children:
                self.lines.subtract(parent, [line])

    def over_visits(self, lines: list[Line]) -> None:
        """Add up, over visits and arms, what is counted alike (the values behind a model)."""
        totals = [self.lines.at(line, "") for line in lines]
        if len(totals) > 1:
            value = sum(self.lines.builder.values[at] for at in totals if at is not None)
            self.lines.builder.equal([self.lines.at((("", value),), "")], totals)

    def guessed(self) -> None:
        """Add the sums that are a line that is known, or that with one are all participants of the arms."""
        for lines in self.guesses:
            total = self.lines.total(lines)
            if total is not None and (
                total in self.lines.known
                or self.lines.small(total)
                or any(self.lines.remainder(size, [total]) in self.lines.known for size in self.sizes)
            ):
                self.lines.add_up(lines)

    def remainders(self) -> None:
        """Add, for every line, the participants of the arms who are not among it: few, or a line that is known too."""
        for line in list(self.lines.known):
            for size in self.sizes:
                left = self.lines.remainder(size, [line])
                if left is not None and left != size and (left in self.lines.known or self.lines.small(left)):
                    self.lines.subtract(size, [line])


def families(table: Table) -> Iterator[tuple[int, list[int]]]:
    """Yield each row that has others indented below it, with those that are one level below."""
    start = 0
    for group in table.groups:
        levels = [row.level for row in group.rows]
        for parent, level in enumerate(levels):
            children = []
            for child in range(parent + 1, len(levels)):
                if levels[child] <= level:
                    break
                if levels[child] == level + 1:
                    children.append(start + child)
            if children:
                yield start + parent, children
        start += len(levels)


def alike_rows(table: Table) -> Iterator[list[int]]:
    """Yield rows that may add up to something: all of a table, all of a group, and those that begin alike in it."""
    start, every = 0, []
    for group in table.groups:
        first = [start + at for at, row in enumerate(group.rows) if row.level == 0]
        alike: dict[tuple[str, int], list[int]] = defaultdict(list)
        for at, row in enumerate(group.rows):
            alike[row.label.partition(":")[0], row.level].append(start + at)
        yield first
        yield from (rows for rows in alike.values() if 1 < len(rows) < len(group.rows))
        every += first
        start += len(group.rows)
    if len(table.groups) > 1:
        yield every


def _everybody(document: Document) -> int:
    """Return the largest number of participants in the headings of a table."""
    sums = (
        sum(
            one.value
            for column in table.columns
            for cell in cells_of(column.label)
            for one in counts(cell)
            if one.arm != "total"
        )
        for table in document.tables()
    )
    return round(max(sums, default=0))


def _texts(block: Block) -> Iterable[Text]:
    match block:
        case Paragraph(text):
            return (text,)
        case List(items):
            return items
        case Card(facts=facts):
            return tuple(text for _, text in facts)
    return ()
