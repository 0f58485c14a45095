"""How one instrument and one table of the data dictionary look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from coxa.cli.show import console
from coxa.cohort.dictionary import Field, Limits, load_table
from coxa.errors import OptionError
from coxa.glossary.find import find_terms, nearest_term
from coxa.glossary.term import Term
from coxa.glossary.vocabularies import VOCABULARIES
from coxa.instruments import instrument_names, load_instrument
from coxa.instruments.definition import Instrument
from coxa.instruments.measures import Measure, load_measures
from coxa.instruments.threshold_lookup import published
from coxa.study.words import TABLES

MOST = 20
"""Terms that are shown of a word that many have."""


def show_named(what: str, name: str) -> None:
    """Print an instrument, or a table of the data dictionary, by its name."""
    show_instrument(name) if what == "instruments" else show_table(name)


def show_words(words: str) -> None:
    """Print a table, an instrument or a vocabulary of this name; else every term that the words name or describe.

    Raises
    ------
    OptionError
        If there is none; the message has the nearest.
    """
    if words in TABLES:
        show_table(words)
        if vocabulary := VOCABULARY_OF.get(words):
            _show(vocabulary, HEAD_OF_TERMS, [_term(term) for term in VOCABULARIES[vocabulary]()])
    elif words in instrument_names():
        show_instrument(words)
    elif words in VOCABULARIES:
        _show(words, HEAD_OF_TERMS, [_term(term) for term in VOCABULARIES[words]()])
    elif found := find_terms(words):
        _show(f"{words}: {len(found)} found", HEAD_OF_TERMS, [_term(term) for term in found[:MOST]])
        if len(found) > MOST:
            _line(f"and {len(found) - MOST} more; give more words")
    else:
        meant = nearest_term(words)
        hint = f"Try `coxa schema {meant}`." if meant else "Look it up in docs/glossary.md."
        raise OptionError(f"No term is called or described by '{words}'. {hint}")


VOCABULARY_OF = {"conditions": "conditions", "clinical_measures": "measures"}
"""Table -> the vocabulary of one of its fields."""

HEAD_OF_TERMS = ("term", "called", "kind", "where", "meaning", "source")


def _term(term: Term) -> list[str]:
    also = f" (also: {', '.join(term.also)})" if term.also else ""
    called = "" if term.label.lower() == term.name.lower() else term.label
    return [term.name.strip("`"), called, term.kind, term.where.replace("`", ""), term.meaning + also, term.source]


def show_instrument(name: str) -> None:
    """Print the items, scales, missing rules, versions and thresholds of an instrument that ships."""
    one = load_instrument(name)
    _line(f"{one.name}: {one.label}", style="bold")
    _line(f"licence: {one.licence.holder}; {one.licence.terms}")
    _line(f"sources: {'; '.join(one.sources)}")
    _show("items", ["codes", "number", "answers"], _items(one))
    _show("scales", ["scale", "items", "range", "direction", "confirmed"], _scales(one))
    _show("missing rules", ["rule", "meaning", "source", "confirmed"], _rules(one))
    if len(one.versions) > 1:
        _show("versions (name one)", ["version", "meaning"], [[key, part.label] for key, part in one.versions.items()])
    head = ["kind", "scale", "value", "range", "population", "context", "method", "source"]
    _show("thresholds (name population and context)", head, _thresholds(one))


def _items(one: Instrument) -> Iterable[list[str]]:
    for stem, group in one.groups.items():
        codes = group.codes(stem)
        spans = {one.item_range(codes[0], version): version for version in one.versions}
        answers = [
            f"{span.low:g} to {span.high:g}{'' if span.integer else ', fractions too'}"
            + (f" ({version})" if len(spans) > 1 else "")
            for span, version in spans.items()
        ]
        yield [codes[0] if len(codes) == 1 else f"{codes[0]} to {codes[-1]}", str(len(codes)), "; ".join(answers)]


def _scales(one: Instrument) -> Iterable[list[str]]:
    for name in one.scales:
        versions = [one.scale(name, version) for version in one.versions]
        spans = dict.fromkeys(f"{scale.low:g} to {scale.high:g} {scale.unit}" for scale in versions)
        better = "higher is better" if versions[0].higher_is_better else "lower is better"
        yield [name, str(len(versions[0].items)), "; ".join(spans), better, _confirmed(versions[0].confirmed)]


def _rules(one: Instrument) -> Iterable[list[str]]:
    for name, rule in one.missing_rules.items():
        default = " (default)" if name == one.default_rule else ""
        yield [f"{name}{default}", rule.label, rule.citation, _confirmed(rule.confirmed)]


def _thresholds(one: Instrument) -> Iterable[list[str]]:
    for part in published(one):
        value = "" if part.value is None else f"{part.value:g} {part.unit}"
        span = "" if part.low is None else f"{part.low:g} to {part.high:g}"
        scale = part.scale or "all"
        yield [part.kind, scale, value, span, part.population, part.context, part.method, part.citation]


def _confirmed(read: bool) -> str:
    return "yes" if read else "no"


def show_table(name: str) -> None:
    """Print the fields of one table of the data dictionary."""
    table = load_table(name)
    _line(f"{table.name}: {table.label}", style="bold")
    _line(f"one row: {table.one_row}; unique by {', '.join(table.key)}")
    if table.plan_adds:
        _line("the covariates of the plan are further fields")
    head = ["field", "type", "required", "unit", "hard limits", "soft limits", "levels", "meaning"]
    _show("fields", head, [_field(field) for field in table.fields.values()])
    if name == "clinical_measures":
        head = ["measure", "label", "unit", "better", "both sides", "hard limits", "usual", "error"]
        _show("clinical measures", head, [_measure(one) for one in load_measures().values()])


def _measure(one: Measure) -> list[str]:
    better = {True: "higher", False: "lower", None: ""}[one.higher_is_better]
    error = "" if one.error is None else f"MDC {one.error.detectable:.3g} ({one.error.source})"
    sides = "yes" if one.sided else ""
    return [one.name, one.label, one.unit, better, sides, _span(one.hard), _span(one.soft), error]


def _field(field: Field) -> list[str]:
    levels = f"({field.levels_from.replace('_', ' ')})" if field.levels_from else ", ".join(field.levels)
    required = "yes" if field.required else ""
    limits = [_span(field.hard), _span(field.soft)]
    return [field.name, field.type, required, field.unit or "", *limits, levels, field.description]


def _span(limits: Limits | None) -> str:
    return f"{limits[0]:g} to {limits[1]:g}" if limits else ""


def _show(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table under its title; columns with nothing in them are left out."""
    cells = [list(row) for row in rows]
    if not cells:
        return
    used = [k for k in range(len(head)) if any(row[k] for row in cells)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for k in used:
        table.add_column(head[k], overflow="fold")
    for row in cells:
        table.add_row(*(Text(row[k]) for k in used))
    _line(f"\n{title}", style="bold")
    console().print(table)


def _line(text: str, style: str = "") -> None:
    console().print(Text(text, style=style))
