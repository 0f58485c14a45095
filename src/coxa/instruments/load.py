"""Instruments by name. Each is one YAML file in the package; a new file is a new instrument."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from coxa.arguments import TEXT, Kind, kinds
from coxa.errors import FindingsError, check_option
from coxa.findings import Finding, Findings
from coxa.instruments.consistency import check_instrument
from coxa.instruments.definition import Instrument
from coxa.packaged import packaged_yaml


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
    check_option("instrument", name, instrument_names())
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
