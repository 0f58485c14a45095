"""Who is in which group of a cohort: by chance, with odds that depend on covariates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.mix import LevelMix

Floats = NDArray[np.float64]


def confounded(
    design: TrialDesign, covariates: Mapping[str, NDArray[Any]], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw the groups of n participants by a multinomial logistic model of their covariates.

    Parameters
    ----------
    design
        With `assumptions: confounding:`, and the numbers that groups have on average.
    covariates
        (n,) values of numbers and codes of levels, by name.

    Notes
    -----
    Intercepts are such that the mean probabilities of these participants are the shares of the groups.
    """
    probability = chances(design, covariates)
    n = len(probability)
    return np.asarray((rng.random(n)[:, None] > probability.cumsum(axis=1)[:, :-1]).sum(axis=1), dtype=np.intp)


def chances(design: TrialDesign, covariates: Mapping[str, NDArray[Any]]) -> Floats:
    """Return (n, a) the probability of each group of participants with these covariates."""
    n = len(next(iter(covariates.values())))
    score = np.zeros((n, len(design.arms)))
    for arm, effects in design.assumptions.confounding.items():
        for name, effect in effects.items():
            score[:, design.arms.index(arm)] += _adds(design, name, covariates[name], effect)
    return with_shares(score, design.numbers / design.numbers.sum())


def with_shares(score: Floats, shares: Floats) -> Floats:
    """Return (n, a) probabilities of groups whose log odds differ by `score`, with these means.

    Examples
    --------
    >>> with_shares(np.array([[0.0, -1.0], [0.0, 1.0]]), np.array([0.5, 0.5])).round(3).tolist()
    [[0.731, 0.269], [0.269, 0.731]]
    """
    intercept = np.log(shares)
    probability = np.empty_like(score)
    for _ in range(500):
        power = score + intercept
        probability = np.exp(power - power.max(axis=1, keepdims=True))
        probability /= probability.sum(axis=1, keepdims=True)
        off = np.log(shares) - np.log(probability.mean(axis=0))
        intercept = intercept + off
        if np.abs(off).max() < 1e-12:
            break
    return probability


def _adds(design: TrialDesign, name: str, values: NDArray[Any], effect: float | Mapping[str, float]) -> Floats:
    mix = design.mix[name]
    if isinstance(mix, LevelMix):
        levels = effect if isinstance(effect, Mapping) else {}
        return np.array([levels.get(level, 0.0) for level in mix.levels])[values.astype(int)]
    assert not isinstance(effect, Mapping)
    return (values.astype(float) - mix.mean) * effect
