"""Standardised risks: what they are without covariates, randomisation in strata, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.errors import FitError, OptionError
from coxa.estimates import compare_proportions, standardised_means, standardised_risks
from coxa.models import fit_glm


def trial(n: int = 120, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    site = np.repeat(["north", "south", "west"], n // 3)
    arm = np.tile(["exercise", "usual_care"], n // 2)
    baseline = rng.normal(50, 10, n)
    chance = 1 / (1 + np.exp(-(0.05 * (baseline - 50) + 0.8 * (arm == "exercise") + 1.5 * (site == "north") - 1)))
    better = (rng.random(n) < chance).astype(int)
    return pd.DataFrame({"arm": arm, "site": site, "baseline": baseline, "better": better, "falls": rng.poisson(2, n)})


def test_without_covariates_they_are_the_shares_with_the_variances_of_samples() -> None:
    rows = trial()
    table = rows.groupby("arm")["better"].agg(["mean", "var", "count"])
    found = standardised_risks(fit_glm("better ~ arm", rows), rows, against="usual_care").frame.set_index("term")
    row = found.loc["risk_difference"]
    assert row["estimate"] == pytest.approx(table.loc["exercise", "mean"] - table.loc["usual_care", "mean"])
    assert row["std_error"] == pytest.approx(np.sqrt((table["var"] / table["count"]).sum()))
    events = {arm: (int(group.sum()), len(group)) for arm, group in rows.groupby("arm")["better"]}
    plain = compare_proportions(events["exercise"], events["usual_care"]).frame.set_index("term")["estimate"]
    for term in plain.index:
        assert found.loc[term, "estimate"] == pytest.approx(plain[term])


def test_ge_without_covariates_has_the_variances_of_proportions() -> None:
    rows = trial()
    found = standardised_means(fit_glm("better ~ arm", rows), rows, variance="ge")
    assert np.diag(found.covariance) == pytest.approx(found.means * (1 - found.means) / 60)
    assert found.covariance[0, 1] == pytest.approx(0, abs=1e-15)


def test_a_difference_of_a_linear_model_is_its_coefficient() -> None:
    rows = trial()
    fit = fit_glm("baseline ~ arm + site", rows, family="gaussian")
    row = standardised_risks(fit, rows, variance="ge").only(term="difference").frame.iloc[0]
    assert row["estimate"] == pytest.approx(fit.params["arm[usual_care]"])
    assert row["std_error"] == pytest.approx(np.sqrt(fit.covariance.loc["arm[usual_care]", "arm[usual_care]"]))


def test_what_blocks_take_off_is_the_sum_over_strata_by_hand() -> None:
    rows = trial()
    fit = fit_glm("better ~ arm", rows)
    simple = standardised_means(fit, rows)
    blocks = standardised_means(fit, rows, scheme="pb", strata=["site"])
    taken = np.zeros((2, 2))
    for _, group in rows.assign(left=rows["better"] - fit.fitted).groupby("site"):
        mean = group.groupby("arm")["left"].mean().to_numpy() / 0.5
        taken += len(group) / len(rows) * np.outer(mean, mean) * (np.eye(2) * 0.5 - 0.25)
    assert simple.covariance - blocks.covariance == pytest.approx(taken / len(rows))
    contrast = np.array([1, -1])
    assert contrast @ blocks.covariance @ contrast < contrast @ simple.covariance @ contrast


def test_a_biased_coin_takes_off_what_blocks_do() -> None:
    rows = trial()
    fit = fit_glm("better ~ arm", rows)
    blocks, coin = (standardised_means(fit, rows, scheme=s, strata=["site"]) for s in ("pb", "bc"))  # type: ignore[arg-type]
    assert coin.covariance.tolist() == blocks.covariance.tolist()
    assert "a biased coin in strata" in standardised_risks(fit, rows, scheme="bc", strata=["site"]).frame["method"][0]


def test_in_small_samples_the_mean_of_a_linear_model_has_the_error_of_hc2_and_t() -> None:
    """Without covariates a leverage is 1 / n, so that the variance of residuals is n / (n - 1) times itself."""
    rows = trial().iloc[:30]
    fit = fit_glm("baseline ~ arm", rows, family="gaussian")
    plain, small = (standardised_risks(fit, rows, small_samples=s).only(term="difference").frame for s in (False, True))
    assert small["std_error"][0] == pytest.approx(plain["std_error"][0] * np.sqrt(15 / 14))
    assert small["df"][0] == 28
    half = (small["conf_high"][0] - small["conf_low"][0]) / 2 / small["std_error"][0]
    assert half == pytest.approx(2.048407, abs=1e-6)
    assert np.isnan(plain["df"][0])


def test_hc3_of_a_linear_model_is_that_of_statsmodels() -> None:
    rows = trial()
    fit = fit_glm("baseline ~ arm + falls", rows, family="gaussian")
    row = standardised_risks(fit, rows, variance="hc3").only(term="difference").frame.iloc[0]
    x = np.column_stack([np.ones(len(rows)), rows["arm"] == "usual_care", rows["falls"]]).astype(float)
    other = sm.OLS(rows["baseline"].to_numpy(), x).fit(cov_type="HC3")
    assert (row["estimate"], row["std_error"]) == pytest.approx((other.params[1], other.bse[1]))


def test_blocks_take_nothing_off_where_the_model_has_the_arm_in_every_stratum() -> None:
    rows = trial()
    fit = fit_glm("better ~ arm * site + baseline", rows)
    simple = standardised_means(fit, rows)
    for scheme in ("pb", "ps"):
        found = standardised_means(fit, rows, scheme=scheme, strata=["site"])  # type: ignore[arg-type]
        assert found.covariance == pytest.approx(simple.covariance, rel=1e-9)
        assert found.warning == ""


def test_minimisation_without_its_strata_in_the_model_and_small_strata_are_said() -> None:
    rows = trial()
    fit = fit_glm("better ~ arm", rows)
    assert "minimisation" in standardised_means(fit, rows, scheme="ps", strata=["site"]).warning
    rows = rows.assign(centre=np.arange(len(rows)) // 8)
    found = standardised_risks(fit, rows, scheme="pb", strata=["centre"]).frame
    assert found["warning"].str.contains("a stratum has 4 participants in an arm").all()


def test_a_frame_in_any_order_and_with_empty_rows_gives_the_same() -> None:
    rows = trial()
    empty = rows.iloc[:6].assign(better=np.nan)
    mixed = pd.concat([empty, rows]).sample(frac=1, random_state=3).reset_index(drop=True)
    one, two = (
        standardised_risks(fit_glm("better ~ arm + baseline", d), d, scheme="pb", strata=["site"]).frame
        for d in (rows, mixed)
    )
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    assert two[numbers].to_numpy() == pytest.approx(one[numbers].to_numpy(), rel=1e-8)


def test_limits_of_a_risk_are_on_the_logit_scale_and_stay_between_0_and_1() -> None:
    rows = trial().iloc[:12].assign(better=[1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0])
    risks = standardised_risks(fit_glm("better ~ arm", rows.assign(better=[0, *rows["better"][1:]])), rows).frame[:2]
    assert risks[["conf_low", "conf_high"]].gt(0).all(axis=None)
    assert risks[["conf_low", "conf_high"]].lt(1).all(axis=None)
    p, error = risks.loc[0, "estimate"], risks.loc[0, "std_error"]
    half = 1.959963984540054 * error / (p * (1 - p))
    limit = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + half)))
    assert p + 1.959963984540054 * error > 1
    assert risks.loc[0, "conf_high"] == pytest.approx(limit)


def test_counts_have_rates_and_a_ratio_with_limits_on_the_log_scale() -> None:
    rows = trial()
    found = standardised_risks(fit_glm("falls ~ arm + baseline", rows, family="poisson"), rows).frame.set_index("term")
    assert found.index.to_list() == ["rate", "rate", "difference", "rate_ratio"]
    row = found.loc["rate_ratio"]
    half = 1.959963984540054 * row["std_error"]
    assert np.log([row["conf_low"], row["conf_high"]]) == pytest.approx(
        np.log(row["estimate"]) + np.array([-half, half])
    )


def test_what_does_not_fit_together_is_refused() -> None:
    rows = trial()
    fit = fit_glm("better ~ arm + baseline", rows)
    with pytest.raises(OptionError, match="Name them"):
        standardised_means(fit, rows, scheme="pb")
    with pytest.raises(OptionError, match="leave `strata` out"):
        standardised_means(fit, rows, strata=["site"])
    with pytest.raises(OptionError, match='"site"'):
        standardised_means(fit, rows, "site")
    with pytest.raises(OptionError, match="Give the frame that was fitted"):
        standardised_means(fit, rows.iloc[1:])
    with pytest.raises(OptionError, match="`variance`"):
        standardised_means(fit, rows, variance="hc1")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="`against`"):
        standardised_risks(fit, rows, against="placebo")
    with pytest.raises(OptionError, match="stratum"):
        standardised_means(fit, rows.assign(site=[None, *rows["site"][1:]]), scheme="pb", strata=["site"])
    with pytest.raises(OptionError, match="fit_glm"):
        standardised_risks(rows, rows)  # type: ignore[arg-type]


def test_an_arm_of_one_participant_has_no_variance() -> None:
    rows = trial().iloc[:60].assign(arm=["third"] + ["exercise", "usual_care"] * 29 + ["exercise"])
    with pytest.raises(FitError, match="one participant"):
        standardised_means(fit_glm("falls ~ arm", rows, family="gaussian"), rows)
