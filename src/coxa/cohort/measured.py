"""What is measured in a table, the numbers it can have, and which of its fields can be coded missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.cohort.contracts import Contract
from coxa.cohort.dictionary import Limits
from coxa.errors import OptionError
from coxa.instruments import load_instrument
from coxa.instruments.measures import load_measures
from coxa.study import Study
from coxa.study.source import code_text

KIND = {"assessments": "outcome", "item_responses": "item", "clinical_measures": "measure"}
"""Table -> the field that says what its `value` measures."""

STRUCTURE = ("arm", "arm_received", "visit", "study_day")
"""Fields that place a row in the trial; like identifiers, keys and dates they are never coded missing."""

SHOWN = 3


def takes_missing_codes(agreed: Contract, name: str) -> bool:
    """Say whether a declared missing code can apply to a field: it holds a measured value and nothing else.

    Examples
    --------
    >>> takes_missing_codes(contract(study, "participants"), "age")  # doctest: +SKIP
    True
    """
    wanted = agreed.fields[name]
    if name in agreed.key or name in STRUCTURE or wanted.type in ("id", "date"):
        return False
    return name == "value" or not wanted.required


def measured_names(study: Study, agreed: Contract) -> list[str]:
    """Return the names under which `missing:` of a table can list codes: its fields, outcomes, items or measures."""
    names = [name for name in agreed.fields if takes_missing_codes(agreed, name)]
    if agreed.table == "assessments":
        names += list(study.outcomes)
    if agreed.table == "clinical_measures":
        names += list(load_measures())
    return names


def ranges(study: Study, agreed: Contract, frame: pd.DataFrame) -> dict[str, Limits]:
    """Return name -> lowest and highest value of everything that a table measures and `frame` has values of."""
    spans = {
        name: wanted.hard
        for name, wanted in agreed.fields.items()
        if wanted.hard and takes_missing_codes(agreed, name) and frame[name].notna().any()
    }
    return spans | dict(_value_ranges(study, agreed.table, frame))


def _value_ranges(study: Study, table: str, frame: pd.DataFrame) -> Iterator[tuple[str, Limits]]:
    if table not in KIND:
        return
    present = frame[KIND[table]].dropna().unique()
    if table == "assessments":
        for name in present:
            if name in study.outcomes:
                scale = study.scale(name)
                yield str(name), (scale.low, scale.high)
    elif table == "clinical_measures":
        yield from ((str(name), load_measures()[name].hard) for name in present if name in load_measures())
    else:
        for instrument in frame["instrument"].dropna().unique():
            yield from _item_ranges(study, str(instrument), {str(item) for item in present})


def _item_ranges(study: Study, name: str, items: set[str]) -> Iterator[tuple[str, Limits]]:
    try:
        instrument = load_instrument(name)
        version = instrument.choose_version(named_version(study, name))
    except OptionError:
        return
    for item in instrument.items:
        if item in items:
            span = instrument.item_range(item, version)
            yield item, (span.low, span.high)


def named_version(study: Study, instrument: str) -> str | None:
    """Return the version of an instrument that the plan's outcomes name, or None."""
    named = {outcome.version for outcome in study.outcomes.values() if outcome.instrument == instrument}
    return next(iter(named - {None}), None)


def could_be(study: Study, agreed: Contract, frame: pd.DataFrame, code: str) -> list[str]:
    """Return, in words, what a table measures for which `code` is a possible value."""
    source = study.data.tables.get(agreed.table) if study.data else None  # type: ignore[call-overload]
    mapped = source.values if source else {}
    hits = [
        name
        for name, words in mapped.items()
        if name in agreed.fields and takes_missing_codes(agreed, name) and code in {code_text(key) for key in words}
    ]
    number = as_number(code)
    if number is not None:
        spans = ranges(study, agreed, frame).items()
        hits += [f"{name} ({_span(low, high)})" for name, (low, high) in spans if low <= number <= high]
    return hits


def _span(low: float, high: float) -> str:
    return f"{low:g} or more" if high == float("inf") else f"{low:g} to {high:g}"


def in_short(names: Sequence[str], shown: int = SHOWN) -> str:
    """Return a list in words, cut after the first few.

    Examples
    --------
    >>> in_short(["age", "pain", "sex", "site"]), in_short(["age", "pain"])
    ('age, pain, sex and 1 more', 'age, pain')
    """
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def as_number(code: str) -> float | None:
    """Return the number that a code is, or None."""
    try:
        return float(code)
    except ValueError:
        return None
