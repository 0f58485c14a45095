"""Families of outcomes, each with its link: canonical but for the negative binomial family, which has the logarithm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, gammaln, xlogy


@dataclass(frozen=True, slots=True)
class Family:
    """An exponential family with its canonical link, at which the variance is the slope of the mean.

    name    : as it is asked for
    kind    : what the outcome is, in words
    link    : name of the link
    mean    : linear predictor -> mean
    slope   : mean -> derivative of the mean by the linear predictor
    loglik  : (outcome, mean) -> log-likelihood of each row; of a gaussian outcome less half its square, at variance 1
    allowed : outcome -> whether each value can occur
    values  : what can occur, in words
    scaled  : whether the variance has a factor that is estimated, from Pearson's statistic over N - p
    robust  : whether there is a robust covariance of its coefficients
    """

    name: str
    kind: str
    link: str
    mean: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    loglik: Callable[[np.ndarray, np.ndarray], np.ndarray]
    allowed: Callable[[np.ndarray], np.ndarray]
    values: str
    scaled: bool = False
    robust: bool = True

    @property
    def of_counts(self) -> bool:
        """Whether the mean is a rate, which exposure multiplies."""
        return self.link == "log"


def _exp(predictor: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(predictor, 700.0))


BINOMIAL = Family(
    "binomial",
    "yes-or-no outcome",
    "logit",
    expit,
    lambda mean: mean * (1 - mean),
    lambda y, mean: xlogy(y, mean) + xlogy(1 - y, 1 - mean),
    lambda y: (y == 0) | (y == 1),
    "0 and 1",
)
POISSON = Family(
    "poisson",
    "count",
    "log",
    _exp,
    lambda mean: mean,
    lambda y, mean: xlogy(y, mean) - mean - gammaln(y + 1),
    lambda y: (y >= 0) & (y == np.round(y)),
    "whole numbers from 0 up",
)
GAUSSIAN = Family(
    "gaussian",
    "measurement",
    "identity",
    lambda predictor: predictor,
    np.ones_like,
    lambda y, mean: -((y - mean) ** 2) / 2,
    np.isfinite,
    "numbers",
    scaled=True,
)
QUASI_POISSON = replace(POISSON, name="quasi-poisson", scaled=True, robust=False)
NEGATIVE_BINOMIAL = replace(POISSON, name="negative_binomial", robust=False)
"""Its likelihood is in `coxa.models.glm.negative_binomial`; `loglik` here is that at dispersion 0."""

ZERO_INFLATED = tuple(
    replace(POISSON, name=f"zero_inflated_{name}", robust=False) for name in ("poisson", "negative_binomial")
)
"""Of the rate of all participants, those who can have no event among them (`coxa.models.glm.inflated_rates`)."""

FAMILIES = {
    family.name: family for family in (BINOMIAL, POISSON, QUASI_POISSON, NEGATIVE_BINOMIAL, *ZERO_INFLATED, GAUSSIAN)
}
