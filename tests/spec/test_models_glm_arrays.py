"""Regressions inside other estimators: the numbers of fit_glm, and separation decided by the linear program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal.propensity import fit_logistic
from coxa.errors import FitError, RankDeficientError
from coxa.impute.dropout import stay_model
from coxa.models import fit_glm
from coxa.models.glm.arrays import fit_columns
from coxa.models.glm.families import BINOMIAL, POISSON

RNG = np.random.default_rng(8)
X = np.column_stack([np.ones(90), RNG.normal(50, 10, 90), RNG.integers(0, 2, 90)])
PREDICTOR = 0.04 * (X[:, 1] - 50) + 0.5 * X[:, 2]
OUTCOMES = {
    "binomial": (RNG.random(90) < 1 / (1 + np.exp(-PREDICTOR))) * 1.0,
    "poisson": RNG.poisson(np.exp(PREDICTOR)) * 1.0,
}


@pytest.mark.parametrize("family", [BINOMIAL, POISSON], ids=lambda one: one.name)
def test_numbers_are_those_of_the_model_of_a_frame(family: Any) -> None:
    y = OUTCOMES[family.name]
    fit = fit_columns(X, y, family)
    assert fit is not None
    frame = pd.DataFrame({"y": y, "a": X[:, 1], "b": X[:, 2]})
    whole = fit_glm("y ~ a + b", frame, family=family.name)
    assert fit.coefficient == pytest.approx(whole.params.to_numpy(), rel=1e-9)
    assert fit.inverse == pytest.approx(whole.covariance.to_numpy(), rel=1e-9)
    robust = fit_glm("y ~ a + b", frame, family=family.name, vcov="HC0").covariance.to_numpy()
    influence = fit.influence(X, y)
    assert influence.T @ influence == pytest.approx(robust, rel=1e-9)
    assert np.abs(influence.sum(axis=0)).max() < 1e-9


def test_a_group_that_is_told_for_certain_has_no_maximum() -> None:
    y = (X[:, 1] > 50) * 1.0
    assert fit_columns(X, y, BINOMIAL) is None
    with pytest.raises(FitError, match="separate the groups in the model of treatment"):
        fit_logistic(X, y, "treatment")
    share, scores = stay_model(X, y)
    assert share == pytest.approx(np.full(90, y.mean()))
    assert scores.shape == (90, 1)


def test_a_level_without_any_count_has_no_maximum() -> None:
    assert fit_columns(X, np.where(X[:, 2] == 1, 0.0, 2.0), POISSON) is None
    assert fit_columns(X, np.zeros(90), POISSON) is None


def test_probabilities_near_one_are_no_separation() -> None:
    """One row of 2,000 on the other side keeps a maximum, at which hundreds of rows are certain to nine digits."""
    x = np.column_stack([np.ones(2000), np.linspace(-100, 100, 2000)])
    y = (x[:, 1] > 0) * 1.0
    y[[990, 1010]] = y[[1010, 990]]
    model = fit_logistic(x, y, "treatment")
    assert min(model.probability.min(), 1 - model.probability.max()) < 1e-9
    assert np.abs(x.T @ (y - model.probability)).max() < 1e-6
    assert fit_columns(x, (x[:, 1] > 0) * 1.0, BINOMIAL) is None


def test_columns_that_repeat_each_other_are_refused() -> None:
    twice = np.column_stack([X, 2 * X[:, 1] + 1])
    with pytest.raises(RankDeficientError):
        fit_columns(twice, OUTCOMES["binomial"], BINOMIAL)
    with pytest.raises(FitError, match="collinear"):
        fit_logistic(twice, OUTCOMES["binomial"], "treatment")
