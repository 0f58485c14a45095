"""Outcomes drawn from a fit, and the parametric bootstrap made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError, OptionError
from coxa.models import fit_lmm, fit_mmrm, icc, variance_intervals
from coxa.models.lmm.api import refit
from coxa.simulate.bootstrap import bootstrap_fit, draw_outcome
from coxa.simulate.seeds import generator
from tests.spec.drawn_clusters import one_way, visits_trial

DRAWS = 4000


def moments(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means and covariances of draws (draws, N)."""
    return drawn.mean(axis=0), np.cov(drawn.T)


@pytest.mark.parametrize(
    ("effects", "options"),
    [
        ("(week | participant_id) + (1 | leads)", {}),
        ("(1 | leads)", {"covariance": "ar1h"}),
        ("(1 | leads)", {"covariance": "sp_exp", "time": "week"}),
        ("(1 | gr(leads, by = arm)) + (1 | participant_id)", {"weights": "w"}),
    ],
)
def test_draws_have_the_means_and_covariances_of_the_fit(effects: str, options: dict[str, str]) -> None:
    data = visits_trial(8, therapists=3).assign(w=lambda d: 1 + d.index % 2)
    fit = fit_lmm(f"change ~ arm + {effects}", data, **options)
    rng = generator("draws", 1)
    mean, covariance = moments(np.array([draw_outcome(fit, rng) for _ in range(DRAWS)]))
    v = dense_covariance(fit, data)
    # three Monte Carlo standard errors, of the largest of 24 means and 300 covariances: 4.5 of one
    sd = np.sqrt(np.diag(v))
    assert (np.abs(mean - fit.predict(data, random=False)["estimate"]) / sd).max() < 4.5 / np.sqrt(DRAWS)
    error = np.sqrt((np.outer(sd, sd) ** 2 + v**2) / DRAWS)
    assert (np.abs(covariance - v) / error).max() < 4.5


def dense_covariance(fit, data: pd.DataFrame) -> np.ndarray:
    """Return the covariance of all outcomes, put together from the tables of the fit."""
    v = np.zeros((len(data), len(data)))
    table = fit.variance_components
    for factor in table["factor"].unique():
        own = table[table["factor"] == factor]
        if factor == "residual":
            v += np.diag(own["variance"].iloc[0] / data.get("w", 1).to_numpy())
            continue
        same = data[factor].to_numpy()[:, None] == data[factor].to_numpy()
        for row in own.itertuples():
            z, other = (column(data, name) for name in (row.effect, row.other or row.effect))
            part = np.outer(z, other) * row.variance
            v += same * (part + part.T if row.other else part)
    if fit.structure != "independent":
        place = data["week"].map({6.0: 0, 12.0: 1, 26.0: 2}).to_numpy()
        same = data["participant_id"].to_numpy()[:, None] == data["participant_id"].to_numpy()
        v += same * fit.covariance.to_numpy()[np.ix_(place, place)]
    return v


def column(data: pd.DataFrame, effect: str) -> np.ndarray:
    if effect.startswith("arm["):
        return (data["arm"] == effect[4:-1]).to_numpy(dtype=float)
    return np.ones(len(data)) if effect == "Intercept" else data[effect].to_numpy()


def test_rows_without_a_therapist_by_design_are_drawn_without_one() -> None:
    data = visits_trial(8, therapists=3)
    fit = fit_lmm("change ~ arm + (1 | therapist)", data, partially_nested={"therapist": "arm"})
    rng = generator("draws", 2)
    variance = np.array([draw_outcome(fit, rng) for _ in range(DRAWS)]).var(axis=0)
    own = fit.variance_components.set_index("factor")["variance"]
    wanted = own["residual"] + own["therapist"] * (data["arm"] == "exercise")
    assert (np.abs(variance / wanted - 1) / np.sqrt(2 / DRAWS)).max() < 4


def test_fitting_the_same_outcome_again_gives_the_fit() -> None:
    fit = fit_lmm("change ~ arm * week + (week | participant_id) + (1 | leads)", visits_trial())
    again = refit(fit, fit.design.y)
    np.testing.assert_allclose(again.params, fit.params, rtol=1e-8)
    np.testing.assert_allclose(again.theta, fit.random.optimum.theta, atol=1e-6)


def test_a_seed_gives_the_same_draws_and_another_others() -> None:
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", one_way())
    one, again, other = (bootstrap_fit(fit, replicates=100, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.params, again.params, check_exact=True)
    pd.testing.assert_frame_equal(one.parameters, again.parameters, check_exact=True)
    assert not np.isclose(one.params, other.params).any()
    assert one.params["Intercept"].is_unique
    longer = bootstrap_fit(fit, replicates=110, seed=1)  # each draw has a generator of its own
    pd.testing.assert_frame_equal(longer.params.iloc[:100], one.params, check_exact=True)


@pytest.mark.slow
def test_percentiles_are_near_the_profile_in_a_large_sample() -> None:
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", one_way(levels=150, each=6, sd=1.5))
    found = bootstrap_fit(fit, replicates=800).intervals(0.9).set_index("name")
    assert found["method"].unique().tolist() == ["parametric bootstrap, 800 draws"]
    profile = variance_intervals(fit, conf_level=0.9).set_index("name")
    profile.loc["icc[therapist]"] = icc(fit, conf_level=0.9).iloc[0]
    width = profile["conf_high"] - profile["conf_low"]
    for column_ in ("conf_low", "conf_high"):
        # the error of a 5% percentile of 800 draws is 5% of the width, and the skewness of a variance adds to it
        assert (np.abs(found.loc[profile.index, column_] - profile[column_]) / width).max() < 0.15
    row = found.loc["Intercept"]
    assert row["conf_high"] - row["conf_low"] == pytest.approx(2 * 1.645 * fit.std_error["Intercept"], rel=0.12)


def test_intervals_have_the_estimates_of_the_fit_beside_them() -> None:
    fit = fit_lmm("change ~ arm + (1 | gr(leads, by = arm)) + (1 | participant_id)", visits_trial())
    table = bootstrap_fit(fit, replicates=100).intervals().set_index("name")["estimate"]
    np.testing.assert_allclose(table[fit.params.index], fit.params)
    np.testing.assert_allclose(table[fit.covariance_parameters.index], fit.covariance_parameters, atol=1e-12)
    shares = icc(fit, method="wald")
    names = [f"icc[{row.factor}, {row.by}]" for row in shares.itertuples()]
    np.testing.assert_allclose(table[names], shares["icc"], atol=1e-12)


@pytest.mark.slow
def test_with_a_covariance_for_each_group_there_are_no_shares() -> None:
    fit = fit_mmrm("change ~ arm * visit + (1 | leads)", visits_trial(), group="arm", covariance="cs")
    found = bootstrap_fit(fit, replicates=100)
    assert found.icc.shape[1] == 0
    assert "exercise: residual correlation" in found.intervals()["name"].to_list()


def test_what_is_refused() -> None:
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", one_way())
    with pytest.raises(OptionError, match=r"`replicates` is 20, too few for limits of 95%. Give 100 or more."):
        bootstrap_fit(fit, replicates=20)
    with pytest.raises(OptionError, match=r"`conf_level` is .*, not between 0 and 1"):
        bootstrap_fit(fit, replicates=100).intervals(95)
    plain = fit_mmrm("change ~ arm * visit", visits_trial())
    for function in (bootstrap_fit, lambda one: draw_outcome(one, generator("x", 1))):
        with pytest.raises(FitError, match="has no random effects"):
            function(plain)
