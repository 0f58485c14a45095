"""The patients that a trial's result is carried to: who they are, and what of them may change the effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from coxa.study.base import Problem, known
from coxa.study.parts import Name, Part
from coxa.study.source import TableSource
from coxa.study.target_trial import BASELINE, Reason

if TYPE_CHECKING:
    from coxa.study.comparative import ComparativeStudy

TRANSPORTED = ("mean", "binary", "count")
"""Kinds of endpoints whose comparison is carried to other patients."""


class Transport(Part):
    """Patients of a clinic, whose case mix the result of an estimand is carried to.

    Each row of the file is one patient; no outcome is needed. Patients outside the range of the trial are counted and
    left out.
    """

    label: str = Field(min_length=3, description="Who the patients are, for example `Referrals to the clinic in 2024`.")
    source: TableSource = Field(
        description="The file of the patients, in the folder of the plan's data, with its columns and codes as of "
        "`participants`; `where` takes some of its rows. `baseline` is the outcome before treatment."
    )
    covariates: dict[Name, Reason] = Field(
        min_length=1,
        description="Covariate of the plan (or `baseline`): why the effect may depend on it. Those of the file that "
        "are not named are not used.",
    )
    estimand: Name | None = Field(None, description="Whose result; that of the first primary analysis unless given.")
    estimator: Literal["doubly_robust", "weighted", "standardised"] = Field(
        "doubly_robust",
        description="weighted: participants by their odds of being of the clinic; standardised: models of the outcome "
        "in each arm; doubly_robust: both, right where one of them is.",
    )
    conf_level: float = Field(0.95, gt=0.5, lt=1, description="Level of the confidence intervals.")


def transport_of(study: object) -> Transport | None:
    """Return the patients that the result of a trial is carried to; None where the plan has none."""
    found = getattr(study, "transport", None)
    return found if isinstance(found, Transport) else None


def transport_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield what the patients of a clinic and the other parts of a plan disagree about."""
    plan, at = transport_of(study), ("transport",)
    if plan is None:
        return
    if study.design in ("cluster", "crossover"):
        yield Problem(
            at,
            f"a result of a {study.design} trial cannot be carried to other patients: its errors would not take "
            "account of rows that are alike; leave `transport:` out",
        )
        return
    yield from known(plan.covariates, [*study.covariates, BASELINE], "covariate", (*at, "covariates"))
    name = plan.estimand or study.main_analysis.estimand_name
    yield from known([name], study.estimands, "estimand", (*at, "estimand"))
    if name not in study.estimands:
        return
    kind = study.endpoint_kind(name)
    if kind not in TRANSPORTED:
        yield Problem(
            (*at, "estimand"),
            f"a result about {kind}s cannot be carried to other patients; name an estimand of a mean, a proportion or "
            "a count",
        )
    outcome = study.estimands[name].endpoint.outcome
    if BASELINE in plan.covariates and outcome not in study.outcomes:
        yield Problem((*at, "covariates", BASELINE), f"'{outcome}' is not measured at baseline; name a covariate")
    if plan.source.outcomes or plan.source.items:
        yield Problem((*at, "source"), "the file is one of patients; outcomes and items are not read, leave them out")
