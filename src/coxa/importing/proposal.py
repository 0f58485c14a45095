"""A proposed plan: what was understood of files, why, and what could not be decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from coxa.findings import Findings

PlanKind = Literal["trial", "cohort", "service", "audit"]
"""Kinds of plan that files can be read as."""

Status = Literal["mapped", "asked", "unused"]
"""Whether a column has its place in the plan, is part of a question, or is of no use to the plan."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of one column of a file.

    file, sheet : where it is; the sheet is empty where a file has none
    column      : its name in the file, names of several header rows joined
    status      : mapped, asked or unused
    role        : what it is in the plan, such as `participant_id`, `arm`, `outcomes.pain at week_12`, `item p1 of hoos
                  at baseline`; empty where it has no place
    why         : what speaks for it, in one sentence with its numbers
    examples    : up to five different values as the file has them; never of a column that identifies people
    n_rows, n_empty : rows of the file, and empty ones among them

    Examples
    --------
    >>> site = Reading("june.csv", "", "Site", "mapped", "clinic", "Its name means the clinic.", ("North",), 60, 0)
    >>> site.column, site.role
    ('Site', 'clinic')
    """

    file: str
    sheet: str
    column: str
    status: Status
    role: str
    why: str
    examples: tuple[str, ...]
    n_rows: int
    n_empty: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One possible answer to a question: its word, and what it means.

    Examples
    --------
    >>> Answer("%d/%m/%Y", "the day comes first").word
    '%d/%m/%Y'
    """

    word: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """What cannot be decided from the files.

    key     : stable name of the question, such as `kind`, `arm.reference`, `date_format:episodes.xlsx:From`
    text    : the question in one sentence
    why     : what is known, with numbers, in one sentence
    answers : the possible answers; empty where a text is asked for
    columns : names of the columns that it is about
    needed  : whether the plan cannot be checked without an answer

    Examples
    --------
    >>> answers = (Answer("Clinic", "Clinic: 2 names"), Answer("none", "there is no such column"))
    >>> asked = Question("column:clinic", "Which column holds the clinic?", "Two columns have its name.", answers)
    >>> [answer.word for answer in asked.answers], asked.needed
    (['Clinic', 'none'], True)
    """

    key: str
    text: str
    why: str
    answers: tuple[Answer, ...]
    columns: tuple[str, ...] = ()
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan proposed for files.

    kind      : of the plan
    plan      : the plan as keys and values, without what is asked
    comments  : path of a key (`data.tables.assessments.date_format`) -> why it is so, as a comment of the file
    readings  : every column of every file
    questions : what is open, the needed ones first
    answers   : answers that were given, by the key of their question
    findings  : what is wrong with the files themselves
    files     : the files, as they were named

    Examples
    --------
    >>> from pathlib import Path
    >>> from coxa.importing import propose
    >>> head = "Pat no,Site,From,Until,NPRS start,NPRS end"
    >>> _ = Path("june.csv").write_text(head + chr(10) + "01,North,2025-01-07,2025-03-01,7,3", encoding="utf-8")
    >>> proposal = propose("june.csv", "audit")
    >>> proposal.name, [each.role for each in proposal.readings][:3]
    ('audit.yaml', ['patient', 'clinic', 'intake_date'])
    """

    kind: PlanKind
    plan: Mapping[str, Any]
    comments: Mapping[str, str]
    readings: tuple[Reading, ...]
    questions: tuple[Question, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the file of the plan: audit.yaml, or study.yaml."""
        return "audit.yaml" if self.kind == "audit" else "study.yaml"
