"""How a proposed plan looks in a terminal."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from coxa.cards import counted
from coxa.cli.show import console, show_findings
from coxa.findings import Findings
from coxa.importing.proposal import Proposal, Question, Reading

ORDER = {"mapped": 0, "asked": 1, "unused": 2}
COLOURS = {"mapped": "green", "asked": "yellow", "unused": "dim"}
LONG_NUMBER = re.compile(r"-?\d+\.\d{6,}")
SHOWN, EXAMPLES = 60, 3
"""So many columns of a state are listed, and so many values of each."""


def show_proposal(proposal: Proposal, quiet: bool = False, before: Proposal | None = None) -> None:
    """Print what each column is and why, then the open questions; after answers, only what these have changed.

    Parameters
    ----------
    before
        The proposal without the answers, which has been shown.
    """
    show_understood(proposal, quiet, before)
    waiting = {each.column for each in proposal.readings if each.status == "asked"}
    for question in proposal.questions:
        _show_question(question, [column for column in question.columns if column in waiting])


def show_understood(proposal: Proposal, quiet: bool = False, before: Proposal | None = None) -> None:
    """Print what is wrong with the files, and what each column is and why."""
    seen, known = (before.findings, before.readings) if before else (Findings(), ())
    show_findings(Findings.of(each for each in proposal.findings if each not in seen.items))
    readings = [each for each in proposal.readings if each not in known]
    if readings and not quiet:
        _show_readings(readings)


def _show_readings(readings: Sequence[Reading]) -> None:
    several = len({(each.file, each.sheet) for each in readings}) > 1
    alike = len(readings) > 1 and len({(each.role, each.why) for each in readings}) == 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    last = ("values",) if alike else ("is", "values", "why")
    for name in (*(("table",) if several else ()), "column", "", *last):
        table.add_column(name, overflow="fold")
    listed = sorted(readings, key=lambda each: ORDER[each.status])
    for status in ORDER:
        same = [each for each in listed if each.status == status]
        for each in same[:SHOWN]:
            place = [Text(each.sheet or each.file)] if several else []
            cells = [Text(each.role), Text(_values(each.examples[:EXAMPLES])), Text(each.why)]
            table.add_row(
                *place,
                Text(each.column),
                Text(each.status, style=COLOURS[status]),
                *(cells[1:2] if alike else cells),
            )
        if len(same) > SHOWN:
            table.add_row(*([Text("")] if several else []), Text(f"and {len(same) - SHOWN} more"), Text(status))
    console().print(table)
    if alike:
        typer.echo(f"All columns: {readings[0].why}")


def _values(examples: Sequence[str]) -> str:
    """Return values with commas between them, or semicolons where a value has a comma itself: `6,5; 4`."""
    return ("; " if any("," in text for text in examples) else ", ").join(map(_in_brief, examples))


def _in_brief(text: str) -> str:
    """Return a number of many digits to six of them, and any other value as it is."""
    return f"{float(text):.6g}" if LONG_NUMBER.fullmatch(text) else text


def _show_question(question: Question, waiting: Sequence[str]) -> None:
    """Print a question, with the columns that are not used until it is answered, and what can be answered."""
    must = "needed" if question.needed else "can stay open"
    if waiting and not question.needed:
        must = f"until answered, not used: {', '.join(waiting)}"
    typer.secho(f"\n? {question.text} ({must})", bold=True)
    typer.echo(f"  {question.why}")
    for answer in question.answers:
        typer.echo(f"  --answer {shlex.quote(f'{question.key}={answer.word}')}   {answer.label}".rstrip())
    if not question.answers:
        typer.echo(f"  --answer {shlex.quote(f'{question.key}=...')}")


def show_next(proposal: Proposal, place: Path | None, again: str) -> None:
    """Print the plan's place, and what can be done next.

    Parameters
    ----------
    again
        Arguments of `coxa import` that ask what is open, with the answers that were given.
    """
    counts = {status: sum(each.status == status for each in proposal.readings) for status in ORDER}
    typer.echo(
        f"\n{counted(len(proposal.readings), 'column')}: {counts['mapped']} used, {counts['asked']} in question, "
        f"{counts['unused']} not used; {counted(len(proposal.questions), 'open question')}"
    )
    command = os.environ.get("COXA_COMMAND", "coxa")
    if place is not None:
        typer.echo(f"wrote {place}")
    needed = any(question.needed for question in proposal.questions)
    if proposal.questions:
        which = "needed questions" if needed else "questions that can stay open, if you know better"
        typer.echo(f"Answer the {which}, by `--answer` or one by one:")
        typer.echo(f"  {command} import {again}")
    if place is None or needed:
        return
    typer.echo("Read the plan, correct what you know better, then try:")
    what = "audit" if proposal.kind == "audit" else "report"
    typer.echo(f"  {command} check {shlex.quote(str(place))}")
    typer.echo(f"  {command} {what} {shlex.quote(str(place))} --out {shlex.quote(str(place.parent / 'out'))}")
