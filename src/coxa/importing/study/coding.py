"""How the answers to the items of an instrument are coded in a file: as the instrument has it, or otherwise."""

from __future__ import annotations

from dataclasses import replace

from coxa.importing.draft import Draft
from coxa.importing.study.items import ItemGroup
from coxa.importing.study.questions import ask, own_key
from coxa.importing.study.tables import StudyTable
from coxa.instruments import load_instrument

LEAST_REACH = 0.25
"""The highest answer reaches this share of the range, unless the file has another scale."""

FEWEST = 50
"""So many answers without one at the lowest end are no chance."""


def with_coding(draft: Draft, table: StudyTable, group: ItemGroup) -> ItemGroup | None:
    """Return the items with their coding: as it is where the answers show it, else as answered; None where it is open.

    Answers from 1 to 5 to items from 0 to 4 may be one more than the instrument has, or the other way round; answers
    from 0 to 10 to items from 0 to 100 are on another scale.
    """
    low, high = _range(group)
    answers = _answers(table, group)
    count = sum(answers.values())
    reaches = max(answers, default=low) - low >= LEAST_REACH * (high - low)
    lowest = low in answers or count < FEWEST or high - low > 10
    if group.within and reaches and lowest:
        return group
    shifted = count > 0 and low + 1 <= min(answers) and max(answers) <= high + 1 and high - low <= 10
    instrument = group.instrument
    first, last = min(answers, default=low), max(answers, default=low)
    why = f"Its items are from {low:g} to {high:g}, and {count} answers of the file are from {first:g} to {last:g}."
    offered = [("as_is", "as the instrument has it")] if group.within else []
    if shifted:
        offered += [
            ("less_one", f"each is one more: {low + 1:g} means {low:g}"),
            ("turned", f"the other way round: {low + 1:g} means {high:g}"),
        ]
    columns = [each.column for each in group.columns]
    text = f"How are the answers to {instrument} coded?"
    key = own_key(draft, f"items.{instrument}.coding", table.file.place)
    answer = ask(draft, key, text, why, [*offered, ("unused", "not used")], columns)
    if answer == "as_is":
        return group
    if answer in ("less_one", "turned"):
        span = range(int(low), int(high) + 1)
        turned = answer == "turned"
        return replace(group, codes={k + 1: int(low + high) - k if turned else k for k in span})
    for each in group.columns:
        role = f"item {each.item} of {instrument}"
        draft.is_role(table.profiles[each.column], "" if answer else role, why, "unused" if answer else "asked")
    return None


def _range(group: ItemGroup) -> tuple[float, float]:
    """Return lowest and highest answer of the items that have a common range, in the widest version."""
    definition = load_instrument(group.instrument)
    spans = [definition.item_range(group.columns[0].item, version) for version in definition.versions]
    widest = max(spans, key=lambda span: span.high - span.low) if not group.within else min(
        spans, key=lambda span: span.high - span.low
    )  # fmt: skip
    return widest.low, widest.high


def _answers(table: StudyTable, group: ItemGroup) -> dict[float, int]:
    """Return answer -> how often it is there, without those that are rare beyond the others, such as 999."""
    first = group.columns[0].item
    definition = load_instrument(group.instrument)
    alike = [
        each
        for each in group.columns
        if _same(definition.item_range(each.item, version) for version in definition.versions)
        == _same(definition.item_range(first, version) for version in definition.versions)
    ]
    counts: dict[float, int] = {}
    for each in alike:
        for text, n in table.profiles[each.column].values.items():
            if text.lstrip("-").replace(".", "", 1).isdigit():
                counts[float(text)] = counts.get(float(text), 0) + n
    total = sum(counts.values())
    return {value: n for value, n in counts.items() if 50 * n > total or _between(value, counts)}


def _between(value: float, counts: dict[float, int]) -> bool:
    """Say whether a rare answer lies between answers that are not rare."""
    total = sum(counts.values())
    usual = [each for each, n in counts.items() if 50 * n > total]
    return bool(usual) and min(usual) <= value <= max(usual)


def _same(spans: object) -> tuple[object, ...]:
    return tuple(spans)  # type: ignore[arg-type]
