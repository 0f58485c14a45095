"""Many trials fitted together: every number is that of the trial fitted by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import DataError, OptionError
from coxa.models import fit_mmrm, fit_trials

FORMULA = "change ~ baseline * visit + arm * visit + site"
VISITS = ["week_6", "week_12", "week_26"]
WANTED = [{"arm[exercise]": 1, "arm[exercise]:visit[week_26]": 1}, {"baseline": 1}]


def trial(number: int, n: int = 40) -> pd.DataFrame:
    """Draw a trial of two arms, with gaps and dropout of its own."""
    rng = np.random.default_rng(number)
    arm, site = rng.permutation(n) % 2, rng.integers(0, 3, n)
    baseline = rng.normal(50, 10, n)
    noise = rng.normal(size=(n, 3)) @ np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(range(3), range(3)))).T
    change = 5 + 3 * arm[:, None] - 0.2 * (baseline[:, None] - 50) + 8 * noise
    seen = (np.arange(3) < np.where(rng.random(n) < 0.2, 1, 3)[:, None]) & (rng.random((n, 3)) > 0.05)
    people = pd.DataFrame(
        {
            "participant_id": np.arange(n),
            "arm": pd.Categorical.from_codes(arm, ["usual_care", "exercise"]),
            "site": pd.Categorical.from_codes(site, ["north", "river", "south"]),
            "baseline": baseline,
        }
    )
    rows = people.loc[np.repeat(np.arange(n), 3)].reset_index(drop=True)
    rows["visit"] = pd.Categorical(np.tile(VISITS, n), VISITS)
    rows["change"] = np.where(seen, change, np.nan).ravel()
    return rows.assign(trial=number)


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return pd.concat([trial(number) for number in range(70)], ignore_index=True)


@pytest.mark.parametrize("covariance", ["us", "toeph", "cs"])
def test_every_number_is_that_of_the_trial_by_itself(trials: pd.DataFrame, covariance: str) -> None:
    methods = ("satterthwaite", "kenward-roger", "kenward-roger-linear", "residual")
    together = fit_trials(FORMULA, trials, WANTED, covariance=covariance, ddf=methods)
    assert together.converged.all()
    for number in (0, 33, 64, 69):  # of both blocks
        for method in methods:
            alone = fit_mmrm(FORMULA, trials[trials["trial"] == number], covariance=covariance, ddf=method)
            tested = alone.test([list(row.values()) for row in weights(alone.params.index)])
            assert together.loglik[number] == pytest.approx(alone.loglik, rel=1e-10)
            np.testing.assert_allclose(together.params[number], alone.params, rtol=1e-8)
            np.testing.assert_allclose(together.estimate[number], tested.estimate, rtol=1e-8)
            np.testing.assert_allclose(together.tests[method].std_error[number], tested.std_error, rtol=1e-8)
            np.testing.assert_allclose(together.tests[method].df[number], tested.df, rtol=1e-6)
            np.testing.assert_allclose(together.p_value(method)[number], tested.p_value, rtol=1e-6)


def weights(names: pd.Index) -> list[dict[str, float]]:
    return [{name: row.get(name, 0.0) for name in names} for row in WANTED]


def test_the_order_of_the_rows_says_nothing(trials: pd.DataFrame) -> None:
    shuffled = trials.sample(frac=1, random_state=3)
    first, other = (fit_trials(FORMULA, rows, WANTED, ddf="kenward-roger") for rows in (trials, shuffled))
    np.testing.assert_allclose(first.estimate, other.estimate, rtol=1e-9)


def test_a_trial_in_which_an_effect_cannot_be_estimated_is_not_a_number(trials: pd.DataFrame) -> None:
    bad = trials[(trials["trial"] != 5) | (trials["site"] != "south")]
    found = fit_trials(FORMULA, bad, WANTED, ddf="kenward-roger")
    assert np.flatnonzero(~found.converged).tolist() == [5]
    assert np.isnan(found.estimate[5]).all()
    assert np.isnan(found.tests["kenward-roger"].df[5]).all()
    whole = fit_trials(FORMULA, trials, WANTED, ddf="kenward-roger")
    np.testing.assert_allclose(found.estimate[6], whole.estimate[6], rtol=1e-8)


def test_bad_input_is_named(trials: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match='no column "study"'):
        fit_trials(FORMULA, trials, WANTED, trial="study")
    with pytest.raises(OptionError, match="Between-within"):
        fit_trials(FORMULA, trials, WANTED, ddf="between-within")
    with pytest.raises(DataError, match="measured twice"):
        fit_trials(FORMULA, pd.concat([trials, trials.dropna().iloc[[0]]]), WANTED)
