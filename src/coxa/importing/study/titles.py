"""The title of a proposed study, from its arms and outcomes."""

from __future__ import annotations

from typing import Any

from coxa.importing.draft import Draft
from coxa.importing.proposal import PlanKind

WHY = "From what was found in the files; write the title of the study"
LONGEST = 3
"""So many outcomes are named where none is primary."""


def put_title(draft: Draft, kind: PlanKind) -> None:
    """Put a title into a plan that has its arms, outcomes and, where they are known, its first estimand."""
    title = title_of(draft.plan, kind)
    if title:
        draft.put(["title"], title, WHY)


def title_of(plan: dict[str, Any], kind: PlanKind) -> str:
    """Return a title for the keys of a plan; empty where nothing is known yet.

    Examples
    --------
    >>> arms = {"exercise": {"label": "Exercise"}, "usual_care": {"label": "Usual care", "reference": True}}
    >>> title_of({"arms": arms, "outcomes": {"pain": {"label": "Pain"}}}, "trial")
    'Exercise compared with usual care: pain'
    >>> title_of({"arms": arms, "outcomes": {"pain": {"label": "Pain"}}}, "cohort")
    'Pain in two groups: exercise and usual care'
    """
    arms = plan.get("arms", {})
    others = [_label(arms, name) for name in arms if not arms[name].get("reference")]
    references = [_label(arms, name) for name in arms if arms[name].get("reference")]
    measured = _measured(plan)
    if kind == "trial" and others and references:
        compared = f"{_listed(others)} compared with {_lower(references[0])}"
        return _upper(f"{compared}: {_lower(measured)}" if measured else compared)
    if kind == "cohort" and measured and len(arms) > 1:
        number = {2: "two", 3: "three", 4: "four"}.get(len(arms), str(len(arms)))
        return _upper(f"{measured} in {number} groups: {_lower(_listed([*others, *references]))}")
    return _upper(f"{measured} over time") if kind == "service" and measured else ""


def _measured(plan: dict[str, Any]) -> str:
    """Return the primary outcome in words, or the first outcomes."""
    outcomes = plan.get("outcomes", {})
    primary = plan.get("estimands", {}).get("primary", {}).get("endpoint", {}).get("outcome")
    names = [primary] if primary in outcomes else list(outcomes)[:LONGEST]
    return _listed([_label(outcomes, name) for name in names])


def _label(parts: dict[str, dict[str, Any]], name: str) -> str:
    return str(parts[name].get("label") or name.replace("_", " "))


def _listed(labels: list[str]) -> str:
    """Return "a, b and c"; but for the first, without the capital of an ordinary word."""
    words = [label if k == 0 else _lower(label) for k, label in enumerate(labels)]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _lower(label: str) -> str:
    """Return a label without its capital, unless it begins with an abbreviation or a single letter."""
    return label if label[1:2].isupper() or len(label.split(" ")[0]) < 2 else f"{label[:1].lower()}{label[1:]}"


def _upper(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
