"""How many participants there are in each arm, and whether they are enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError, not_allowed
from coxa.sentences import sentences
from coxa.study.assumptions.trial import PER_ARM, Assumptions
from coxa.study.comparative import ComparativeStudy

FEWEST = 2
"""Participants in an arm, so that there is a spread."""


def arm_numbers(
    study: ComparativeStudy, part: Assumptions, participants: int | Mapping[str, int] | None = None
) -> NDArray[np.intp]:
    """Return (a,) participants per arm, the reference first.

    Raises
    ------
    OptionError
        An arm without a number, fewer than two participants in an arm, or too few for a model of the plan.
    """
    arms = study.arm_order
    given = part.participants if participants is None else participants
    if isinstance(given, Mapping):
        for name in given:
            if name not in arms:
                raise OptionError(not_allowed("arm", name, arms))
        numbers = [int(given.get(arm, 0)) for arm in arms]
    else:
        ratio = study.allocation.shares(study.arms) if study.allocation else dict.fromkeys(arms, 1)
        numbers = divide(PER_ARM * len(arms) if given is None else int(given), [ratio[arm] for arm in arms])
    for arm, number in zip(arms, numbers, strict=True):
        if number < FEWEST:
            raise OptionError(f"Arm {arm} has {number} participants. Give every arm {FEWEST} or more.")
    for name in study.analyses:
        if message := too_few(study, name, sum(numbers)):
            raise OptionError(sentences(message))
    return np.array(numbers, dtype=np.intp)


def divide(total: int, shares: list[int]) -> list[int]:
    """Divide a total by shares; what is left goes to the largest remainders.

    Examples
    --------
    >>> divide(10, [1, 2]), divide(100, [1, 1, 1])
    ([3, 7], [34, 33, 33])
    """
    exact = np.array(shares, dtype=float) * total / sum(shares)
    whole = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return [int(number) for number in whole]


def too_few(study: ComparativeStudy, analysis: str, n: int) -> str | None:
    """Return why n participants are too few for an analysis of the plan, and the remedy; None if they are enough.

    A model with c coefficients at a visit and an unstructured covariance over m visits needs more than c + m - 1
    participants without a missing value.
    """
    plan = study.analyses[analysis]
    coefficients = len(study.arms)
    for name in plan.names_used():
        if name in ("arm", "visit"):
            continue
        covariate = study.covariates.get(name)
        coefficients += len(covariate.level_labels()) - 1 if covariate and covariate.type == "category" else 1
    least = plan.fewest(coefficients, len(study.model_visits(analysis)))
    if least is None or n >= least:
        return None
    return (
        f"{n} participants are too few for analysis {analysis}: {coefficients} coefficients per visit and a covariance "
        f"over {least - coefficients} visits need at least {least}; take more, or fewer terms in `adjust`, or "
        "`covariance: cs`"
    )
