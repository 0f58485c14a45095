"""What steps, tables, outcomes, visits and reasons are called in a report: the labels of the plan, not its keys."""

from __future__ import annotations

import re

from coxa.cohort.dictionary import load_table
from coxa.sentences import mid_sentence
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.parts import readable
from coxa.study.wording import factor_words
from coxa.study.words import TABLES

STEP = re.compile(r"(?P<what>[a-z ]+) of (?P<name>\w+)")
PARTS = {"analysis set": "estimands", "values": "estimands", "model": "analyses"}
"""What a step is of -> the part of the plan that it names."""


def step_words(study: Study, stage: str) -> str:
    """Return a step with the label of its estimand or analysis: "Values of: change in pain at 12 weeks"."""
    found = STEP.fullmatch(stage)
    kind = PARTS.get(found["what"], "") if found else ""
    if not found or found["name"] not in getattr(study, kind, {}):
        return readable(stage)
    return f"{readable(found['what'])}: {study.label(kind, found['name'])}"


def table_words(name: str) -> str:
    """Return the label of a table of the data dictionary; any other name made readable."""
    return load_table(name).label if name in TABLES else readable(name)


def part_words(study: Study, kind: str, name: str) -> str:
    """Return the label of an outcome or a visit; any other name made readable."""
    return study.label(kind, name) if name in getattr(study, kind, {}) else readable(name)


def with_labels(study: Study, text: str) -> str:
    """Return a text with the labels of visits, intercurrent events and random factors in place of their keys.

    Only keys that no sentence would have by chance, with an underscore or a digit, are replaced.
    """
    labels = {name: study.label("visits", name) for name in study.visits}
    events = getattr(study, "intercurrent_events", {})
    labels |= {name: mid_sentence(study.label("intercurrent_events", name)) for name in events}
    if isinstance(study, ComparativeStudy):
        labels |= {name: factor_words(study, name) for one in study.analyses.values() for name in one.factors}
    for name in sorted(labels, key=len, reverse=True):
        if "_" in name or any(letter.isdigit() for letter in name):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", labels[name].replace("\\", r"\\"), text)
    return text
