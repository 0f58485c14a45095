"""Clinics, therapists and conditions that may be one, written in several ways: a mapping is proposed, none joined."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pandas as pd

from coxa.cards import counted
from coxa.episodes.checks.draft import Draft
from coxa.findings import Finding
from coxa.study.audit.lines import value_clause
from coxa.study.audit.plan import CLINIC, CONDITION, THERAPIST

SHOWN = 8


def check_spellings(draft: Draft) -> Iterator[Finding]:
    """Yield a warning per column whose labels differ only in how they are written.

    Therapists are compared within a clinic: those of two clinics are two therapists.
    """
    for name in (CLINIC, THERAPIST, CONDITION):
        if not draft.has(name):
            continue
        within = CLINIC if name == THERAPIST else "''"
        labels = draft.frame(
            f"SELECT {within} AS within, {name} AS label, COUNT(*) AS n FROM {{rows}} WHERE {name} IS NOT NULL "
            "GROUP BY 1, 2 ORDER BY 1, 2"
        )
        groups = alike(labels)
        if groups:
            yield _proposal(draft, name, groups)


def alike(labels: pd.DataFrame) -> list[list[tuple[str, int]]]:
    """Return the groups of labels that may be one, each with its number of episodes, the one to keep first.

    That is one with capitals, then one in the order of speech (no comma), then the most frequent of all groups, so that
    a name is kept in one way everywhere.

    Parameters
    ----------
    labels
        `within`, `label` and `n`.

    Examples
    --------
    >>> names = ["J. Okafor", "Okafor, J", "P. Lindqvist", "j okafor"]
    >>> alike(pd.DataFrame({"within": "", "label": names, "n": [5, 3, 9, 1]}))
    [[('J. Okafor', 5), ('Okafor, J', 3), ('j okafor', 1)]]
    """
    groups: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for within, label, n in zip(labels["within"], labels["label"], labels["n"], strict=True):
        groups.setdefault((str(within), name_key(str(label))), []).append((str(label), int(n)))
    total = labels.groupby("label")["n"].sum().to_dict()
    found = [
        sorted(group, key=lambda each: _untidy(each[0], total[each[0]])) for group in groups.values() if len(group) > 1
    ]
    return sorted(found, key=lambda group: group[0][0])


def _untidy(text: str, n: int) -> tuple[bool, bool, int, str]:
    return text == text.lower() or text == text.upper(), "," in text, -n, text


def name_key(label: str) -> str:
    """Return a label without what two hands write differently: capitals, accents, marks, and the order of its parts.

    Examples
    --------
    >>> name_key("Okafor, J"), name_key("J. Okafor"), name_key("Hip OA 2")
    ('j okafor', 'j okafor', '2 hip oa')
    """
    plain = unicodedata.normalize("NFKD", label).casefold()
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    parts = re.findall(r"\d+|[^\W\d_]+|[^\w\s.,;:'’()/-]", letters)
    return " ".join(sorted(parts)) or label


def _proposal(draft: Draft, name: str, groups: list[list[tuple[str, int]]]) -> Finding:
    words = {label: group[0][0] for group in groups for label, _ in group[1:]}
    shown = [" and ".join(f"{label} ({counted(n, 'episode')})" for label, n in group) for group in groups[:SHOWN]]
    more = f"; and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    return draft.finding(
        "warning",
        f"{counted(len(groups), 'label')} of `{name}` {'is' if len(groups) == 1 else 'are'} written in several ways, "
        "which count as different",
        f"If they mean the same, {value_clause(draft.plan, name, words)}.",
        name,
        "; ".join(shown) + more,
        n=sum(n for group in groups for _, n in group[1:]),
    )
