"""The model formula that a plan's analysis stands for. Written once, used by every room."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coxa.study.plan import Study


def model_formula(study: Study, analysis: str, subgroup: str | None = None, visits: Sequence[str] | None = None) -> str:
    """Return the formula of an analysis, or of its joint model of the levels of a subgroup.

    A repeated-measures model has arm by visit and every `adjust` term as written. An ANCOVA is fitted at one
    visit, so `visit` falls out of its terms; so it does of a repeated-measures model that has one visit (`visits` are
    those with data; the plan's unless given). Change and percent change are adjusted only for what the plan says.
    With a subgroup, arm (by visit) interacts with it. Random effects stand last; ``gr(therapist_id, by = arm)`` has a
    variance for each arm.

    Examples
    --------
    >>> model_formula(study, "primary")  # doctest: +SKIP
    'change ~ arm * visit + baseline * visit + site'
    >>> model_formula(study, "primary", subgroup="sex")  # doctest: +SKIP
    'change ~ arm * visit * sex + baseline * visit + site'
    >>> model_formula(study, "therapists")  # doctest: +SKIP
    'change ~ arm * visit + baseline * visit + (1 | therapist_id)'
    """
    plan = study.analyses[analysis]
    response = study.estimands[plan.estimand].endpoint.measure
    if plan.model == "mmrm" and len(study.model_visits(analysis) if visits is None else visits) > 1:
        terms = ["arm * visit", *plan.adjust]
    else:
        terms = ["arm", *(_without_visit(term) for term in plan.adjust)]
    if subgroup is not None:
        terms[0] += f" * {subgroup}"
    for factor, options in plan.random.items():
        terms.append(f"(1 | gr({factor}, by = arm))" if options.by_arm else f"(1 | {factor})")
    return f"{response} ~ {' + '.join(dict.fromkeys(term for term in terms if term))}"


def _without_visit(term: str) -> str:
    """Drop `visit` from a term: `baseline * visit` becomes `baseline`."""
    names = [name.strip() for name in re.split(r"[*:]", term)]
    joiner = " * " if "*" in term else ":"
    return joiner.join(name for name in names if name != "visit")
