"""`coxa import`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from coxa.cli.edge import FOUND, AsJson, OutPath, Quiet, Verbose, edge, working
from coxa.errors import OptionError, check_option

if TYPE_CHECKING:
    from coxa.importing.draft import Material
    from coxa.importing.proposal import PlanKind, Proposal, Question


def import_command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES...",
            help="Files that a program exported (text, Excel, Parquet, SPSS, Stata, SAS, DuckDB, SQLite), or the "
            "address of a PostgreSQL server.",
        ),
    ],
    out: OutPath = Path("imported"),
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="Kind of plan: trial, cohort, service or audit. By default it is found or asked."),
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option("--answer", help="An answer to a question, as KEY=WORD; repeat it for several."),
    ] = None,
    interactive: Annotated[bool, typer.Option("--interactive", help="Ask the questions one by one.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Propose a plan for files: what each column is and why, and what has to be asked. The files are not changed.

    Example: coxa import episodes.xlsx --kind audit --out my-clinic
    """
    with edge(verbose, as_json):
        from coxa.importing.proposal import PlanKind as Kind
        from coxa.importing.proposing import proposed, read_material
        from coxa.importing.write import write_plan

        wanted = cast("PlanKind | None", kind and check_option("--kind", kind, get_args(Kind)))
        given = _answers(answers or [])
        with working(f"reading {', '.join(files)}", quiet):
            material = read_material(files)
            proposal = proposed(material, wanted, given)
        first = None
        if interactive and not as_json:
            from coxa.cli.show_import import show_understood

            first = proposal
            show_understood(first, quiet)
            proposal = _asked(material, wanted, proposal)
        place = write_plan(proposal, out) if proposal.plan else None
        if as_json:
            typer.echo(json.dumps(_record(proposal, place), default=str, ensure_ascii=False))
        else:
            from coxa.cli.show_import import show_next, show_proposal

            show_proposal(proposal, quiet, first)
            show_next(proposal, place, _again(files, out, wanted, proposal))
        if proposal.findings.errors or any(question.needed for question in proposal.questions):
            raise typer.Exit(FOUND)


def _answers(given: list[str]) -> dict[str, str]:
    """Return key -> word of answers as KEY=WORD."""
    found = {}
    for text in given:
        key, mark, word = text.rpartition("=")
        if not mark or not key:
            raise OptionError(f"`--answer` is {text}. Write it as KEY=WORD, such as kind=audit.")
        found[key.strip()] = word.strip()
    return found


def _again(files: Sequence[str], out: Path, kind: PlanKind | None, proposal: Proposal) -> str:
    """Return the arguments of the same command with the answers that it has, to be asked the other questions."""
    arguments = [*files, *(("--kind", kind) if kind else ()), "--out", str(out)]
    for key, word in proposal.answers.items():
        arguments += ["--answer", f"{key}={word}"]
    return shlex.join([*arguments, "--interactive"])


BACK = "back"


def _asked(material: Material, kind: PlanKind | None, proposal: Proposal) -> Proposal:
    """Ask every open question, the needed ones first; an empty answer leaves it open, `back` takes the last back."""
    from coxa.importing.draft import NoAnswerError
    from coxa.importing.proposing import proposed

    passed: list[str] = []
    while left := [question for question in proposal.questions if question.key not in passed]:
        question = left[0]
        text = _answer(question, first=not passed)
        if text == BACK and passed:
            last = passed.pop()
            kept = {key: word for key, word in proposal.answers.items() if key != last}
            proposal = proposed(material, kind, kept)
            continue
        if text == BACK:
            typer.echo("This is the first question.")
            continue
        try:
            if text:
                proposal = proposed(material, kind, {**proposal.answers, question.key: text})
            passed.append(question.key)
        except NoAnswerError:
            most = len(question.answers)
            numbers = f"a number from 1 to {most}" if most > 1 else "1"
            typer.secho(f"`{text}` is none of the answers. Type {numbers}.", fg="red", err=True)
        except OptionError as error:
            typer.secho(str(error), fg="red", err=True)
    return proposal


def _answer(question: Question, *, first: bool) -> str:
    """Show a question, and return the word of the answer that is typed, or `back`."""
    typer.echo(f"\n{question.text}\n{question.why}")
    for number, answer in enumerate(question.answers, start=1):
        typer.echo(f"  {number}  {answer.label or answer.word}")
    hint = "Answer (empty: leave open)" if first else "Answer (empty: leave open; back: to the question before)"
    text = str(typer.prompt(hint, default="", show_default=False)).strip()
    if text.isdigit() and 1 <= int(text) <= len(question.answers):
        return question.answers[int(text) - 1].word
    return BACK if text.lower() == BACK else text


def _record(proposal: Proposal, place: Path | None) -> dict[str, Any]:
    """Return a proposal as JSON has it."""
    return {
        "kind": proposal.kind,
        "file": None if place is None else place.as_posix(),
        "plan": proposal.plan,
        "readings": [asdict(each) for each in proposal.readings],
        "questions": [asdict(each) for each in proposal.questions],
        "answers": proposal.answers,
        "findings": [asdict(each) for each in proposal.findings],
    }
