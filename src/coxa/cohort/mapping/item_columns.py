"""Which columns of a file hold the items of a questionnaire, and at which visit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from coxa.cohort.mapping.columns import Origin
from coxa.cohort.mapping.side_by_side import Place
from coxa.cohort.measured import in_short
from coxa.errors import OptionError
from coxa.findings import Finding
from coxa.instruments import load_instrument
from coxa.study.source import code_text

SHOWN = 12
FREE = ".+"


def instrument_name(origin: Origin) -> str:
    """Return the instrument of a table of answers, "" where the plan names none for all of it."""
    return origin.source.instrument or str(origin.source.constants.get("instrument", ""))


def known_items(origin: Origin) -> tuple[str, ...] | None:
    """Return the items of the instrument in its order, None where it is not known."""
    try:
        return load_instrument(instrument_name(origin)).items
    except OptionError:
        return None


def item_places(origin: Origin, items: Sequence[str] | None) -> list[Place]:
    """Return the columns of items: as listed, or every column that fits the pattern and is an item.

    Parameters
    ----------
    origin
        File, plan and contract.
    items
        Items of the instrument, None where it is not known: then whatever fits is an item.
    """
    asked, dates = origin.source.items, origin.source.dates
    if not isinstance(asked, str):
        listed = [(code_text(item).lower(), where) for item, where in (asked or {}).items()]
        named = _numbered(origin, items)
        return [
            Place(column, named.get(item, item), visit, dates.get(visit or ""))
            for item, where in listed
            for visit, column in (where.items() if isinstance(where, dict) else ((None, where),))
        ]
    codes, visits = _item_codes(origin, items), _visit_codes(origin)
    pattern = _pattern(asked, codes, visits)
    fitting = [(str(column), pattern.fullmatch(str(column))) for column in origin.frame.columns]
    return [
        Place(column, codes.get(key := _key(match["item"]), key), visit, dates.get(visit or ""))
        for column, match in fitting
        if match
        for visit in [visits[match["visit"].lower()] if "{visit}" in asked else None]
    ]


def _key(item: str) -> str:
    """Return an item of a column's name as it is looked up: lower case, numbers without leading zeros."""
    return re.sub(r"^0+(?=\d+$)", "", item.lower())


def _item_codes(origin: Origin, items: Sequence[str] | None) -> dict[str, str]:
    """Return what a column's name says of an item -> the item; empty where any word is one."""
    return _numbered(origin, items) or {_key(item): item for item in items or ()}


def _numbered(origin: Origin, items: Sequence[str] | None) -> dict[str, str]:
    """Return number -> item, where the file numbers them."""
    return {str(k): item for k, item in enumerate(items or (), start=1)} if origin.source.item_numbers else {}


def _visit_codes(origin: Origin) -> dict[str, str]:
    """Return the code of a visit in lower case -> the visit: as the plan maps them, else by name."""
    mapped = origin.source.values.get("visit", {})
    codes = {code_text(code).lower(): str(visit) for code, visit in mapped.items()}
    return codes or {visit: visit for visit in origin.agreed.fields["visit"].levels}


def _pattern(asked: str, items: Iterable[str], visits: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of the plan as a regular expression with the groups `item` and `visit`."""
    any_item, any_visit = (_one_of(codes) for codes in (items, visits))
    parts = {"{item}": rf"(?P<item>0*(?i:{any_item}))", "{visit}": f"(?P<visit>(?i:{any_visit}))"}
    steps = re.split(r"(\{item\}|\{visit\})", asked)
    return re.compile("".join(parts.get(step, re.escape(step)) for step in steps))


def _one_of(codes: Iterable[str]) -> str:
    """Return an alternative of the codes, the longest first; anything where there are none."""
    return "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True)) or FREE


def with_item_numbers(origin: Origin) -> tuple[Origin, list[Finding]]:
    """Return the file with its item numbers as the items of the instrument, where the plan says that it has numbers."""
    if not origin.source.item_numbers:
        return origin, []
    items = known_items(origin)
    if items is None:
        remedy = "Name the instrument of the table under `instrument`."
        rule = "items that are numbered need an instrument that gives their order"
        return origin, [Finding("error", origin.table, rule, remedy, field="item_numbers")]
    ends = {scale: items.index(scale) for scale in (items[0], items[-1])}
    value = ", ".join(f"{place + 1} is {item}" for item, place in ends.items())
    note = Finding(
        "note",
        origin.table,
        f"items are taken by their number, in the order of {instrument_name(origin)}",
        "Compare it with the form: the order is " + ", ".join(items) + ".",
        field="items",
        value=value,
    )
    if origin.source.items is not None:
        return origin, [note]
    source = origin.source.model_copy(update={"values": {**origin.source.values, "item": _numbered(origin, items)}})
    return replace(origin, source=source), [note]


def item_findings(origin: Origin, places: Sequence[Place]) -> Iterator[Finding]:
    """Yield what is wrong with the columns of items: no instrument, no columns, items or visits without one."""
    name, known = instrument_name(origin), known_items(origin)
    if known is None:
        try:
            load_instrument(name)
        except OptionError as error:
            rule = "the instrument of the items is unknown"
            yield Finding("error", origin.table, rule, str(error), field="instrument")
    if not places:
        rule, remedy = (
            f"file {origin.file} has no column that fits the pattern of the items",
            "Correct the pattern under `items`.",
        )
        yield Finding("error", origin.table, rule, remedy, field="items", value=str(origin.source.items))
    for visit in dict.fromkeys(place.visit for place in places):
        there = {place.measured for place in places if place.visit == visit}
        lacking = [item for item in known or () if item not in there]
        if lacking:
            at = f" at {visit}" if visit else ""
            rule = (
                f"file {origin.file} lacks the columns of {len(lacking)} of the {len(known or ())} items of {name}{at}"
            )
            remedy = "Scales with items missing may get no score. Check the pattern under `items`."
            yield Finding(
                "warning", origin.table, rule, remedy, field="items", value=f"no column for {in_short(lacking, SHOWN)}"
            )
    yield from _other_visits(origin)


def _other_visits(origin: Origin) -> Iterator[Finding]:
    """Yield a warning for columns that fit the pattern but for a visit that the plan does not name."""
    asked = origin.source.items
    if not isinstance(asked, str) or "{visit}" not in asked or origin.ignore_unlisted:
        return
    visits = _visit_codes(origin)
    loose = _pattern(asked, _item_codes(origin, known_items(origin)), ())
    matches = [loose.fullmatch(str(column)) for column in origin.frame.columns]
    others = dict.fromkeys(match["visit"] for match in matches if match and match["visit"].lower() not in visits)
    for code in others:
        columns = [match.string for match in matches if match and match["visit"] == code]
        yield Finding(
            "warning",
            origin.table,
            f"columns of items are of visit {code}, which the plan does not map",
            f"Add it under `values: {{visit: {{{code}: ...}}}}`, or write `ignore_unlisted: true`.",
            field="items",
            value=in_short(columns, SHOWN),
        )
