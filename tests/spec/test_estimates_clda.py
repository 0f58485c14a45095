"""The baseline as outcome, with one mean for all arms (cLDA)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import DataError, OptionError
from coxa.estimates import auc, contrasts, joint_test, marginal_means
from coxa.models import Fit, fit_ancova
from coxa.models.mmrm.clda import clda_rows, fit_clda
from coxa.selftest.rows import VISITS
from tests.reference.trial import trial

OPTIMUM = 1e-7
"""Relative. A closed form of the optimum, which is within 1e-6 standard errors of theta."""

DENSE = 1e-8
"""Relative. The same estimate with whole matrices at the fitted covariance, which is given with all digits."""


def values() -> pd.DataFrame:
    data = trial()
    return data.assign(value=data["baseline"] + data["change"])


def complete(n: int = 40) -> pd.DataFrame:
    """Return one visit after baseline, nobody missing."""
    rng = np.random.default_rng(21)
    baseline = rng.normal(50, 10, n)
    arm = np.where(np.arange(n) % 3 == 0, "usual_care", "exercise")
    value = 15 + 0.6 * baseline + 4 * (arm == "exercise") + rng.normal(0, 6, n)
    arms = pd.Categorical(arm, ["usual_care", "exercise"])
    return pd.DataFrame(
        {"participant_id": range(n), "visit": "week_12", "arm": arms, "baseline": baseline, "value": value}
    )


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_clda(values(), adjust=["site", "sex * visit"])


def test_with_one_visit_nobody_missing_and_full_likelihood_it_is_an_analysis_of_covariance() -> None:
    data = complete()
    row = contrasts(fit_clda(data, reml=False)).frame.iloc[0]
    expected = fit_ancova("value ~ baseline + arm", data).params["arm[exercise]"]
    assert row["estimate"] == pytest.approx(expected, rel=OPTIMUM)
    assert row["visit"] == "week_12"


def test_means_are_those_of_constrained_least_squares_on_whole_matrices(fit: Fit) -> None:
    rows = clda_rows(values(), adjust=["site", "sex * visit"]).frame.dropna(subset="value")
    every = ["baseline", *VISITS]
    columns = [np.ones(len(rows)), *(rows["visit"] == v for v in VISITS)]
    columns += [(rows["visit"] == v) & (rows["arm"] == a) for v in VISITS for a in ("exercise", "manual_therapy")]
    columns += [rows["site"] == s for s in ("south", "west")] + [rows["sex"] == "male"]
    columns += [(rows["sex"] == "male") & (rows["visit"] == v) for v in VISITS]
    x = np.column_stack([np.asarray(c, dtype=float) for c in columns])
    a, c = np.zeros((x.shape[1],) * 2), np.zeros(x.shape[1])
    for places in rows.reset_index(drop=True).groupby(rows["participant_id"].to_numpy()).indices.values():
        at = [every.index(v) for v in rows["visit"].iloc[places]]
        w = np.linalg.inv(fit.covariance.to_numpy()[np.ix_(at, at)])
        a += x[places].T @ w @ x[places]
        c += x[places].T @ w @ rows["value"].to_numpy()[places]
    beta, phi = np.linalg.solve(a, c), np.linalg.inv(a)
    got = contrasts(fit).frame
    np.testing.assert_allclose(got["estimate"], beta[5:13], rtol=DENSE)
    np.testing.assert_allclose(got["std_error"], np.sqrt(np.diag(phi))[5:13], rtol=DENSE)


def test_arms_are_equal_at_baseline_and_have_no_difference_there(fit: Fit) -> None:
    means = marginal_means(fit).frame
    assert means.query("visit == 'baseline'")["estimate"].nunique() == 1
    differences = contrasts(fit).frame
    assert list(dict.fromkeys(differences["visit"])) == list(VISITS)
    assert differences["estimate"].to_list()[:2] == pytest.approx(
        fit.params[["arm[exercise]:visit[week_6]", "arm[manual_therapy]:visit[week_6]"]].to_list()
    )


def test_everybody_with_a_baseline_counts(fit: Fit) -> None:
    assert fit.n_participants == values()["participant_id"].nunique() == 180
    assert (fit.sample.visit == "baseline").sum() == 180
    assert contrasts(fit).frame["n_participants"].to_list()[:2] == [120, 120]
    assert "baseline as outcome, means of arm equal there (cLDA)" in fit.method


def test_terms_courses_and_counts_work_as_with_any_fit(fit: Fit) -> None:
    test = joint_test(fit, "arm:visit").frame.iloc[0]
    assert "8 numerator degrees of freedom" in test["method"]
    days = {"baseline": 0, "week_6": 42, "week_12": 84}
    area = contrasts(fit, over_time=auc(days)).frame
    by_visit = contrasts(fit).frame.set_index(["visit", "arm"])["estimate"]
    for arm, value in area.set_index("arm")["estimate"].items():
        expected = 42 * by_visit["week_6", arm] + 21 * by_visit["week_12", arm]
        assert value == pytest.approx(expected, rel=1e-9)


def test_each_arm_can_have_a_covariance_of_its_own() -> None:
    fit = fit_clda(values(), group="arm", covariance="cs", ddf="kenward-roger")
    assert fit.covariance.shape == (15, 5)
    everybody = marginal_means(fit, averaging="counterfactual").frame
    np.testing.assert_allclose(everybody["estimate"], marginal_means(fit).frame["estimate"], rtol=1e-9)


def test_rows_written_out() -> None:
    data = pd.DataFrame(
        {
            "participant_id": [1, 1, 2],
            "visit": [6, 12, 12],
            "arm": ["b", "b", "a"],
            "baseline": [10.0, 10.0, np.nan],
            "value": [1.0, 2.0, 3.0],
        }
    )
    rows = clda_rows(data, visits=[6, 12])
    assert rows.visits == ("baseline", "6", "12")
    assert rows.effects == {"b_at_6": ("b", "6"), "b_at_12": ("b", "12")}
    assert rows.frame[["participant_id", "visit", "value", "b_at_6", "b_at_12"]].astype(object).fillna(
        -1
    ).values.tolist() == [
        [1, "baseline", 10.0, 0.0, 0.0],
        [2, "baseline", -1, 0.0, 0.0],
        [1, "6", 1.0, 1.0, 0.0],
        [1, "12", 2.0, 0.0, 1.0],
        [2, "12", 3.0, 0.0, 0.0],
    ]
    assert data["visit"].tolist() == [6, 12, 12]


def test_what_cannot_be_a_baseline_is_said() -> None:
    data = complete(6)
    twice = pd.concat([data, data.assign(visit="week_26", baseline=data["baseline"] + 1)])
    with pytest.raises(DataError, match="`baseline` differs between the rows of the participant"):
        clda_rows(twice)
    with pytest.raises(OptionError, match="is an outcome"):
        clda_rows(data, adjust=["baseline * visit"])
    with pytest.raises(OptionError, match="The data have rows of a visit 'week_12'"):
        clda_rows(data, baseline_visit="week_12")
    with pytest.raises(OptionError, match='no column "change"'):
        clda_rows(data, response="change")
