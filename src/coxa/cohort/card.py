"""The data of a study in a few lines; no value and no participant is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coxa.cards import Card, counted

if TYPE_CHECKING:
    from coxa.cohort.disposition import Disposition
    from coxa.findings import Findings


def cohort_card(cohort: Any) -> Card:
    """Return what a `Cohort` shows of itself."""
    people = cohort.table("participants")
    study = cohort.study
    facts = {"Participants": f"{len(people):,}"}
    if "arm" in people and people["arm"].notna().any():
        sizes = people["arm"].value_counts()
        facts["Groups"] = ", ".join(f"{label} {int(sizes.get(name, 0)):,}" for name, label in study.groups.items())
    facts["Tables"] = "\n".join(f"{name}: {counted(len(table), 'row')}" for name, table in cohort.tables.items())
    facts["Sources"] = ", ".join(source.name for source in cohort.sources)
    facts["Findings"] = findings_words(cohort.findings)
    facts["Left out"] = left_out_words(cohort.disposition)
    return Card(f"Cohort of {study.study}: {study.title}", {name: said for name, said in facts.items() if said})


def findings_words(findings: Findings) -> str:
    """Return how many errors, warnings and notes there are."""
    kinds = (("error", findings.errors), ("warning", findings.warnings), ("note", findings.only("note")))
    return ", ".join(counted(len(some), kind) for kind, some in kinds if len(some)) or "none"


def left_out_words(disposition: Disposition) -> str:
    """Return how many rows, values or participants were left out, by step."""
    lines = disposition.left_out
    numbers = lines["n_rows"].fillna(1) if "n_rows" in lines else lines["stage"].notna()
    steps = numbers.groupby(lines["stage"], sort=False).sum()
    return "\n".join(f"{step}: {int(n):,}" for step, n in steps.items()) or "nothing"
