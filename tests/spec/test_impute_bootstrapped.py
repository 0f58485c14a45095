"""Multiple imputation next to the closed forms: Rubin's variance in the limit, and that over repeated trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.impute import (
    analyse_ancova,
    analyse_bootstrap,
    conditional_mean,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_bootstrap,
    pool_imputations,
)
from coxa.models import Fit, fit_mmrm
from tests.sizes import few
from tests.spec.impute_trial import FORMULA, trial

ANALYSIS = "~ baseline + arm"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return trial(150, missing=0.5)


@pytest.fixture(scope="module")
def fit(data: pd.DataFrame) -> Fit:
    return fit_mmrm(FORMULA, data)


def closed_form(fit: Fit, data: pd.DataFrame, strategy: str, standard_error: str) -> pd.DataFrame:
    mean = conditional_mean(
        fit,
        data,
        reference="usual",
        strategy=strategy,
        formula="baseline + arm",
        standard_error=standard_error,  # type: ignore[arg-type]
    )
    return mean.differences().frame


@pytest.mark.parametrize("strategy", ["mar", "j2r", "cr", "cir"])
def test_many_imputations_come_to_the_conditional_mean_and_its_rubin_error(
    strategy: str, fit: Fit, data: pd.DataFrame
) -> None:
    """Of 150 participants the posterior is a little wider than the curvature of the likelihood."""
    outcomes = incomplete_outcomes(fit, data, reference="usual", strategy=strategy)
    drawn = draw_parameters(fit, few(1000, 10_000), seed=1)
    table = pool_imputations(analyse_ancova(impute_outcomes(fit, outcomes, drawn), ANALYSIS)).table
    found = table[table["term"] == "difference"].reset_index(drop=True)
    expected = closed_form(fit, data, strategy, "rubin")
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap < 4 * found["mc_error"] + 0.01 * found["std_error"]).all()
    assert found["std_error"].to_numpy() == pytest.approx(expected["std_error"].to_numpy(), rel=0.04)


@pytest.mark.parametrize("strategy", ["mar", "j2r"])
def test_bootstrap_samples_have_the_error_of_the_jackknife(strategy: str, fit: Fit, data: pd.DataFrame) -> None:
    outcomes = incomplete_outcomes(fit, data, reference="usual", strategy=strategy)
    found = analyse_bootstrap(fit, outcomes, ANALYSIS, samples=few(300, 2000), seed=2).only(term="difference").frame
    expected = closed_form(fit, data, strategy, "jackknife")
    assert found["std_error"].to_numpy() == pytest.approx(expected["std_error"].to_numpy(), rel=0.15)
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap < 4.5 * found["std_error"] / np.sqrt(few(300, 2000))).all()


def test_of_jump_to_reference_rubin_is_wider(fit: Fit, data: pd.DataFrame) -> None:
    outcomes = incomplete_outcomes(fit, data, reference="usual", strategy="j2r")
    samples = analyse_bootstrap(fit, outcomes, ANALYSIS, samples=300, visits=["week_26"]).only(term="difference").frame
    drawn = draw_parameters(fit, 500, seed=1)
    rubin = pool_imputations(analyse_ancova(impute_outcomes(fit, outcomes, drawn), ANALYSIS, visits=["week_26"])).table
    assert samples["std_error"].iloc[0] < 0.93 * rubin["std_error"].iloc[2]


def test_mean_squares_by_hand() -> None:
    """Samples (1, 3), (5, 7), (4, 4): means 2, 6, 4, MSB 8, MSW 4 / 3; ((4)(8) - (3)(4 / 3)) / 6 = 28 / 6."""
    pooled = pool_bootstrap(np.array([[1.0, 3.0], [5.0, 7.0], [4.0, 4.0]]))
    assert pooled.estimate == pytest.approx(4.0)
    assert pooled.std_error == pytest.approx(np.sqrt(28 / 6))
    assert pooled.df == pytest.approx(28**2 / (32**2 / 2 + 3 * (4 / 3) ** 2))


def test_noise_alone_has_no_standard_error() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(40, 20, 200))
    values -= values.mean(axis=1, keepdims=True) * 0.5
    assert np.isnan(pool_bootstrap(values).std_error).all()


def test_one_imputation_of_each_is_refused(fit: Fit, data: pd.DataFrame) -> None:
    outcomes = incomplete_outcomes(fit, data, reference="usual")
    with pytest.raises(OptionError, match="`per_sample` 1"):
        analyse_bootstrap(fit, outcomes, ANALYSIS, per_sample=1)
    with pytest.raises(OptionError, match="2 or more imputations"):
        pool_bootstrap(np.zeros((5, 1)))
