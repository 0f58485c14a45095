"""Instruments by name, checked: each is one YAML file in the package, and a new file is a new instrument.

What must agree within a file is a finding where it does not; the finding names the key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from pydantic import ValidationError

from coxa.arguments import TEXT, Kind, kinds
from coxa.errors import FindingsError, check_known, not_allowed
from coxa.findings import Finding, Findings
from coxa.instruments.definition import Instrument
from coxa.instruments.formulas import ITEM_FORMULAS, SCALE_FORMULAS, Coding
from coxa.packaged import packaged_yaml

RANGE_TOLERANCE = 1e-9  # a range is written in decimals, the formula computes it in binary

Problem = tuple[str, str]


def coding_of(instrument: Instrument, scale: str, version: str) -> Coding:
    """Return how the items of a scale are coded in a version."""
    written, codes = instrument.scales[scale], instrument.scale_items(scale)
    ranges = [instrument.item_range(code, version) for code in codes]
    return Coding(
        low=np.array([item.low for item in ranges]),
        high=np.array([item.high for item in ranges]),
        reversed=np.array([code in written.reversed for code in codes]),
        points=tuple(np.array(written.points[code]) for code in codes if code in written.points),
        factor=written.factor,
    )


def extremes(instrument: Instrument, scale: str, version: str) -> tuple[float, float]:
    """Return the lowest and highest score that the formula of a scale can give."""
    written = instrument.scales[scale]
    if written.of:
        parts = np.array([extremes(instrument, part, version) for part in written.of]).T
        low, high = SCALE_FORMULAS[written.formula](parts)
    else:
        coding = coding_of(instrument, scale, version)
        at_low = np.where(coding.reversed, coding.high, coding.low)
        at_high = np.where(coding.reversed, coding.low, coding.high)
        low, high = sorted(ITEM_FORMULAS[written.formula](np.array([at_low, at_high]), coding))
    return float(low), float(high)


def check_instrument(instrument: Instrument, file: str) -> Findings:
    """Return what does not agree within an instrument, one finding for each key concerned."""
    # Names are checked first: what follows looks scales and items up by them.
    problems = list(_names(instrument)) or [*_partition(instrument), *_ranges(instrument)]
    split = ((key, *message.partition(". ")) for key, message in problems)
    return Findings.of(
        Finding("error", table=file, field=key, rule=rule, remedy=remedy or "Correct the key in the instrument file.")
        for key, rule, _, remedy in split
    )


def _names(instrument: Instrument) -> Iterator[Problem]:
    codes, scales, rules = instrument.items, tuple(instrument.scales), instrument.missing_rules
    for code, times in Counter(codes).items():
        if times > 1:
            yield "items", f"item code '{code}' is defined once (found {times} times)"
    for code in instrument.unscored:
        if code not in codes:
            yield "unscored", not_allowed("item", code, codes)
    if instrument.default_rule not in rules:
        yield "default_rule", not_allowed("missing rule", instrument.default_rule, rules)
    for k, threshold in enumerate(instrument.thresholds):
        if threshold.scale is not None and threshold.scale not in scales:
            yield f"thresholds.{k}.scale", not_allowed("scale", threshold.scale, scales)
        if threshold.value is None and threshold.range is None:
            yield f"thresholds.{k}", "a threshold has a value or a range"
    for name in instrument.scales:
        yield from _scale_names(instrument, name)
    for rule, written in rules.items():
        yield from _rule_names(instrument, f"missing_rules.{rule}.least", written.least)


def _scale_names(instrument: Instrument, name: str) -> Iterator[Problem]:
    scale, key = instrument.scales[name], f"scales.{name}"
    codes, earlier = instrument.items, tuple(instrument.scales)[: list(instrument.scales).index(name)]
    if bool(scale.items) == bool(scale.of):
        yield key, "a scale has either items or of"
    if bool(scale.of) != (scale.formula in SCALE_FORMULAS):
        kinds = SCALE_FORMULAS if scale.of else ITEM_FORMULAS
        yield f"{key}.formula", not_allowed("formula of this kind", scale.formula, kinds)
    for item in scale.items:
        if item not in instrument.groups and item not in codes:
            yield f"{key}.items", not_allowed("item or stem", item, (*instrument.groups, *codes))
    for part in scale.of:
        if part not in earlier:
            yield f"{key}.of", not_allowed("earlier scale", part, earlier)
    own = () if scale.of else instrument.scale_items(name)
    for item in scale.reversed:
        if item not in own:
            yield f"{key}.reversed", not_allowed("item of the scale", item, own)
    if scale.formula == "points" and set(scale.points) != set(own):
        yield f"{key}.points", "every item of the scale has a table of points, and no other"
    if isinstance(scale.range, dict) and set(scale.range) != set(instrument.versions):
        yield f"{key}.range", f"one range for each version: {', '.join(instrument.versions)}"


def _rule_names(instrument: Instrument, key: str, least: dict[str, int] | str) -> Iterator[Problem]:
    if not isinstance(least, dict):
        return
    made_of_items = {name for name, scale in instrument.scales.items() if scale.items}
    if set(least) != made_of_items:
        yield key, f"one number for each scale made of items: {', '.join(sorted(made_of_items))}"
        return
    for name, number in least.items():
        size = len(instrument.scale_items(name))
        if not 1 <= number <= size:
            yield f"{key}.{name}", f"between 1 and the {size} items of the scale (found {number})"
        elif number < size and instrument.scales[name].formula == "points":
            yield f"{key}.{name}", f"points are summed over all {size} items (found {number})"


def _partition(instrument: Instrument) -> Iterator[Problem]:
    used = Counter(
        code for name, scale in instrument.scales.items() if scale.items for code in instrument.scale_items(name)
    )
    for code in instrument.items:
        expected = 0 if code in instrument.unscored else 1
        if used[code] != expected:
            rule = "is unscored" if expected == 0 else "belongs to one scale made of items"
            yield "scales", f"item '{code}' {rule} (found in {used[code]})"


def _ranges(instrument: Instrument) -> Iterator[Problem]:
    for stem, group in instrument.groups.items():
        if not group.range[0] < group.range[1]:
            yield f"items.{stem}.range", "from low to high"
            return
    for name, written in instrument.scales.items():
        for code, table in written.points.items():
            spans = [instrument.item_range(code, version) for version in instrument.versions]
            if any((span.low, span.high) != (1, len(table)) for span in spans):
                yield f"scales.{name}.points.{code}", "as many points as the item has answers, from 1"
                return
        for version in instrument.versions:
            scale = instrument.scale(name, version)
            low, high = extremes(instrument, name, version)
            if abs(low - scale.low) > RANGE_TOLERANCE or abs(high - scale.high) > RANGE_TOLERANCE:
                yield f"scales.{name}.range", f"the formula gives {low:g} to {high:g} in version {version}"


class InstrumentError(FindingsError):
    """An instrument file cannot be used; the findings name the file and the key.

    Examples
    --------
    >>> from coxa.instruments import parse_instrument
    >>> try:
    ...     parse_instrument("name: [", file="mine.yaml")
    ... except InstrumentError as error:
    ...     print(error.args[0])
    mine.yaml is not valid YAML
    """


def instrument_names() -> tuple[str, ...]:
    """Return the names of the instruments that ship, in alphabetical order.

    Examples
    --------
    >>> "hoos" in instrument_names()
    True
    """
    names = (entry.name for entry in files("coxa.instruments").joinpath("data").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@kinds(name=TEXT)
@cache
def load_instrument(name: str) -> Instrument:
    """Return an instrument that ships.

    Parameters
    ----------
    name : str
        One of `instrument_names()`.

    Raises
    ------
    OptionError
        If there is no such instrument; the nearest name is suggested.
    InstrumentError
        If its file is malformed.

    Examples
    --------
    >>> load_instrument("mhhs").scale("total").high
    100.1
    """
    check_known("instrument", name, instrument_names())
    file = f"{name}.yaml"
    return _checked(packaged_yaml("coxa.instruments", f"data/{file}"), file)


def parse_instrument(text: str, file: str) -> Instrument:
    """Return the instrument written in `text`, a YAML document; `file` names it in errors.

    Raises
    ------
    InstrumentError
        If the text is not YAML, a key is missing, unknown or of the wrong kind, or keys contradict each
        other (a scale of unknown items, a range that the formula does not give).

    Examples
    --------
    >>> lines = [
    ...     "{name: mine, label: My scale, numbering: item_1 to item_2 in the order of the form,",
    ...     "licence: {holder: the authors, terms: none seen, confirmed: false, source: none seen},",
    ...     "sources: [unpublished], versions: {mine_2: {label: two items}},",
    ...     "items: {item_: {count: 2, range: [0, 4]}},",
    ...     "scales: {total: {label: Total, items: [item_], formula: sum, range: [0, 8], higher_is_better: true}},",
    ...     "default_rule: complete,",
    ...     "missing_rules: {complete: {label: every item, least: all, citation: none, confirmed: true}}}",
    ... ]
    >>> parse_instrument(" ".join(lines), file="mine.yaml").scale("total").items
    ('item_1', 'item_2')
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        return _checked(YAML(typ="safe", pure=True).load(text), file)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        finding = Finding("error", table=file, row=line, rule=str(error.problem), remedy="Correct the YAML.")
        raise InstrumentError(f"{file} is not valid YAML", Findings((finding,))) from error


def _checked(content: Any, file: str) -> Instrument:
    """Return the instrument that a file holds; raise `InstrumentError` with every fault in it."""
    try:
        instrument = Instrument.model_validate(content)
    except ValidationError as error:
        findings = Findings.of(
            Finding(
                "error",
                table=file,
                field=".".join(str(part) for part in problem["loc"]),
                rule=problem["msg"],
                remedy="Correct the key in the instrument file.",
            )
            for problem in error.errors()
        )
        raise InstrumentError(f"{file} is not an instrument", findings) from error
    findings = check_instrument(instrument, file)
    if findings:
        raise InstrumentError(f"{file} contradicts itself", findings)
    return instrument


INSTRUMENT = Kind(
    (str, Instrument), "an instrument, or the name of one", "Look at `coxa.instruments.instrument_names()`."
)


def as_instrument(instrument: str | Instrument) -> Instrument:
    """Return the instrument itself, or the one that ships under the name given."""
    return load_instrument(instrument) if isinstance(instrument, str) else instrument
