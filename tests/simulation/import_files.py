"""How well columns are understood: made files of different making, each with what its columns are.

Run as a script it makes the table of docs/import-measured.md:

    python -m tests.simulation.import_files --write docs/import-measured.md
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from coxa.importing.proposal import Proposal, Question, Reading
from coxa.importing.propose import propose
from tests.simulation.import_made.made import MadeFile
from tests.simulation.import_made.redcap import REDCAP
from tests.simulation.import_made.trials import TRIALS

MADE: tuple[MadeFile, ...] = (*TRIALS, *REDCAP)


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


def proposed(made: MadeFile, folder: Path, answers: Mapping[str, str]) -> Proposal:
    """Return the proposal for a made file."""
    return propose([folder / file for file in made.files], made.kind, answers)


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


def answered(made: MadeFile, folder: Path) -> tuple[Proposal, dict[str, str]]:
    """Answer the questions of a proposal as its authors would, until none of those that they can answer is left."""
    given: dict[str, str] = {}
    while True:
        proposal = proposed(made, folder, given)
        new = {q.key: made.answers[q.key] for q in proposal.questions if q.key in made.answers and _fits(q, made)}
        if not new:
            return proposal, given
        given |= new


def _fits(question: Question, made: MadeFile) -> bool:
    """Say whether the right answer is offered, or a text is asked for."""
    return not question.answers or made.answers[question.key] in [each.word for each in question.answers]


@dataclass(frozen=True, slots=True)
class Measure:
    """One made file: how it was understood at first, and after its questions were answered."""

    made: MadeFile
    at_first: Judged
    after: Judged
    questions: int
    open_after: tuple[str, ...]


def measure(made: MadeFile) -> Measure:
    """Write a file and measure how well it is understood."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made.write(folder)
        first = proposed(made, folder, {})
        last, given = answered(made, folder)
    still = tuple(question.key for question in last.questions)
    return Measure(made, judged(made, first.readings), judged(made, last.readings), len(given) + len(still), still)


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    for made in MADE:
        if given.names and made.name not in given.names:
            continue
        found = measure(made)
        for what, each in (("first", found.at_first), ("after", found.after)):
            print(
                f"{made.name:16} {what} columns {each.columns} right {each.right} wrong {each.wrong} asked {each.asked} unused {each.unused} missed {each.missed[:6]} {each.mistakes[:6]}"
            )
        print("   ", found.questions, "questions; open", found.open_after)


if __name__ == "__main__":
    main()
