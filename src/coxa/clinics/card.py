"""An audit in a few lines, for the eyes of those whose data it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coxa.cards import Card, counted
from coxa.cohort.card import findings_words, left_out_words

VARIATIONS = {
    "common_cause": "no special cause",
    "improvement_high": "special cause, improvement",
    "improvement_low": "special cause, improvement",
    "concern_high": "special cause, concern",
    "concern_low": "special cause, concern",
    "neutral_high": "special cause, higher",
    "neutral_low": "special cause, lower",
}
"""Icon of Making Data Count -> words."""

POSITIONS = {"low": "below its limits", "high": "above its limits", "within": "within its limits"}

MEASURES = {
    "complete": "completeness",
    "change": "mean improvement",
    "important": "important improvement",
    "missed": "sessions missed",
    "episodes": "episodes",
}


def audit_card(audit: Any) -> Card:
    """Return what an `Audit` shows of itself: true numbers, of clinics and of no patient."""
    plan = audit.plan
    facts = {
        "Intake": f"{audit.first} to {audit.last}; exported {audit.data_cut}" if audit.first else "",
        "Patients": f"{audit.n_patients:,} in {counted(_clinics(audit), 'clinic')}",
        "Complete": _complete(audit),
        "Adjusted change": "\n".join(_changes(audit)),
        "Over time": "\n".join(_trends(audit)),
        "Attendance": "\n".join(_rates(audit)),
        "Not there": "\n".join(audit.without.values()),
        "Findings": findings_words(audit.findings),
        "Left out": left_out_words(audit.disposition),
    }
    note = "True numbers, small counts among them: what is shared goes through `coxa audit` or `publish`."
    head, rows = _table(audit)
    return Card(f"Audit {plan.audit}: {plan.title}", {k: v for k, v in facts.items() if v}, head, rows, note=note)


def _clinics(audit: Any) -> int:
    return len(audit.completeness.counts["clinic",])


def _complete(audit: Any) -> str:
    every = audit.completeness.counts[()].iloc[0]
    if not every["of"]:
        return "no discharge questionnaire was due"
    target = audit.plan.targets.complete
    aim = "" if target is None else f"; target {100 * target:.0f}%"
    share = 100 * every["of_done"] / every["of"]
    return f"{share:.1f}% ({int(every['of_done']):,} of {int(every['of']):,} due){aim}"


def _changes(audit: Any) -> Iterator[str]:
    for name, found in audit.case_mix.items():
        label = audit.plan.label("outcomes", name)
        if found.without:
            yield f"{label}: {found.without}"
            continue
        places = found.clinics["position"].value_counts()
        shown = ", ".join(f"{int(places[key])} {words}" for key, words in POSITIONS.items() if places.get(key))
        yield f"{label}: mean improvement {found.target:.2f}; clinics: {shown}"


def _trends(audit: Any) -> Iterator[str]:
    for one in audit.series:
        if one.clinic == "all":
            name = MEASURES.get(one.measure, one.label or one.measure)
            yield f"{name}: {VARIATIONS.get(one.variation, one.variation)}"


def _rates(audit: Any) -> Iterator[str]:
    for one in audit.rates:
        label = audit.plan.label("standards", one.name) if one.name in audit.plan.standards else one.name.capitalize()
        aim = "" if one.target is None else f"; target {100 * one.target:.0f}%"
        yield f"{label}: {100 * one.events / one.n:.1f}% of {one.n:,.0f} {one.of}{aim}"


def _table(audit: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the clinics with their completeness and the adjusted change of the main outcome."""
    counts = audit.completeness.counts["clinic",]
    main = audit.case_mix.get(audit.plan.main)
    adjusted: Mapping[str, Any] = {}
    if main is not None and not main.without:
        adjusted = {row.clinic: row for row in main.clinics.itertuples()}
    rows: list[tuple[str, ...]] = []
    for row in counts.itertuples():
        one = adjusted.get(row.clinic)
        complete = f"{100 * row.of_done / row.of:.0f}%" if row.of else ""
        change = ("", "") if one is None else (f"{one.adjusted:.2f}", POSITIONS.get(one.position, ""))
        rows.append((str(row.clinic), f"{row.eligible:,}", complete, *change))
    return ("Clinic", "Eligible", "Complete", "Adjusted change", "Position"), rows
