"""A first estimand and a first analysis, for the authors to decide on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coxa.importing.draft import Draft
from coxa.importing.study.questions import ask

STRATEGIES = (
    ("treatment_policy", "values after the event count as they are"),
    ("hypothetical", "values as they would have been without the event"),
)

FIRST = ("visits.", "items.", "outcomes.", "arm.column")
"""Questions whose answers say which outcomes and visits there are; they come first."""

DECIDE = "A first proposal from an answer. What is primary, and how events count, is for the authors to decide."


def first_analysis(
    draft: Draft,
    arms: Mapping[str, Mapping[str, Any]],
    measured: Mapping[str, Sequence[str]],
    events: Mapping[str, str],
) -> None:
    """Put a primary estimand and analysis into the plan, once the primary outcome and visit are known.

    Parameters
    ----------
    draft
        Takes the questions and the keys.
    arms
        Arms of the plan.
    measured
        Outcome -> visits at which the files have it, in their order.
    events
        Kinds of intercurrent events -> label.
    """
    after = {name: [visit for visit in visits if visit != "baseline"] for name, visits in measured.items()}
    offered = [(name, f"{name} at {', '.join(visits)}") for name, visits in after.items() if visits]
    waiting = any(question.needed and question.key.startswith(FIRST) for question in draft.questions)
    if not offered or waiting:
        return
    why = "The files do not say it; it is that of the protocol or of the registration."
    outcome = ask(draft, "primary.outcome", "Which outcome is the primary one?", why, offered)
    known = dict.fromkeys(visit for visits in after.values() for visit in visits)
    choices = after.get(outcome or "", list(known))
    visit = ask(draft, "primary.visit", "At which visit is it compared?", why, [(each, "") for each in choices])
    strategies = _strategies(draft, events)
    reference = next((name for name, arm in arms.items() if arm.get("reference")), None)
    if not outcome or not visit or reference is None or None in strategies.values():
        return
    change = "baseline" in measured[outcome]
    estimand: dict[str, Any] = {
        "treatment": {"compare": [name for name in arms if name != reference], "against": reference},
        "endpoint": {"outcome": outcome, "measure": "change" if change else "value", "visit": visit},
    }
    if strategies:
        estimand["intercurrent_events"] = strategies
    draft.put(["estimands", "primary"], estimand, DECIDE)
    several = len(after[outcome]) > 1
    analysis: dict[str, Any] = {"estimand": "primary", "role": "primary", "model": "mmrm" if several else "ancova"}
    if change:
        analysis["adjust"] = ["baseline * visit" if several else "baseline"]
    draft.put(["analyses", "primary"], analysis, "All visits of the outcome together." if several else "")


def _strategies(draft: Draft, events: Mapping[str, str]) -> dict[str, str | None]:
    """Return the strategy for each kind of event, None where it is open."""
    found: dict[str, str | None] = {}
    for name, label in events.items():
        text = f"How does the primary estimand treat {label}?"
        why = "The files do not say it; a plan has a strategy for each kind of event (ICH E9(R1))."
        found[name] = ask(draft, f"intercurrent_events.{name}", text, why, STRATEGIES)
    return found
