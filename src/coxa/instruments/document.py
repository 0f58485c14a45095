"""The reference page of the instruments that ship, written from their files."""

from __future__ import annotations

from coxa.instruments.definition import Instrument
from coxa.instruments.load import instrument_names, load_instrument
from coxa.instruments.threshold_lookup import Threshold, published

INTRODUCTION = """# Instruments

Outcome measures are data: one file each under `src/coxa/instruments/data`, holding item codes, ranges,
directions, scoring rules, versions, licences and thresholds. No item wording is shipped; obtain the forms
from the licence holder.

*Unconfirmed* marks what was not read in a source. A score that rests on it has `confirmed` False; where there
is no score, `reason` says why. Missing rules are chosen by name, `score(items, "hoos", rule="2003")`; the
default is in **bold**.

Answers are entered in the instrument's own coding, and the scoring turns them round where the instrument does;
the table of item codes names the exceptions. A code is a stem and the number on the form, counted within the
stem. An unanswered item has an empty value or no row."""


def instruments_document() -> str:
    """Return the reference page of all instruments that ship, in Markdown.

    Examples
    --------
    >>> instruments_document().splitlines()[0]
    '# Instruments'
    """
    instruments = [load_instrument(name) for name in instrument_names()]
    shown = ["instrument", "kind", "scale", "threshold", "population", "context", "method", "source"]
    values = [
        [
            one.instrument,
            one.kind,
            one.scale or "all",
            _span(one),
            one.population,
            one.context,
            one.method,
            one.citation,
        ]
        for instrument in instruments
        for one in published(instrument)
    ]
    head = ["instrument", "scales", "items", "range", "direction", "missing rules", "licence", "source"]
    numbering = [[one.name, one.numbering] for one in instruments]
    sections = [
        INTRODUCTION,
        "## What ships",
        _table(head, [_row(one) for one in instruments]),
        "## Item codes",
        _table(["instrument", "codes"], numbering),
        "## Thresholds",
        'There is no such thing as "the MCID" of an instrument: name the population and the context.',
        _table(shown, values),
    ]
    return "\n\n".join(sections) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _row(one: Instrument) -> list[str]:
    licence = one.licence
    rights = f"{licence.holder}: {licence.terms}" if licence.terms != "none seen" else licence.holder
    return [
        f"**{one.name}** {one.label}",
        "; ".join(_scale(one, name) for name in one.scales),
        str(len(one.items)),
        "; ".join(_ranges(one)),
        "; ".join(_directions(one)),
        "; ".join(_rule(one, name) for name in one.missing_rules),
        rights + ("" if licence.confirmed else " (unconfirmed)"),
        "; ".join(one.sources),
    ]


def _scale(one: Instrument, name: str) -> str:
    scale = one.scales[name]
    return name + ("" if scale.confirmed else f" (unconfirmed: {scale.note})")


def _ranges(one: Instrument) -> list[str]:
    """Return the ranges of each version, scales with the same range together."""
    lines = []
    for version in one.versions:
        spans: dict[str, list[str]] = {}
        for name in one.scales:
            scale = one.scale(name, version)
            spans.setdefault(f"{scale.low:g} to {scale.high:g} {scale.unit}", []).append(name)
        text = ", ".join(span if len(spans) == 1 else f"{'/'.join(names)} {span}" for span, names in spans.items())
        lines.append(text if len(one.versions) == 1 else f"{version}: {text}")
    return lines


def _directions(one: Instrument) -> list[str]:
    better = {True: "higher is better", False: "lower is better"}
    directions = {name: better[scale.higher_is_better] for name, scale in one.scales.items()}
    if len(set(directions.values())) == 1:
        return [next(iter(directions.values()))]
    return [f"{name} {direction}" for name, direction in directions.items()]


def _rule(one: Instrument, name: str) -> str:
    rule = one.missing_rules[name]
    shown = f"**{name}**" if name == one.default_rule else name
    state = "" if rule.confirmed else f" (unconfirmed: {rule.note})"
    if rule.unconfirmed_scales:
        state = f" (unconfirmed for {', '.join(rule.unconfirmed_scales)}: {rule.note})"
    return f"{shown}: {rule.label}{state}"


def _span(one: Threshold) -> str:
    span = "" if one.low is None else f"{one.low:g} to {one.high:g}"
    if one.value is None:
        return span
    return f"{one.value:g}" + (f" ({span})" if span else "")
