"""`coxa lesson`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.edge import Quiet, Verbose, edge, working
from coxa.errors import OptionError

MOST_STUDENTS = 500


def lesson_command(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Lesson; without it, all are listed.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for data.csv and the sheet; new or empty.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the data.")] = 1,
    hint: Annotated[int, typer.Option("--hint", min=0, help="Number of hints to show.")] = 0,
    answer: Annotated[
        bool,
        typer.Option("--answer", help="Show what was planted, and how two analyses find it."),
    ] = False,
    students: Annotated[
        int | None,
        typer.Option("--class", min=1, max=MOST_STUDENTS, help="Write a data set per student, and a marking sheet."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Learn from data with one planted fault: questions, hints, and the answer with its truth.

    Example: coxa lesson therapist_ignored --out lesson
    """
    with edge(verbose):
        from coxa.cli.show_lesson import show_markdown
        from coxa.lessons import answer_of, lesson_names, load_lesson
        from coxa.lessons.sheets import answer_sheet, sheet, student_seeds

        if name is None:
            for each in lesson_names():
                typer.echo(f"{each:24} {load_lesson(each).title}")
            _show_next(quiet, lesson_names()[0])
            return
        lesson = load_lesson(name)
        if students is not None:
            if out is None:
                raise OptionError("A class needs a folder. Add `--out FOLDER`.")
            with working("drawing the data of the class", quiet):
                write_class(name, out, seed, students)
            typer.echo(f"wrote {students} data sets and {out / 'marking.csv'}, which is for the teacher")
            student, own = next(iter(student_seeds(seed, students).items()))
            typer.echo(f"the answer with the data of {student}:")
            _show_commands(quiet, f"{name} --seed {own} --answer")
            return
        if answer:
            with working("analysing many data sets", quiet):
                text = answer_sheet(answer_of(lesson, seed))
            show_markdown(text)
            return
        show_markdown(sheet(lesson, hint))
        if out is not None:
            write_student(name, out, seed)
            typer.echo(f"wrote {out / 'data.csv'}")
        more = [] if out is not None else [f"--out {name}"]
        more += [f"--hint {hint + 1}"] if hint < len(lesson.hints) else []
        again = [] if seed == 1 else [f"--seed {seed}"]
        _show_next(quiet, *(" ".join([name, option, *again]) for option in (*more, "--answer")))


def _show_next(quiet: bool, *arguments: str) -> None:
    """Print how to go on: data, the next hint, the answer."""
    if not quiet:
        typer.echo("now try:")
    _show_commands(quiet, *arguments)


def _show_commands(quiet: bool, *arguments: str) -> None:
    command = os.environ.get("COXA_COMMAND", "coxa")
    for each in arguments if not quiet else ():
        typer.echo(f"  {command} lesson {each}")


def write_student(name: str, folder: Path, seed: int) -> None:
    """Write the data and the sheet of one student."""
    from coxa.files import save, whole_run
    from coxa.lessons import load_lesson
    from coxa.lessons.sheets import sheet
    from coxa.report.output.csv_files import csv_text

    lesson = load_lesson(name)
    with whole_run(folder) as part:
        save(part / "data.csv", csv_text(lesson.data(seed)))
        save(part / "README.md", sheet(lesson))


def write_class(name: str, folder: Path, seed: int, students: int) -> None:
    """Write the data of each student, and the marking sheet."""
    from coxa.files import save
    from coxa.lessons import load_lesson
    from coxa.lessons.sheets import marking_sheet, student_seeds
    from coxa.report.output.csv_files import csv_text

    seeds = student_seeds(seed, students)
    for student, own in seeds.items():
        write_student(name, folder / student, own)
    save(folder / "marking.csv", csv_text(marking_sheet(load_lesson(name), seeds)))
