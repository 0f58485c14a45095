"""A term with its meaning, what kind of word it is, and where the meaning was read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One entry.

    name    : the word as it is written, in plans and files where it is a code
    label   : what it is called in tables
    kind    : component, exercise, condition, clinical measure, red flag, field, table, instrument, key of a plan, term
    meaning : in a few words, from a lower-case letter or as the vocabulary has it
    source  : where the meaning, or the figure in it, was read; empty where it is coxa's own use of the word
    where   : where a plan or a file has it
    also    : other words for it
    """

    name: str
    label: str
    kind: str
    meaning: str
    source: str = ""
    where: str = ""
    also: tuple[str, ...] = ()
