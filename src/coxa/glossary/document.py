"""The glossary as a document, generated from the vocabularies, the data dictionary and the terms of each topic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coxa.glossary.term import Term
from coxa.glossary.topics import library_words, topics

INTRODUCTION = """# Glossary

The words of coxa, used in one sense everywhere: in plans, code, tables and reports. This page is generated from
`src/coxa/glossary/`, the vocabularies of plans and the data dictionary; `coxa schema WORD` finds each of them in a
terminal. A *source* is where the fact or figure of a meaning was read; where there is none, the meaning is coxa's use
of the word, and marks such as the bands of pain are parameters of a plan.
"""

COLUMNS = """## Columns

Inside coxa: `study_id, participant_id, site_id, therapist_id, arm, arm_received, visit, assessment_date, study_day,
outcome, value, unit, baseline, change, percent_change, responder, in_randomised_set, in_full_analysis_set,
in_per_protocol_set, in_safety_set`. Results: `estimand, analysis, outcome, visit, arm, reference, term, estimate,
std_error, df, statistic, p_value, conf_low, conf_high, conf_level, n_participants, n_observations, method, warning`.
"""

PLURALS = {
    "component": "Components",
    "exercise": "Exercises",
    "condition": "Conditions",
    "clinical measure": "Clinical measures",
    "red flag": "Red flags",
    "return to sport": "Statuses",
    "instrument": "Instruments",
    "table": "Tables",
    "field": "Fields",
}
"""Kind of term -> heading of its table; terms of a topic's own stand first without one."""


def glossary_document() -> str:
    """Return the glossary as Markdown, the same bytes every time.

    Examples
    --------
    >>> glossary_document().splitlines()[0]
    '# Glossary'
    """
    library = (_section(title, _rows(("word", "meaning"), ((word.name, word.meaning) for word in words)))
               for title, words in library_words().items())  # fmt: skip
    fields = (_section(topic.title, _topic(topic.terms)) for topic in topics())
    return "\n".join([INTRODUCTION, *library, COLUMNS, *fields])


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", *lines, ""])


def _topic(terms: tuple[Term, ...]) -> Iterator[str]:
    """Yield the lines of a topic: its own words, and under headings what the vocabularies have."""
    own = [(term.name, _meaning(term), term.source) for term in terms if term.kind == "term"]
    if own:
        yield from _rows(("word", "meaning", "source"), own)
    for kind, heading in PLURALS.items():
        mine = [(f"`{term.name}`", term.label, _meaning(term), term.source) for term in terms if term.kind == kind]
        if mine:
            yield from ["", f"### {heading}", "", *_rows(("code", "label", "meaning", "source"), mine)]


def _meaning(term: Term) -> str:
    return term.meaning + (f" (also: {', '.join(term.also)})" if term.also else "")


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
