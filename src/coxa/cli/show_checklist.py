"""How a filled checklist looks in a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from coxa.cli.show import console
from coxa.report.topics.checklists.answer import Answer, Checklist
from coxa.report.topics.checklists.table import counts_words

COLOURS = {"answered": "green", "partly": "yellow", "gap": "red"}


def show_checklists(filled: tuple[Checklist, ...], quiet: bool) -> None:
    """Print each checklist as a table below its counts; with `quiet` the counts alone."""
    out = console()
    for checklist in filled:
        out.print(Text(f"{checklist.guideline.label}: {counts_words(checklist)}", style="bold"))
        if quiet:
            continue
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("item", "topic", "status", "where reported, or what is missing (key of the plan)"):
            table.add_column(name, overflow="fold", no_wrap=name == "item")
        for answer in checklist.answers:
            status = Text(answer.status, style=COLOURS[answer.status])
            table.add_row(Text(answer.item.item), Text(answer.item.topic), status, Text(_place(answer)))
        out.print(table)
        out.print()


def _place(answer: Answer) -> str:
    missing = f"missing: {'; '.join(answer.missing)}" if answer.missing else ""
    keys = f" ({', '.join(answer.keys)})" if answer.keys else ""
    return "; ".join(part for part in ("; ".join(answer.where), missing + keys) if part)
