"""Leaving participants out: the shortcut over sums against fitting again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.errors import OptionError
from coxa.estimates import contrast_rows
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.influence import influence
from tests.reference.trial import FORMULA, trial

REFIT = 1e-6
"""Relative. Two optima of one likelihood, each within 1e-6 standard errors of theta."""

PRIMARY = ("exercise", "usual_care", "week_12")


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mmrm(FORMULA, trial())


@pytest.fixture(scope="module")
def found(fit: Fit) -> pd.DataFrame:
    return influence(fit, contrast_rows(fit).loc[PRIMARY])


def test_a_full_refit_is_the_fit_without_the_participant() -> None:
    data = trial()
    few = data[data["participant_id"].isin(data["participant_id"].unique()[:60])]
    formula = "change ~ baseline + arm * visit"
    fit = fit_mmrm(formula, few)
    row = contrast_rows(fit).loc[PRIMARY]
    full = influence(fit, row, refit="full").set_index("participant_id")
    for who in full.index[[0, 7, 30]]:
        without = fit_mmrm(formula, few[few["participant_id"] != who])
        test = without.test(row.to_numpy())
        assert full.loc[who, "estimate_without"] == pytest.approx(test.estimate[0], rel=REFIT)
        assert full.loc[who, "std_error_without"] == pytest.approx(test.std_error[0], rel=REFIT)
        moved = (without.params - fit.params).to_numpy()
        cook = moved @ np.linalg.solve(fit.cov_params(), moved) / len(moved)
        assert full.loc[who, "cook_distance"] == pytest.approx(cook, rel=1e-4)


def test_one_step_is_close_to_the_full_refit_and_closer_than_none(fit: Fit, found: pd.DataFrame) -> None:
    row = contrast_rows(fit).loc[PRIMARY]
    full, fixed = (influence(fit, row, refit=how).set_index("participant_id") for how in ("full", "fixed"))
    one = found.set_index("participant_id").loc[full.index]
    column = "change_in_std_errors"
    near = (one[column] - full[column]).abs()
    assert near.max() < 0.01
    assert near.mean() < (fixed[column] - full[column]).abs().mean() / 5
    assert (fixed["likelihood_distance"] < 1e-9).all()


def test_least_squares_has_cooks_own_distance() -> None:
    data = trial().query("visit == 'week_12'").dropna(subset="change")
    fit = fit_ancova("change ~ baseline + arm", data)
    expected = pd.Series(
        sm.OLS(fit.design.y, fit.design.x).fit().get_influence().cooks_distance[0], fit.sample.participant
    )
    got = influence(fit, refit="fixed").set_index("participant_id")["cook_distance"]
    np.testing.assert_allclose(got, expected.loc[got.index], rtol=1e-8)


def test_the_most_influential_come_first_and_everybody_is_there(fit: Fit, found: pd.DataFrame) -> None:
    assert len(found) == fit.n_participants
    assert found["cook_distance"].is_monotonic_decreasing
    assert found["n_observations"].sum() == fit.n_observations
    assert (found["note"] == "").all()
    np.testing.assert_allclose(found["estimate_without"] - found["change"], contrast_value(fit), rtol=1e-9)


def contrast_value(fit: Fit) -> float:
    return float(fit.test(contrast_rows(fit).loc[PRIMARY].to_numpy()).estimate[0])


def test_a_planted_outlier_is_found() -> None:
    data = trial()
    spoiled = data.assign(change=data["change"] + 60 * (data["participant_id"] == "H042"))
    got = influence(fit_mmrm(FORMULA, spoiled))
    assert got["participant_id"].iloc[0] == "H042"
    assert list(got.columns) == ["participant_id", "n_observations", "cook_distance", "likelihood_distance", "note"]


def test_somebody_whom_the_model_cannot_do_without_is_said_to_be() -> None:
    data = trial()
    data = data.assign(alone=(data["participant_id"] == "H010").astype(float))
    got = influence(fit_mmrm("change ~ arm * visit + alone", data, visits=["week_6", "week_12"])).set_index(
        "participant_id"
    )
    assert got.loc["H010", "note"] == "the model cannot be fitted without this participant"
    assert np.isnan(got.loc["H010", "cook_distance"])
    assert got["cook_distance"].notna().sum() == len(got) - 1


@pytest.mark.parametrize("options", [{"group": "arm", "covariance": "cs"}, {"weights": "weight", "covariance": "ar1h"}])
def test_groups_weights_and_other_structures(options: dict) -> None:
    data, formula = trial(), "change ~ arm * visit"
    fit = fit_mmrm(formula, data, **options)
    row = contrast_rows(fit).loc[PRIMARY]
    full = influence(fit, row, refit="full")
    who = full["participant_id"].iloc[0]
    expected = fit_mmrm(formula, data[data["participant_id"] != who], **options).test(row.to_numpy())
    assert full["estimate_without"].iloc[0] == pytest.approx(expected.estimate[0], rel=REFIT)
    assert full["std_error_without"].iloc[0] == pytest.approx(expected.std_error[0], rel=1e-5)


def test_one_function_is_followed(fit: Fit) -> None:
    with pytest.raises(
        OptionError, match=r"There are 8 rows, and influence follows one linear function. Give one row."
    ):
        influence(fit, contrast_rows(fit).to_numpy())
    with pytest.raises(OptionError, match=r'`refit` is "two_steps". Choose one of one_step, full, fixed'):
        influence(fit, refit="two_steps")
