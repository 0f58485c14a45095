"""N-of-1 trials against a closed form, lme4 and nlme."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.n_of_1 import block_differences, day_effect, person_effect, pool_series
from coxa.n_of_1.person import randomisation_p

FOLDER = Path(__file__).parent / "designs"
DATA = pd.DataFrame(json.loads((FOLDER / "nof1_synthetic.json").read_text()))
EXPECTED = json.loads((FOLDER / "nof1_results.json").read_text())
DAYS = json.loads((FOLDER / "nof1_days.json").read_text())["cases"]


def differences() -> pd.DataFrame:
    return block_differences(
        DATA, "y", compare="B", against="A", participant="id", block="cycle", treatment="treat", period="period"
    )


def test_the_series_is_the_closed_form_of_balanced_trials() -> None:
    found = pool_series(differences(), order=False)
    assert found.estimate == pytest.approx(EXPECTED["mixed_mean"], abs=1e-10)
    assert found.std_error == pytest.approx(EXPECTED["mixed_se"], abs=1e-10)
    assert found.df == pytest.approx(EXPECTED["df"], abs=1e-8)
    assert found.sd_between**2 == pytest.approx(EXPECTED["tau2"], abs=1e-8)
    assert found.sd_within**2 == pytest.approx(EXPECTED["sigma2"], abs=1e-8)
    people = found.people.assign(number=found.people["participant_id"].astype(int)).sort_values("number")
    weight = EXPECTED["tau2"] / (EXPECTED["tau2"] + EXPECTED["sigma2"] / 4)
    closed = EXPECTED["mixed_mean"] + weight * (np.array(EXPECTED["patient_means_B_minus_A"]) - EXPECTED["mixed_mean"])
    assert people["shrunken"].to_numpy() == pytest.approx(closed, abs=1e-8)
    assert people["shrunken"].to_numpy() == pytest.approx(np.array(EXPECTED["blup"]), abs=1e-6)  # lme4 stops there
    assert people["estimate"].to_numpy() == pytest.approx(np.array(EXPECTED["patient_means_B_minus_A"]), abs=1e-10)


def test_the_next_person_has_the_variance_of_the_mean_and_between_people() -> None:
    found = pool_series(differences(), order=False)
    half = (EXPECTED["mixed_mean"] - EXPECTED["meta_reml"]["pi"][0]) / 1.959963984540054
    assert half == pytest.approx(np.hypot(found.std_error, found.sd_between), abs=1e-7)
    assert (found.prediction_high - found.prediction_low) / 2 == pytest.approx(2.2621571628 * half, rel=1e-8)


def test_one_person_has_the_t_test_and_the_exact_test() -> None:
    mine = differences().query("participant_id == '1'")["difference"]
    found, expected = person_effect(mine), EXPECTED["patient1"]
    assert (found.t, found.p_value) == pytest.approx((expected["t"], expected["p"]), abs=1e-9)
    assert (found.conf_low, found.conf_high) == pytest.approx(tuple(expected["ci"]), abs=1e-9)
    assert found.randomisation_p == expected["randomisation_two_sided"]


def test_the_randomisation_test_is_the_list_of_all_orders() -> None:
    rng = np.random.default_rng(3)
    for n in range(1, 9):
        d = np.round(rng.normal(0.4, 1, n), 1)
        sums = [abs(np.dot(signs, d)) for signs in itertools.product((1, -1), repeat=n)]
        by_hand = np.mean([one >= abs(d.sum()) - 1e-9 for one in sums])
        assert randomisation_p(d) == pytest.approx(by_hand, abs=1e-15)


@pytest.mark.parametrize("case", DAYS)
def test_days_agree_with_gls(case: dict[str, Any]) -> None:
    found = day_effect(case["y"], case["x"], case["day"])
    ours = (found.estimate, found.std_error, found.trend, found.correlation, found.sd, found.loglik)
    names = ("estimate", "se", "trend", "rho", "sigma", "loglik")
    assert ours == pytest.approx(tuple(case[name] for name in names), abs=1e-6)
