"""Items of questionnaires among the columns: of which instrument, at which times, written how."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from coxa.importing.study.times import SEPARATORS, TimedColumn
from coxa.instruments import Instrument, instrument_names, load_instrument

OTHER_NAMES = {
    "eq_5d_5l": ("eq5d", "eq5d5l", "eq", "euroqol"),
    "hoos_12": ("hoos12",),
    "ohs": ("ohs", "oxfordhip", "oxfordhipscore", "oxford"),
    "ihot_12": ("ihot12",),
    "ihot_33": ("ihot33",),
    "tsk_11": ("tsk11", "tsk"),
    "tsk_17": ("tsk17", "tsk"),
    "pcs": ("pcs", "pcs13"),
    "lefs": ("lefs", "lefs20"),
}
"""Instrument -> what columns may begin with, apart from its own name."""

OTHER_CODES = {
    "eq_5d_5l": {
        "mobility": ("mob", "mo", "1"),
        "self_care": ("sc", "care", "2"),
        "usual_activities": ("usual", "activities", "ua", "activity", "3"),
        "pain_discomfort": ("pain", "pd", "discomfort", "4"),
        "anxiety_depression": ("anxiety", "ad", "depression", "anx", "5"),
        "vas": ("thermometer", "health", "eqvas"),
    }
}
"""Instrument -> item -> how it may be written in short."""

FITTING = 0.95
"""Share of the answers that lie within the range of an instrument; the others are faults of the data."""

MOST_ITEMS = 0.8
"""Share of the items that there are where items have only numbers."""

NUMBERS = re.compile(r"(?P<prefix>.*?)(?P<separator>[ _.-]?)(?P<number>\d{1,2})")


@dataclass(frozen=True, slots=True)
class ItemColumn:
    """A column that holds one item: how the item is written in its name, and at which time."""

    column: str
    item: str
    written: str
    timed: TimedColumn | None


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """The items of one instrument among the columns of a table.

    prefix      : what the columns have in common, such as `hoos_` or `q`
    candidates  : instruments that it can be; one where the names say it
    numbered    : whether the columns number the items
    columns     : column and item, of the first candidate
    within      : whether nearly all answers lie within the range of the items
    codes       : the file's answer -> that of the instrument, where an answer to a question says so
    """

    prefix: str
    candidates: tuple[str, ...]
    numbered: bool
    columns: tuple[ItemColumn, ...]
    within: bool = True
    codes: Mapping[int, int] = field(default_factory=dict)

    @property
    def instrument(self) -> str:
        """The instrument, or the first that it can be."""
        return self.candidates[0]

    def of(self, instrument: str) -> ItemGroup:
        """Return the group with items of one of its candidates."""
        items = load_instrument(instrument).items
        columns = self.columns
        if self.numbered:
            columns = tuple(ItemColumn(c.column, items[int(c.written) - 1], c.written, c.timed) for c in columns)
        return ItemGroup(self.prefix, (instrument,), self.numbered, columns)

    def pattern(self) -> str | None:
        """Return the pattern of `items` that finds these columns, None where they have none.

        Examples
        --------
        >>> columns = [ItemColumn(f"HOOS_{item}", item.lower(), item, None) for item in ("P1", "S2")]
        >>> ItemGroup("hoos", ("hoos",), False, tuple(columns)).pattern()
        'HOOS_{item}'
        """
        patterns = {_pattern(each) for each in self.columns}
        plain = all(self.numbered or re.sub(r"^0+(?=\d)", "", c.written.lower()) == c.item for c in self.columns)
        return patterns.pop() if plain and len(patterns) == 1 else None


def _pattern(column: ItemColumn) -> str:
    """Return the name of a column with `{item}` and `{visit}` in place of them."""
    name = column.timed.template if column.timed else column.column
    before, mark, after = name.rpartition(column.written) if not column.timed else _around(name, column.written)
    return f"{before}{{item}}{after}" if mark else name


def _around(template: str, written: str) -> tuple[str, str, str]:
    """Split a template at an item, which is not within `{visit}`."""
    head, visit, tail = template.partition("{visit}")
    if written in tail:
        before, mark, after = tail.rpartition(written)
        return head + visit + before, mark, after
    before, mark, after = head.rpartition(written)
    return before, mark, after + visit + tail


@cache
def _prefixes() -> tuple[tuple[str, str], ...]:
    """Return (folded prefix, instrument), the longest first."""
    named = [(_folded(name), name) for name in instrument_names()]
    named += [(prefix, name) for name, others in OTHER_NAMES.items() for prefix in others]
    return tuple(sorted(set(named), key=lambda pair: (-len(pair[0]), pair)))


def _folded(text: str) -> str:
    return re.sub(r"0+(?=\d)", "", re.sub(rf"[{re.escape(SEPARATORS)}]", "", text.lower()))


@cache
def _codes(instrument: str) -> Mapping[str, str]:
    """Return how an item can be written, folded -> item; numbers where items have nothing but numbers."""
    definition = load_instrument(instrument)
    codes = {_folded(item): item for item in definition.items}
    for item, others in OTHER_CODES.get(instrument, {}).items():
        codes |= dict.fromkeys(others, item)
    if _only_numbers(definition):
        for k, item in enumerate(definition.items, start=1):
            codes |= {str(k): item, f"q{k}": item, f"item{k}": item}
    return codes


def _only_numbers(instrument: Instrument) -> bool:
    """Say whether the items of an instrument are a stem and a number, of one stem."""
    stems = {re.sub(r"\d+$", "", item) for item in instrument.items}
    return len(stems) == 1 and len(instrument.items) > 1


def named_item(stem: str) -> Iterator[tuple[str, str, str]]:
    """Yield (instrument, item, as it is written) for a name such as `hoos_p1`, the longest name of an instrument first.

    Examples
    --------
    >>> next(named_item("HOOS_P01")), next(named_item("hoos12_p1")), list(named_item("age"))
    (('hoos', 'p1', 'P01'), ('hoos_12', 'p1', 'p1'), [])
    """
    folded = _folded(stem)
    for prefix, instrument in _prefixes():
        code = _codes(instrument).get(folded[len(prefix) :]) if folded.startswith(prefix) else None
        if code is not None:
            yield instrument, code, _written(stem, folded[len(prefix) :], instrument)


def _written(stem: str, code: str, instrument: str) -> str:
    """Return the end of a name that folds to a code; its number, where the items have only numbers."""
    if _only_numbers(load_instrument(instrument)) and re.search(r"\d$", code):
        return (re.search(r"\d+$", stem) or re.fullmatch(".*", stem))[0]  # type: ignore[index]
    ends = (stem[start:] for start in range(len(stem)))
    return next((end for end in ends if _folded(end) == code and end[0] not in SEPARATORS), stem)


def item_groups(
    columns: Sequence[str], timed: Mapping[str, TimedColumn], fits: Callable[[str, float, float], float]
) -> list[ItemGroup]:
    """Return the items of instruments among the columns of a table.

    Parameters
    ----------
    columns
        Names of columns that may be items.
    timed
        Column -> its name without the time, where it has one.
    fits
        Share of a column's values that lie between two numbers; 0 where it holds no numbers.

    Returns
    -------
    list of ItemGroup
        A column is in one group at most. Where columns are numbered and not named after an instrument, the candidates
        are those with so many items and with this range.
    """
    named: dict[tuple[str, str], list[ItemColumn]] = defaultdict(list)
    for name in columns:
        for each, stem in _stems(name, timed):
            for instrument, item, written in named_item(stem):
                named[instrument, stem[: len(stem) - len(written)].lower()].append(
                    ItemColumn(name, item, written, each)
                )
    groups, taken = [], set()
    order = sorted(named.items(), key=lambda pair: (-len(pair[1]), -len(pair[0][0])))
    for (instrument, prefix), found in order:
        free = [each for each in found if each.column not in taken]
        free = _one_reading(free)
        if _complete(instrument, free):
            numbered = _only_numbers(load_instrument(instrument)) and all(each.written.isdigit() for each in free)
            within = _within(instrument, free, fits)
            groups.append(ItemGroup(prefix, (instrument,), numbered, tuple(free), within))
            taken |= {each.column for each in free}
    return groups + _numbered_groups([name for name in columns if name not in taken], timed, fits)


def _stems(name: str, timed: Mapping[str, TimedColumn]) -> Iterator[tuple[TimedColumn | None, str]]:
    """Yield a name without its time, and as it is."""
    if name in timed:
        yield timed[name], timed[name].stem
    if name not in timed or timed[name].time.unit == "number":
        yield None, name


def _one_reading(columns: Sequence[ItemColumn]) -> list[ItemColumn]:
    """Return one reading of each column: all with times or all without, as most are."""
    with_time = sum(each.timed is not None for each in columns)
    chosen = [each for each in columns if (each.timed is not None) == (2 * with_time > len(columns))]
    return list({each.column: each for each in chosen}.values())


def _complete(instrument: str, columns: Sequence[ItemColumn]) -> bool:
    """Say whether there are enough items: most where they have only numbers, else all of a scale."""
    definition = load_instrument(instrument)
    there = {each.item for each in columns}
    if len(definition.items) == 1 or not there:
        return False
    if definition.chosen_by_participant:
        return len(there) > 1 and all(each.timed for each in columns)
    if _only_numbers(definition):
        return len(there) >= MOST_ITEMS * len(definition.items)
    return any(
        set(definition.scale_items(name)) <= there
        for name in definition.scales
        if len(definition.scale_items(name)) > 1
    )


def _within(instrument: str, columns: Sequence[ItemColumn], fits: Callable[[str, float, float], float]) -> bool:
    """Say whether nearly all answers lie within the range of the items, in some version of the instrument."""
    definition = load_instrument(instrument)
    return any(
        all(fits(each.column, *_range(definition, each.item, version)) >= FITTING for each in columns)
        for version in definition.versions
    )


def _range(definition: Instrument, item: str, version: str) -> tuple[float, float]:
    span = definition.item_range(item, version)
    return span.low, span.high


def _numbered_groups(
    columns: Sequence[str], timed: Mapping[str, TimedColumn], fits: Callable[[str, float, float], float]
) -> list[ItemGroup]:
    """Return columns numbered from 1 without the name of an instrument, with the instruments that it can be."""
    found: dict[str, list[tuple[int, ItemColumn]]] = defaultdict(list)
    for name in columns:
        each = timed.get(name)
        each = None if each and each.time.unit == "number" else each
        match = NUMBERS.fullmatch(each.stem if each else name)
        if match:
            found[match["prefix"].lower()].append((int(match["number"]), ItemColumn(name, "", match["number"], each)))
    groups = []
    for prefix, several in found.items():
        numbers = {number for number, _ in several}
        if len(numbers) < 5 or numbers != set(range(1, len(numbers) + 1)):
            continue
        fitting = tuple(
            name
            for name in instrument_names()
            if len(load_instrument(name).items) == len(numbers)
            and _within(
                name, [ItemColumn(c.column, load_instrument(name).items[k - 1], "", None) for k, c in several], fits
            )
        )
        if fitting:
            groups.append(ItemGroup(prefix, fitting, True, tuple(column for _, column in several)))
    return groups
