"""Rare events: whether a clinic, or all together, has had more of them than its case mix gives, and when."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.clinics.audit import Rare
from coxa.clinics.page.icons import whose
from coxa.clinics.page.rare_charts import own_figures, stretches_figure
from coxa.clinics.page.seen import ALL, Seen, at, column, row
from coxa.clinics.page.words import VARIATIONS
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.sentences import mid_sentence
from coxa.tables.cells import Cell
from coxa.tables.formats import counted
from coxa.tables.prose import Prose, in_sentence, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Footnote, Row, RowGroup, Table

MOST = 3
"""Signals that are named in a sentence; more are counted."""

MORE, NONE = "More than expected", "No signal"

LEAD = (
    "A risk-adjusted CUSUM adds up, patient by patient in the order of intake, what speaks for more events than the "
    "case mix gives: it rises with each event, the more the less it was expected, falls with each patient without one, "
    "and never falls below zero. A sum that reaches the limit is a signal."
)
NOT_LISTED = "Clinics of which a number is hidden are not listed."


def rare_section(page: Seen) -> Section | None:
    """Return rare events by clinic and by stretches of time; None where there is none and no reason."""
    blocks: list[Block] = []
    if page.audit.rare:
        blocks.append(Paragraph(f"{LEAD} {_settings(page)}"))
        blocks.append(TableBlock(_clinics_table(page), stacked=True))
        if figure := stretches_figure(page):
            blocks += [FigureBlock(figure), TableBlock(_stretches_table(page), stacked=True)]
    for name in ("worse", *page.audit.plan.rare_events):
        if why := page.why(name):
            part = page.audit.plan.rare_events.get(name)
            label = page.audit.plan.label("rare_events", name) if part else "Patients who are worse"
            blocks.append(Paragraph(why if why.startswith(label) or part is None else f"{label}: {why}", "warning"))
    return Section("rare-section", "Rare events", tuple(blocks)) if blocks else None


def rare_sentence(page: Seen) -> Prose | None:
    """Say which charts of rare events signal; None where there is no chart."""
    charts = page.audit.rare
    if not charts:
        return None
    signals = [one for one in charts if one.signals]
    named: list[Prose] = [_named(page, one) for one in signals[:MOST]]
    if len(signals) > MOST:
        named.append(prose(counted(len(signals) - MOST, "rare", "signals not named"), " more"))
    events = ", ".join(dict.fromkeys(mid_sentence(one.label) for one in charts))
    found = prose(": ", in_sentence(named), ".") if named else "."
    return prose(
        f"Of rare events ({events}), ",
        counted(len(signals), "rare", "signals"),
        " of ",
        counted(len(charts), "rare", "charts"),
        f" charts {'signals' if len(signals) == 1 else 'signal'} more than the case mix gives",
        found,
    )


def _named(page: Seen, one: Rare) -> Prose:
    place = f"rare {one.event}"
    return prose(
        f"{mid_sentence(one.label)}, {whose(one.clinic)} (",
        page.number("count", {"n": one.events}, at(place, "events", one.clinic)),
        " of ",
        page.number("count", {"n": one.n}, at(place, "n", one.clinic)),
        ", expected ",
        page.number("estimate", {"estimate": one.expected}, at(place, "expected", one.clinic), 1),
        ")",
    )


def _settings(page: Seen) -> str:
    found = page.audit.plan.cusum
    return (
        f"It looks for odds that are {found.odds_ratio:g} times as high; by chance alone a chart reaches its limit "
        f"with a probability of at most {100 * found.chance:g}%, from the first patient to the last."
    )


def _clinics_table(page: Seen) -> Table:
    """Return the numbers of each clinic and event: observed, expected, the highest sum and its limit."""
    groups, absent = [], False
    for event in dict.fromkeys(one.event for one in page.audit.rare):
        rows = [one for one in page.audit.rare if one.event == event]
        groups.append(RowGroup(rows[0].label, tuple(_row(page, one) for one in rows)))
        absent |= len({one.clinic for one in rows} - {ALL}) < len(page.clinics)
    columns = (
        column("Patients"), column("Events"), column("Expected"), column("Highest sum"), column("Limit"),
        column("CUSUM", "left"), column("Last gap between two events", "left"),
    )  # fmt: skip
    texts = [f"{text.rstrip('.')}." for one in page.audit.rare for text in (one.method,)]
    notes = [Footnote(text) for text in dict.fromkeys(texts)]
    notes += [Footnote(NOT_LISTED)] if absent and page.note else []
    return page.noted(
        Table("rare", "Rare events, in the order of time", "Clinic", columns, tuple(groups), tuple(notes))
    )


def _row(page: Seen, one: Rare) -> Row:
    place = f"rare {one.event}"
    return row(
        whose(one.clinic),
        page.number("count", {"n": one.n}, at(place, "n", one.clinic)),
        page.number("count", {"n": one.events}, at(place, "events", one.clinic)),
        page.number("estimate", {"estimate": one.expected}, at(place, "expected", one.clinic), 1),
        page.number("estimate", {"estimate": one.highest}, at(place, "highest sum", one.clinic), 1),
        page.number("estimate", {"estimate": one.limit}, at(place, "limit", one.clinic), 1),
        Cell(MORE if one.signals else NONE),
        page.word(VARIATIONS.get(one.variation, "")),
        strong=bool(one.signals),
    )


def _stretches_table(page: Seen) -> Table:
    """Return the numbers of all clinics by stretch of time."""
    columns = (column("Patients"), column("Events"), column("Expected"), column("CUSUM at its end"))
    labels = {one.event: one.label for one in page.audit.rare}
    groups = [
        RowGroup(labels[event], tuple(_stretch(page, event, one) for one in records(stretches_of(page, event))))
        for event in page.audit.stretches
        if event in labels
    ]
    k = page.audit.plan.small_cells.k
    note = Footnote(
        f"A stretch has {k} events or more, so that no point is of single patients; one that is hidden adds nothing to "
        "the sum. The sum at the end of a stretch can be lower than within it."
    )
    title = "Rare events of all clinics, by stretch of time"
    return page.noted(Table("rare-stretches", title, "Intake", columns, tuple(groups), (note,)))


def _stretch(page: Seen, event: str, one: Record) -> Row:
    name = str(one["stretch"])
    place = f"rare {event}"
    return row(
        name,
        page.number("count", {"n": one["n"]}, at(place, "n", ALL, name)),
        page.number("count", {"n": one["events"]}, at(place, "events", ALL, name)),
        page.number("estimate", {"estimate": one["expected"]}, at(place, "expected", ALL, name), 1),
        page.number("estimate", {"estimate": one["cusum"]}, at(place, "cusum", ALL, name), 1),
    )


def own_blocks(page: Seen, unit: str) -> Iterator[Block]:
    """Yield the rare events of a clinic, for its own eyes: what the CUSUM says, and each patient in the charts."""
    charts = [one for one in page.audit.rare if one.clinic == unit]
    for one in charts:
        place = f"rare {one.event}"
        yield Paragraph(
            prose(
                f"{one.label}: ",
                page.number("count", {"n": one.events}, at(place, "events", unit)),
                " of ",
                page.number("count", {"n": one.n}, at(place, "n", unit)),
                " patients, ",
                page.number("estimate", {"estimate": one.expected}, at(place, "expected", unit), 1),
                " expected. The sum of the CUSUM was ",
                page.number("estimate", {"estimate": one.highest}, at(place, "highest sum", unit), 1),
                " at the highest, of a limit of ",
                page.number("estimate", {"estimate": one.limit}, at(place, "limit", unit), 1),
                f": {(MORE if one.signals else NONE).lower()}.",
            )
        )
        yield from (FigureBlock(figure) for figure in own_figures(page, one))


def stretches_of(page: Seen, event: str) -> pd.DataFrame:
    """Return the stretches of an event as a reader sees them; empty where there is none."""
    found = page.audit.stretches.get(event)
    return pd.DataFrame() if found is None or "cusum" not in found else found
