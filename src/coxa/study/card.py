"""A plan in a few lines: arms, visits, outcomes, estimands, analyses, data."""

from __future__ import annotations

from typing import Any

from coxa.cards import Card


def study_card(study: Any) -> Card:
    """Return what a plan (`Study`) shows of itself, whatever parts its kind has."""

    def named(kind: str) -> dict[str, str]:
        return {name: study.label(kind, name) for name in getattr(study, kind, {})}

    arms = [
        f"{label} (reference)" if study.part("arms", name).reference else label for name, label in named("arms").items()
    ]
    visits = [f"{label} (day {study.visits[name].day})" for name, label in named("visits").items()]
    analyses = [
        f"{label} ({analysis.role}, {analysis.model})"
        for name, label in named("analyses").items()
        for analysis in [study.part("analyses", name)]
    ]
    facts = {
        "Design": study.design,
        "Arms": ", ".join(arms),
        "Visits": ", ".join(visits),
        "Outcomes": ", ".join(named("outcomes").values()),
        "Covariates": ", ".join(named("covariates").values()),
        "Estimands": ", ".join(named("estimands").values()),
        "Analyses": "\n".join(analyses),
        "Assumptions": "yes, it can be simulated" if getattr(study, "assumptions", None) else "",
        "Data": ", ".join(study.data.tables) if study.data else "none named",
    }
    return Card(f"Study {study.study}: {study.title}", {name: said for name, said in facts.items() if said})
