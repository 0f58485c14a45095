"""The hypotheses that a plan tests, with the comparison that each is about and what it is called."""

from __future__ import annotations

from coxa.study.comparative import ComparativeStudy
from coxa.study.hypotheses import Hypotheses, Hypothesis
from coxa.study.labels import label_of


def tested(study: ComparativeStudy) -> Hypotheses | None:
    """Return the hypotheses of a plan: those written, or with looks the main comparison; None where neither is there.

    Weights of procedures that set them are not filled in.
    """
    if study.hypotheses is not None or study.interim is None:
        return study.hypotheses
    main = study.main_analysis
    margin = main.analysis.margin
    level = {} if margin is None or margin.alpha is None else {"alpha": margin.alpha}
    return Hypotheses(procedure="holm", tested={main.name: Hypothesis(analysis=main.name)}, **level)


def is_tested(study: ComparativeStudy, analysis: str) -> bool:
    """Return whether an analysis is of a hypothesis that shares its level, among others or among looks."""
    plan = tested(study)
    return plan is not None and any(one.analysis == analysis for one in plan.tested.values())


def comparison_of(study: ComparativeStudy, one: Hypothesis) -> tuple[str, str]:
    """Return the arm and the visit that a hypothesis is about."""
    planned = study.planned(one.analysis)
    return one.arm or planned.compare[0], one.visit or planned.visits[0]


def hypothesis_label(study: ComparativeStudy, name: str) -> str:
    """Return what a hypothesis is called: by its label, or by its analysis where it is named after it."""
    found = tested(study)
    assert found is not None
    one = found.tested[name]
    return study.label("analyses", name) if one.label is None and name == one.analysis else label_of(name, one)
