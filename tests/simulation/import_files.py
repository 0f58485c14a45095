"""How well columns are understood: made files of different making, each with what its columns are.

Run as a script it makes the table of docs/import-measured.md:

    python -m tests.simulation.import_files --write docs/import-measured.md
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from coxa.importing.draft import Material
from coxa.importing.proposal import Proposal, Question, Reading
from coxa.importing.proposing import proposed, read_material
from tests.simulation.import_made.clinics import CLINICS
from tests.simulation.import_made.harder import HARDER
from tests.simulation.import_made.made import MadeFile
from tests.simulation.import_made.redcap import REDCAP
from tests.simulation.import_made.trials import TRIALS

MADE: tuple[MadeFile, ...] = (*TRIALS, *REDCAP, *HARDER, *CLINICS)


@dataclass(frozen=True, slots=True)
class Judged:
    """How the columns of a file were understood.

    right, wrong, asked, unused : columns; unused are right where they have no place, and missed where they have one
    missed                      : columns with a place in the plan that were not used
    mistakes                    : (column, role that was found, role that it has)
    """

    columns: int
    right: int
    asked: int
    unused: int
    missed: tuple[str, ...]
    mistakes: tuple[tuple[str, str, str], ...]

    @property
    def wrong(self) -> int:
        """Columns that were given a place that is not theirs."""
        return len(self.mistakes)


def judged(made: MadeFile, readings: Sequence[Reading]) -> Judged:
    """Compare what was understood with what the columns are."""
    right, asked, unused, missed, mistakes = 0, 0, 0, [], []
    for each in readings:
        truth = made.role(each.file, each.sheet, each.column)
        allowed = [role.strip() for role in truth.split("|")]
        if each.status == "asked":
            asked += 1
        elif each.status == "unused":
            unused += 1
            if "" not in allowed:
                missed.append(each.column)
        elif each.role in allowed:
            right += 1
        else:
            mistakes.append((each.column, each.role, truth))
    return Judged(len(readings), right, asked, unused, tuple(missed), tuple(mistakes))


def answered(made: MadeFile, material: Material) -> tuple[list[Proposal], dict[str, str]]:
    """Answer the questions of a proposal as its authors would, until none that they can answer is left.

    Returns the proposals, the first without answers and the last with all, and the answers.
    """
    given: dict[str, str] = {}
    proposals: list[Proposal] = []
    while True:
        proposals.append(proposed(material, made.kind, given))
        new = {q.key: word for q in proposals[-1].questions if (word := _right(q, made))}
        if not new:
            return proposals, given
        given |= new


def _right(question: Question, made: MadeFile) -> str:
    """Return the right answer, where it is offered or a text is asked for; nothing where the truth does not have it."""
    word = "same" if question.key.startswith("same:") else made.answers.get(question.key, "")
    return word if not question.answers or word in [each.word for each in question.answers] else ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One made file: how it was understood at first, and after its questions were answered.

    material : what was read of it
    last     : the proposal with all answers
    """

    made: MadeFile
    at_first: Judged
    after: Judged
    questions: int
    needed: int
    material: Material
    last: Proposal

    @property
    def open_after(self) -> tuple[str, ...]:
        """Questions that were not answered."""
        return tuple(question.key for question in self.last.questions)


def measure(made: MadeFile, folder: Path) -> Measure:
    """Write a file into a folder of its own, read it once, and measure how well it is understood."""
    folder.mkdir()
    made.write(folder)
    material = read_material([folder / file for file in made.files])
    proposals, given = answered(made, material)
    first, last = proposals[0], proposals[-1]
    needed = {question.key for each in proposals for question in each.questions if question.needed}
    came_up = {*given, *(question.key for question in last.questions)}
    at_first, after = judged(made, first.readings), judged(made, last.readings)
    return Measure(made, at_first, after, len(came_up), len(needed), material, last)


HEAD = """# How well files are understood

What `coxa import` makes of files of different making, of which it is known what each column is. They are drawn anew
from simulators with fixed seeds ([tests/simulation/import_made](../tests/simulation/import_made)); this page is made
by `nox -s import_files`, and a test asserts that no column is given a wrong place.

A column is *right* when it has the place that it has in truth, *asked* when a question is about it, and *unused* when
it has no place in the plan. *Missed* are columns that have a place and were not used. Questions are those that came up
in all; *needed* are those without whose answer the plan cannot be checked. The second line of a file is what is
understood after its authors answered.

| file | what it is | | columns | right | wrong | asked | unused | missed | questions (needed) |
|---|---|---|---|---|---|---|---|---|---|
"""


def page(found: Sequence[Measure]) -> str:
    """Return the page of the documentation."""
    lines = []
    for each in found:
        name = f"| {each.made.name} | {each.made.kind}: {each.made.habit} "
        lines.append(f"{name}| at first {_cells(each.at_first)}| {each.questions} ({each.needed}) |")
        lines.append(f"| | | answered {_cells(each.after)}| |")
    every = [each.at_first for each in found], [each.after for each in found]
    for when, several in zip(("at first", "answered"), every, strict=True):
        lines.append(f"| **all** | {len(found)} files | {when} {_cells(_sum(several))}| |")
    return HEAD + "\n".join(lines) + "\n\n" + _remarks(found)


def _cells(each: Judged) -> str:
    counts = (each.columns, each.right, each.wrong, each.asked, each.unused, len(each.missed))
    return "".join(f"| {count} " for count in counts)


def _sum(several: Sequence[Judged]) -> Judged:
    return Judged(
        sum(each.columns for each in several),
        sum(each.right for each in several),
        sum(each.asked for each in several),
        sum(each.unused for each in several),
        tuple(name for each in several for name in each.missed),
        tuple(mistake for each in several for mistake in each.mistakes),
    )


def _remarks(found: Sequence[Measure]) -> str:
    """Return what is missed, and what is still open after the authors answered."""
    most = max(found, key=lambda each: each.questions)
    held = max(found, key=lambda each: each.at_first.asked)
    total, needed = sum(each.questions for each in found), sum(each.needed for each in found)
    lines = [
        "## What is asked",
        "",
        f"{total} questions for {len(found)} files, {needed} of them needed. One can be about many columns: of "
        f"{held.made.name} {held.at_first.asked} columns wait for the days of its visits. Most are asked of "
        f"{most.made.name}: {most.questions} for {most.at_first.columns} columns, since each number and "
        "each word whose name is not known is asked by itself, whether it is a covariate.",
        "",
        "## What is missed, and what stays open",
        "",
    ]
    for each in found:
        missed = list(dict.fromkeys(each.after.missed))
        left = [key for key in each.open_after if key not in OPTIONAL]
        if missed or left:
            parts = [f"not used though it has a place: {', '.join(missed)}"] if missed else []
            parts += [f"open: {', '.join(f'`{key}`' for key in left)}"] if left else []
            lines.append(f"- {each.made.name}: {'; '.join(parts)}.")
    return "\n".join(lines) + "\n"


OPTIONAL = ("visits.window",)
"""Questions that the authors of these files leave open."""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("names", nargs="*", help="Made files; all of them unless named.")
    given = parser.parse_args()
    chosen = [made for made in MADE if not given.names or made.name in given.names]
    with TemporaryDirectory() as folder:
        found = [measure(made, Path(folder, made.name)) for made in chosen]
    given.write.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
