"""The model formula that a plan's analysis stands for. Written once, used by every room."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.study.comparative import ComparativeStudy


def model_formula(
    study: ComparativeStudy, analysis: str, subgroup: str | None = None, visits: Sequence[str] | None = None
) -> str:
    """Return the formula of an analysis, or of its joint model of the levels of a subgroup.

    The fixed effects are those of the analysis's kind of model (`coxa.study.models`). A repeated-measures model has arm
    by visit and every `adjust` term as written. An ANCOVA is fitted at one visit, so `visit` falls out of its terms; so
    it does of a repeated-measures model that has one visit (`visits` are those with data; the plan's unless given).
    Change and percent change are adjusted only for what the plan says. With a subgroup, arm (by visit) interacts with
    it. Random effects stand last; ``gr(therapist_id, by = arm)`` has a variance for each arm.

    Examples
    --------
    >>> import coxa
    >>> model_formula(coxa.preset("moa-2013"), "primary")
    'change ~ arm * visit + baseline * visit'
    """
    plan = study.analyses[analysis]
    terms = plan.terms(study.model_visits(analysis) if visits is None else visits)
    if subgroup is not None:
        terms[0] += f" * {subgroup}"
    response = study.estimands[plan.estimand].endpoint.measure
    return f"{response} ~ {' + '.join(dict.fromkeys(term for term in (*terms, *plan.random_terms()) if term))}"
