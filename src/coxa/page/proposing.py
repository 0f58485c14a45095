"""The plan that the files of a study speak for, and the questions that they leave open."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from coxa.errors import OptionError, check_option
from coxa.importing.proposal import PlanKind, Proposal, Question
from coxa.importing.proposing import propose
from coxa.importing.write import plan_text
from coxa.page.home import Place
from coxa.page.plan_text import read_text, sha256_of, write_plan
from coxa.page.remembered import Remembered, recall

KINDS: tuple[PlanKind, ...] = get_args(PlanKind)

KEPT = 8
"""Proposals that are kept while their files stay as they are."""

OVER_AN_EDIT = (
    "The plan was changed since it was proposed, and proposing it again loses these changes. Tick that they may be "
    "lost, or change the plan as text."
)


class Proposals:
    """Proposals for the files of studies; one is made anew only where files or answers are others."""

    def __init__(self) -> None:
        self._kept: dict[Any, Proposal] = {}
        self._lock = threading.Lock()

    def of(self, place: Place, noted: Remembered | None = None) -> Proposal | None:
        """Return the proposal for the files of a study that were chosen; None where none were, or one is gone."""
        noted = noted or recall(place)
        there = place.data_files()
        if not noted.files or not set(noted.files) <= set(there):
            return None
        paths = [there[name] for name in noted.files]
        key = (*map(_state, paths), noted.kind, *sorted(noted.answers.items()))
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = _proposed(paths, noted)
            return self._kept[key]

    def write(self, place: Place, noted: Remembered, lose_edits: bool) -> Proposal:
        """Propose the plan of a study for what is noted, and write it.

        Raises
        ------
        OptionError
            The plan was changed by hand, and it was not said that this may be lost.
        """
        now = read_text(place)
        edited = now is not None and sha256_of(now) != recall(place).proposed
        if edited and not lose_edits:
            raise OptionError(OVER_AN_EDIT)
        proposal = self.of(place, noted)
        if proposal is None:
            raise OptionError("No file is chosen. Choose at least one.")
        text = plan_text(proposal, place.folder)
        shown = sha256_of(now) if now is not None else None
        write_plan(
            place, proposal.name, text, shown,
            files=noted.files, kind=noted.kind, answers=dict(noted.answers), proposed=sha256_of(text),
        )  # fmt: skip
        return proposal


def _proposed(paths: list[Path], noted: Remembered) -> Proposal:
    kind = check_option("kind", noted.kind, KINDS) if noted.kind else None
    return propose(paths, kind, noted.answers)


def is_edited(place: Place) -> bool:
    """Return whether the plan of a study is another one than the page proposed last."""
    now = read_text(place)
    return now is not None and sha256_of(now) != recall(place).proposed


def answered(proposal: Proposal, given: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of a study with those that were sent.

    An empty one takes an answer back, and with it those that were given after it, whose questions may follow from it.

    Raises
    ------
    OptionError
        An answer that the question does not offer.
    """
    questions = {question.key: question for question in proposal.questions}
    answers = dict(given)
    for key, word in sent.items():
        if key in questions:
            _check(questions[key], word)
        if word:
            answers[key] = word
        elif key in answers:
            order = list(answers)
            answers = {name: answers[name] for name in order[: order.index(key)]}
    return answers


def _check(question: Question, word: str) -> None:
    if word and question.answers and word not in {answer.word for answer in question.answers}:
        raise OptionError(f"The answer to the question is not one of those offered: {question.text} Choose again.")


def _state(path: Path) -> tuple[str, int, int]:
    """Return what differs when a file has changed."""
    now = path.stat()
    return str(path), now.st_mtime_ns, now.st_size
