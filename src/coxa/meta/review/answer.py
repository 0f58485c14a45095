"""One answer to the question of a plan: some of its comparisons, pooled in one way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from coxa.meta.effects import Floats
from coxa.meta.levels import ThreeLevel, pool_levels
from coxa.meta.pooled import PooledEffect, PoolSpec, fit_pooled
from coxa.meta.predicted import NextTrial
from coxa.meta.review.effect import StudyEffect
from coxa.study.pool.plan import PoolModel


@dataclass(frozen=True, slots=True)
class Answer:
    """A pooled effect and how it was pooled.

    label     : what is different about it; empty of the main one
    effects   : what is pooled; a trial with several comparisons may be one combined estimate
    pooled    : of one estimate for each trial
    levels    : the three-level model, where it is the answer
    model     : the options
    """

    label: str
    effects: tuple[StudyEffect, ...]
    pooled: PooledEffect
    levels: ThreeLevel | None
    model: PoolModel

    @property
    def trials(self) -> int:
        """Number of trials."""
        return self.pooled.k

    @property
    def comparisons(self) -> int:
        """Number of comparisons."""
        return len(self.effects)

    @property
    def estimate(self) -> float:
        """The pooled effect, a logarithm for ratios."""
        return float(self.levels.coefficients[0]) if self.levels else self.pooled.estimate

    @property
    def by_the_model(self) -> bool:
        """Whether the robust error of a three-level model was smaller than the model's, which is used (ad hoc rule)."""
        if self.levels is None or self.model.test == "hartung-knapp-plain":
            return False
        return bool(self.levels.robust_errors[0] < self.levels.std_errors[0])

    @property
    def std_error(self) -> float:
        """Its standard error; of a three-level model the robust one, never below the model's unless that is asked."""
        if self.levels is None:
            return self.pooled.std_error
        return float((self.levels.std_errors if self.by_the_model else self.levels.robust_errors)[0])

    @property
    def df(self) -> float:
        """Degrees of freedom of its interval; infinite where it is normal."""
        return float(self.levels.robust_df[0]) if self.levels else self.pooled.df

    @property
    def limits(self) -> tuple[float, float]:
        """Its confidence limits."""
        return self._interval(self.std_error, self.df)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect."""
        return float(2 * _law(self.df).sf(abs(self.estimate) / self.std_error))

    @property
    def tau2(self) -> float:
        """Variance of true effects: between and within trials together; NaN where it cannot be known."""
        return self.levels.between + self.levels.within if self.levels else self.pooled.tau2

    @property
    def prediction(self) -> tuple[float, float]:
        """Where the true effect of a next trial lies; NaN where there are too few trials."""
        if self.levels is None:
            return self.pooled.prediction_interval
        return self._interval(math.hypot(self.std_error, math.sqrt(self.tau2)), self.prediction_df)

    def _interval(self, error: float, df: float) -> tuple[float, float]:
        reach = float(_law(df).ppf(0.5 + self.model.level / 2)) * error
        return self.estimate - reach, self.estimate + reach

    @property
    def prediction_df(self) -> float:
        """Degrees of freedom of the prediction interval."""
        return self.levels.prediction_df if self.levels else self.pooled.prediction_df

    @property
    def weights(self) -> Floats:
        """Shares of the pooled effect, one for each of `effects`."""
        if self.levels:
            return self.levels.weights
        shares = dict(zip(_trials(self.effects), self.pooled.weights, strict=True))
        counts = [one.trial for one in self.effects]
        return np.array([shares[one.trial] / counts.count(one.trial) for one in self.effects])

    @property
    def next_trial(self) -> NextTrial | None:
        """What is known of the effect of a next trial; None where there are too few."""
        if math.isnan(self.prediction[0]):
            return None
        scale = math.hypot(self.std_error, math.sqrt(self.tau2))
        return NextTrial(self.estimate, scale, self.prediction_df)


def answer(effects: Sequence[StudyEffect], model: PoolModel, label: str = "") -> Answer:
    """Pool comparisons by the options of a plan."""
    spec = PoolSpec(model.method, model.test, model.prediction, model.level)
    y, v = combined(effects, model.correlation)
    pooled = fit_pooled(y, v, np.ones((len(y), 1)), ("intercept",), spec)
    nested = len(effects) > len(y) > 1
    levels = None
    if nested and model.several == "three-level" and model.method != "fixed":
        levels = pool_levels(
            [one.estimate for one in effects], [one.variance for one in effects], [one.trial for one in effects],
            correlation=model.correlation, method="ml" if model.method == "ml" else "reml", level=model.level,
        )  # fmt: skip
    return Answer(label, tuple(effects), pooled, levels, model)


def combined(effects: Sequence[StudyEffect], correlation: float) -> tuple[Floats, Floats]:
    """Return one estimate for each trial, with its variance: comparisons of a trial by generalised least squares."""
    estimates, variances = [], []
    for trial in _trials(effects):
        own = [one for one in effects if one.trial == trial]
        errors = np.sqrt([one.variance for one in own])
        covariance = np.outer(errors, errors) * correlation
        np.fill_diagonal(covariance, errors**2)
        weights = np.linalg.solve(covariance, np.ones(len(own)))
        estimates.append(float(weights @ [one.estimate for one in own] / weights.sum()))
        variances.append(1 / float(weights.sum()))
    return np.array(estimates), np.array(variances)


def _law(df: float) -> Any:
    return stats.t(df) if math.isfinite(df) else stats.norm()


def _trials(effects: Sequence[StudyEffect]) -> list[str]:
    return list(dict.fromkeys(one.trial for one in effects))


def limits_of(effect: StudyEffect, level: float) -> tuple[float, float]:
    """Return the confidence limits of one comparison."""
    reach = float(stats.norm.ppf(0.5 + level / 2)) * math.sqrt(effect.variance)
    return effect.estimate - reach, effect.estimate + reach
