"""A proposal while it is made: what is planned and why, what each column is, what has to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coxa.errors import OptionError, choose
from coxa.findings import Finding, Findings
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import PlanKind, Proposal, Question, Reading, Status
from coxa.importing.roles import is_personal
from coxa.importing.tables import FileTable

Place = tuple[str, str, str]
"""File, sheet and column."""

EXAMPLES = 5
OF_COLUMNS = "column:"
PATH_MARK = "."


class NoAnswerError(OptionError):
    """What was answered is none of the answers that a question has."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a plan is proposed from.

    tables   : every table of the files
    profiles : (tables) of each table, what its columns are
    files    : the files, as they were named
    folder   : the folder that all of them share; names of files in a plan are relative to it
    findings : what is wrong with the files
    answers  : answers to questions, by the key of the question
    """

    tables: tuple[FileTable, ...]
    profiles: tuple[tuple[ColumnProfile, ...], ...]
    files: tuple[str, ...] = ()
    folder: Path = Path()
    findings: tuple[Finding, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[ColumnProfile, ...]:
        """The columns of all tables."""
        return tuple(one for each in self.profiles for one in each)


def place_of(profile: ColumnProfile) -> Place:
    """Return file, sheet and column of a profile."""
    return profile.file, profile.sheet, profile.column


@dataclass(slots=True)
class Draft:
    """What is proposed so far. `ask` returns the answer to a question, or notes that it is open.

    plan      : keys and values
    comments  : path of a key, its parts with points between -> why it is so
    questions : open ones, in the order in which they came up
    asked     : keys of all questions that came up, answered ones among them
    roles     : column -> status, role and why
    hidden    : columns whose values are not to be shown, since they identify people
    """

    material: Material
    plan: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    roles: dict[Place, tuple[Status, str, str]] = field(default_factory=dict)
    hidden: set[Place] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def put(self, path: Sequence[str], value: Any, why: str = "") -> None:
        """Set a key of the plan, such as `("data", "decimal")`, with its comment."""
        part = self.plan
        for key in path[:-1]:
            part = part.setdefault(key, {})
        part[path[-1]] = value
        if why:
            self.comments[PATH_MARK.join(path)] = why

    def ask(self, question: Question) -> str | None:
        """Return the answer to a question; without one it is open, and nothing is returned.

        Raises
        ------
        NoAnswerError
            The answer is none of the possible ones.
        """
        self.asked.add(question.key)
        answer = self.material.answers.get(question.key, "").strip()
        words = [each.word for each in question.answers]
        if not answer or (words and answer not in words and self._taken(question.key, answer)):
            if all(question.key != each.key for each in self.questions):
                self.questions.append(question)
            return None
        if words and answer not in words:
            raise NoAnswerError(f"{answer} is no answer to `{question.key}`. {choose(answer, words)}")
        return answer

    def rename_answer(self, key: str, names: Mapping[str, str]) -> None:
        """Take the answer to a question by another name of the same thing, such as an arm by its code."""
        answers = self.material.answers
        if (name := names.get(answers.get(key, "").strip())) is not None:
            self.material = replace(self.material, answers={**answers, key: name})

    def _taken(self, key: str, answer: str) -> bool:
        """Note that the answer to a question is a column that another answer has given a place; say whether it is."""
        known = any(answer == profile.column for profile in self.material.columns)
        if key.startswith(OF_COLUMNS) and known:
            rule = f"the column {answer} is the answer to `{key}`, and another answer has given it a place"
            self._warn(rule, "Take one of them back, or answer with another column.", key)
        return key.startswith(OF_COLUMNS) and known

    def _warn(self, rule: str, remedy: str, key: str) -> None:
        self.findings.append(Finding("warning", "answers", rule, remedy, field=key))

    def is_open(self, key: str) -> bool:
        """Say whether a question came up and has no answer."""
        return any(question.key == key for question in self.questions)

    def need(self, start: str) -> None:
        """Note that the open questions whose key begins so have to be answered: without one there is no plan."""
        self.questions = [
            replace(question, needed=True) if question.key.startswith(start) else question
            for question in self.questions
        ]

    def is_role(self, profile: ColumnProfile, role: str, why: str, status: Status = "mapped") -> None:
        """Note what a column is."""
        self.roles[place_of(profile)] = (status, role, why)

    def hide(self, profile: ColumnProfile) -> None:
        """Note that the values of a column are not to be shown."""
        self.hidden.add(place_of(profile))

    def free(self, profile: ColumnProfile) -> bool:
        """Say whether nothing is known of a column yet."""
        return place_of(profile) not in self.roles

    def proposal(self, kind: PlanKind) -> Proposal:
        """Return the proposal; answers to questions that did not come up, or no longer do, are warnings."""
        for key in [key for key, word in self.material.answers.items() if word and key not in self.asked]:
            hint = choose(key, sorted(self.asked)) if self.asked else "Nothing is asked of these files."
            self._warn("the question is not asked of these files with these answers", hint, key)
        return Proposal(
            kind,
            self.plan,
            self.comments,
            tuple(self._readings()),
            tuple(sorted(self.questions, key=lambda question: not question.needed)),
            {key: word for key, word in self.material.answers.items() if word},
            Findings.of((*self.material.findings, *self.findings)),
            self.material.files,
        )

    def _readings(self) -> Iterable[Reading]:
        asked = {column: question for question in reversed(self.questions) for column in question.columns}
        for profile in self.material.columns:
            status, role, why = self.roles.get(place_of(profile), ("unused", "", _unknown(profile)))
            if status != "mapped" and profile.column in asked:
                status, role, why = "asked", "", f"In question: {asked[profile.column].text}"
            yield Reading(
                profile.file, profile.sheet, profile.column, status, role, why, self._examples(profile),
                profile.n_rows, profile.n_empty,
            )  # fmt: skip

    def _examples(self, profile: ColumnProfile) -> tuple[str, ...]:
        """Return values to show: none of a column that identifies people, or whose values are each of one row."""
        personal = place_of(profile) in self.hidden or is_personal(profile) or profile.kind in ("identifier", "text")
        return () if personal else (*profile.values, *profile.missing)[:EXAMPLES]


def _unknown(profile: ColumnProfile) -> str:
    if profile.kind == "empty":
        return "The column is empty."
    return "Neither its name nor its values say what it is."
