"""The exercises that are prescribed in each arm, one row each, with their dose (CERT 8 and 13)."""

from __future__ import annotations

from collections.abc import Callable

from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.arm import Prescription
from coxa.study.delivery.exercises import with_own
from coxa.study.delivery.items import load_words, span_words
from coxa.study.parts import readable
from coxa.tables.formats import NONE
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

DOSES: dict[str, Callable[[Prescription], str]] = {
    "Sets": lambda one: span_words(one.sets),
    "Repetitions": lambda one: span_words(one.reps),
    "Hold (s)": lambda one: span_words(one.hold_s),
    "Rest (s)": lambda one: span_words(one.rest_s),
    "Minutes": lambda one: span_words(one.minutes),
    "Tempo": lambda one: one.tempo or "",
    "Load": lambda one: load_words(one),
    "Effort (0-10)": lambda one: span_words(one.effort),
    "Sides": lambda one: "each side" if one.per_side else one.side or "",
    "Times a week": lambda one: span_words(one.per_week),
    "Where": lambda one: "" if one.supervised is None else "supervised" if one.supervised else "at home",
    "Stage": lambda one: one.stage or "",
}
"""Heading of a column -> what it shows of a prescription; columns in which nothing is stated are left out."""


def exercises_table(study: ComparativeStudy) -> Table | None:
    """Return the exercises prescribed, arm by arm; None where the plan prescribes none.

    Parameters
    ----------
    study
        The plan.

    Returns
    -------
    Table or None
        A group of rows per arm; columns are target, kind, and what is stated of the dose of some exercise.

    Examples
    --------
    >>> import coxa
    >>> table = exercises_table(coxa.preset("kjeldsen-2024"))
    >>> table.groups[0].rows[0].label
    'Stationary cycling'
    """
    prescribed = {arm: part.exercises for arm in study.arm_order if (part := study.arms[arm].delivery)}
    every = [one for given in prescribed.values() for one in given]
    if not every:
        return None
    known = with_own(study.exercises)
    stated = {heading: words for heading, words in DOSES.items() if any(words(one) for one in every)}
    groups = []
    for arm, given in prescribed.items():
        rows = []
        for one in given:
            exercise = known[one.exercise]
            target, kind = sentence_case(one.target or exercise.target), readable(exercise.kind)
            dose = (Cell(words(one) or NONE) for words in stated.values())
            rows.append(Row(exercise.label, (Cell(target), Cell(kind), *dose)))
        if rows:
            groups.append(RowGroup(study.label("arms", arm), tuple(rows)))
    notes = ["From the plan (CERT 8 and 13). A dash: the plan does not state it."]
    if own := [study.exercises[code].label for code in dict.fromkeys(one.exercise for one in every)
               if code in study.exercises]:  # fmt: skip
        notes.append(f"Not of the vocabulary of exercises, but of this plan: {'; '.join(own)}.")
    return Table(
        "exercises",
        "Exercises prescribed, with their dose",
        "Exercise",
        (Column("Target", "left"), Column("Kind", "left"), *(Column(heading, "left") for heading in stated)),
        tuple(groups),
        tuple(map(Footnote, notes)),
    )
