"""Models of counts: exposure, dispersion and its limit at Poisson, robust errors, tests after a fit, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import DataError, FewClustersError, FitError, OptionError, SeparationError
from coxa.models import GLMFit, count_findings, fit_glm, overdispersion, zero_inflation
from coxa.models.glm.count_checks import information_of_log_alpha, van_den_broek
from coxa.models.glm.negative_binomial import Counts, log_likelihood, point_at, slope_of_log
from coxa.models.glm.robust import robust
from coxa.models.inference.sandwich import adjustment


def trial(alpha: float = 0.8, n: int = 120, seed: int = 1) -> pd.DataFrame:
    """Return falls of two arms with exposures, rate ratio exp(-0.4), negative binomial with this dispersion."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    years, age = rng.uniform(0.3, 2.0, n), rng.normal(70, 8, n)
    mean = years * np.exp(0.6 - 0.4 * arm + 0.02 * (age - 70))
    extra = rng.gamma(1 / alpha, alpha, n) if alpha else np.ones(n)
    return pd.DataFrame(
        {
            "participant_id": np.arange(n),
            "arm": np.where(arm == 1, "exercise", "usual_care"),
            "age": age,
            "years": years,
            "therapist": np.arange(n) // 8,
            "falls": rng.poisson(mean * extra),
        }
    )


def fit(rows: pd.DataFrame, formula: str = "falls ~ arm + age", **options: Any) -> GLMFit:
    return fit_glm(formula, rows, **{"family": "poisson", **options})


def test_exposure_makes_rates_of_counts() -> None:
    rows = trial()
    by_arm = rows.groupby("arm")[["falls", "years"]].sum()
    rate = by_arm["falls"] / by_arm["years"]
    found = fit(rows, "falls ~ arm", exposure="years")
    assert np.exp(found.params["Intercept"]) == pytest.approx(rate["exercise"])
    assert np.exp(found.params.sum()) == pytest.approx(rate["usual_care"])
    assert found.covariance.loc["Intercept", "Intercept"] == pytest.approx(1 / by_arm["falls"]["exercise"])
    assert found.fitted.sum() == pytest.approx(rows["falls"].sum())


@pytest.mark.parametrize("family", ["poisson", "quasi-poisson", "negative_binomial"])
def test_another_unit_of_exposure_changes_the_intercept_alone(family: str) -> None:
    rows = trial().assign(days=lambda d: d["years"] * 365.25)
    years, days = (fit(rows, family=family, exposure=name) for name in ("years", "days"))
    moved = years.params - days.params
    assert moved.to_numpy() == pytest.approx([np.log(365.25), 0, 0], abs=1e-9)
    assert days.bse.to_numpy() == pytest.approx(years.bse.to_numpy(), rel=1e-7)
    assert days.dispersion == pytest.approx(years.dispersion, rel=1e-7)


def test_rows_without_an_exposure_or_a_cluster_are_left_out_and_counted() -> None:
    rows = trial()
    rows.loc[3, "years"] = np.nan
    assert fit(rows, exposure="years").design.left_out.to_dict("records") == [{"row": 3, "missing": "years"}]


def test_derivatives_are_those_of_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    q, y = np.column_stack([np.ones(30), rng.normal(size=30)]), rng.negative_binomial(2, 0.3, 30).astype(float)
    counts = Counts.of(q, y, rng.normal(size=30))
    for log_alpha in (-6.0, -1.0, 1.5):
        theta = np.array([0.4, -0.2, log_alpha])
        point = point_at(counts, theta)
        for k in range(3):
            step = 1e-5 * np.eye(3)[k]
            ends = [point_at(counts, theta + sign * step) for sign in (1, -1)]
            assert point.gradient[k] == pytest.approx((ends[0].value - ends[1].value) / 2e-5, rel=1e-6, abs=1e-6)
            assert point.hessian[k] == pytest.approx((ends[0].gradient - ends[1].gradient) / 2e-5, rel=1e-5, abs=1e-5)


def test_the_likelihood_is_that_of_scipy_and_poisson_at_its_limit() -> None:
    rows = trial()
    y = rows["falls"].to_numpy(dtype=float)
    counts = Counts.of(np.ones((len(y), 1)), y, np.zeros(len(y)))
    mean = counts.mean(np.array([0.3]))
    for alpha in (0.01, 0.7, 30.0):
        by_scipy = np.sum(stats.nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * mean)))
        assert log_likelihood(counts, np.array([0.3]), alpha) == pytest.approx(by_scipy, rel=1e-9)
    poisson = np.sum(stats.poisson.logpmf(y, mean))
    assert log_likelihood(counts, np.array([0.3]), 1e-12) == pytest.approx(poisson, rel=1e-11)
    assert log_likelihood(counts, np.array([0.3]), 0.0) == pytest.approx(poisson, rel=1e-12)


def test_the_series_meets_the_closed_form() -> None:
    at = np.array([0.05 * (1 - 1e-9), 0.05 * (1 + 1e-9)])
    for values in slope_of_log(at):
        assert values[0] == pytest.approx(values[1], rel=1e-8)


def test_one_mean_has_the_maximum_that_a_search_finds() -> None:
    rows = trial()
    found = fit(rows, "falls ~ 1", family="negative_binomial")
    y = rows["falls"].to_numpy(dtype=float)
    assert np.exp(found.params["Intercept"]) == pytest.approx(y.mean())
    grid = np.exp(np.linspace(-3, 2, 2001))
    values = [stats.nbinom.logpmf(y, 1 / a, 1 / (1 + a * y.mean())).sum() for a in grid]
    assert found.dispersion == pytest.approx(grid[int(np.argmax(values))], rel=3e-3)
    assert found.loglik >= max(values) - 1e-9


def test_counts_that_are_not_more_variable_have_the_poisson_fit_and_a_warning() -> None:
    rows = trial(alpha=0, seed=2)
    poisson, found = (fit(rows, family=family, exposure="years") for family in ("poisson", "negative_binomial"))
    assert found.dispersion == 0
    assert found.loglik == poisson.loglik
    assert found.covariance.to_numpy() == pytest.approx(poisson.covariance.to_numpy())
    assert "dispersion is 0" in found.warnings[0]
    assert not fit(trial(), family="negative_binomial").warnings


def test_the_score_at_the_limit_decides_where_the_maximum_is() -> None:
    """d l / d alpha at 0 is half the sum of (y - mu)^2 - y."""
    for seed in range(12):
        rows = trial(alpha=0, seed=seed)
        mean = fit(rows, exposure="years").fitted
        rises = ((rows["falls"] - mean) ** 2 - rows["falls"]).sum() > 0
        assert (fit(rows, family="negative_binomial", exposure="years").dispersion > 0) == rises


def test_quasi_poisson_is_poisson_with_wider_limits() -> None:
    rows = trial()
    poisson, quasi = fit(rows), fit(rows, family="quasi-poisson")
    assert quasi.params.equals(poisson.params)
    assert quasi.covariance.to_numpy() == pytest.approx(quasi.scale * poisson.covariance.to_numpy())
    assert quasi.df.tolist() == [117.0] * 3
    assert np.isnan(quasi.aic)
    one = rows.assign(falls=np.where(np.arange(120) % 3 == 0, 1, 2))
    assert "less variable" in fit(one, family="quasi-poisson").warnings[0]


def test_a_cluster_for_each_row_gives_the_errors_of_rows() -> None:
    rows = trial()
    for by_rows, by_clusters in (("HC0", "CR0"), ("HC2", "CR2"), ("HC3", "CR3")):
        a = fit(rows, vcov=by_rows, exposure="years")
        b = fit(rows, vcov=by_clusters, exposure="years", cluster="participant_id")
        assert b.covariance.to_numpy() == pytest.approx(a.covariance.to_numpy(), rel=1e-8)
    assert (fit(rows, vcov="HC0").df == np.inf).all()
    assert (fit(rows, vcov="HC1").df == 117).all()


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
def test_powers_in_the_space_of_coefficients_are_those_of_the_sandwich_of_participants(kind: str) -> None:
    rng = np.random.default_rng(5)
    b, residuals = rng.normal(size=(24, 3)), rng.normal(size=24)
    phi = np.linalg.inv(b.T @ b)
    found = robust(kind, b, residuals, phi, np.repeat(np.arange(6), 4))
    blocks = b.reshape(6, 4, 3)
    by_house = adjustment(kind, blocks, phi) @ blocks
    assert found.adjusted == pytest.approx(by_house.reshape(24, 3))


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = trial()
    mixed = rows.sample(frac=1, random_state=1)
    a, b = (fit(each, vcov="CR2", cluster="therapist", exposure="years") for each in (rows, mixed))
    assert b.bse.to_numpy() == pytest.approx(a.bse.to_numpy(), rel=1e-9)
    assert b.df.to_numpy() == pytest.approx(a.df.to_numpy(), rel=1e-9)


def test_several_rows_of_a_participant_need_a_cluster_that_holds_them() -> None:
    rows = trial().assign(participant_id=np.arange(120) // 4)
    with pytest.raises(DataError, match="measured twice"):
        fit(rows)
    assert fit(rows, vcov="CR2", cluster="participant_id").clusters == 30
    assert fit(rows, vcov="CR2", cluster="therapist").clusters == 15
    with pytest.raises(DataError, match="two clusters of 'arm'"):
        fit(rows, "falls ~ age", vcov="CR0", cluster="arm")


def test_few_clusters_are_refused_or_named() -> None:
    rows = trial()
    with pytest.raises(FewClustersError, match="There are 2 clusters of 'arm' for 3 coefficients"):
        fit(rows, vcov="CR2", cluster="arm")
    alone = rows.assign(part=rows["therapist"] // 4)
    with pytest.raises(FewClustersError, match="One cluster of 'part' alone determines a coefficient"):
        fit(alone.assign(late=(alone["part"] == 0).astype(int)), "falls ~ late", vcov="CR2", cluster="part")
    assert "15 clusters are fewer than 40" in fit(rows, vcov="CR0", cluster="therapist").warnings[0]
    assert "degrees of freedom below 4" in fit(alone, vcov="CR2", cluster="part").warnings[0]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"family": "binomial", "exposure": "years"}, OptionError, "has no rate"),
        ({"family": "negative_binomial", "vcov": "HC3"}, OptionError, "covariance of its own"),
        ({"family": "quasi-poisson", "vcov": "CR2", "cluster": "therapist"}, OptionError, "covariance of its own"),
        ({"vcov": "CR2"}, OptionError, "cluster='therapist'"),
        ({"cluster": "therapist"}, OptionError, "vcov='CR2'"),
        ({"information": "expected"}, OptionError, "the same observed and expected"),
        ({"exposure": "year"}, OptionError, "did you mean years"),
        ({"exposure": "arm"}, OptionError, "not a number"),
        ({"vcov": "HC9"}, OptionError, "HC3"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fit(trial(), **options)


def test_an_exposure_of_zero_is_named_by_row() -> None:
    rows = trial()
    rows.loc[[4, 7], "years"] = [0, -1]
    with pytest.raises(DataError, match=r"rows \(6, 9\), years: the exposure 'years' is not a number above 0"):
        fit(rows, exposure="years")


@pytest.mark.parametrize("family", ["poisson", "quasi-poisson", "negative_binomial"])
def test_an_arm_without_events_is_separated(family: str) -> None:
    rows = trial()
    with pytest.raises(SeparationError, match="60 of 120 rows"):
        fit(rows.assign(falls=rows["falls"].where(rows["arm"] == "exercise", 0)), "falls ~ arm", family=family)


def test_counts_too_large_for_the_sums_are_refused() -> None:
    rows = trial().assign(falls=lambda d: d["falls"] * 100_000_000)
    with pytest.raises(FitError, match="more than 10,000,000 events"):
        fit(rows, family="negative_binomial")


def test_the_call_that_is_recorded_gives_the_fit_again() -> None:
    data = trial()
    found = fit(data, vcov="CR2", cluster="therapist", exposure="years")
    again = eval(found.spec.call(), {"fit_glm": fit_glm, "data": data})
    assert again.bse.equals(found.bse)


def test_the_tests_find_what_was_drawn_and_nothing_else() -> None:
    assert not count_findings(fit(trial(alpha=0, seed=4), exposure="years"))
    rules = [each.rule for each in count_findings(fit(trial(alpha=2.5), exposure="years"))]
    assert "more variable than Poisson's" in rules[0]
    assert "more zeros than the poisson model has" in rules[1]
    assert not count_findings(fit(trial(alpha=2.5), family="negative_binomial", exposure="years"))
    rng = np.random.default_rng(8)
    rows = trial(alpha=0.3, n=400).assign(falls=lambda d: (d["falls"] + 5) * (rng.random(400) < 0.8))
    zeros = count_findings(fit(rows, family="negative_binomial"))
    assert "zeros than the negative_binomial model has" in zeros.items[0].rule


def test_the_score_of_zero_inflation_has_the_variance_of_all_counts_that_can_occur() -> None:
    """Information of zero inflation and coefficients by summing over all counts, and the variance that is left."""
    rows = trial(alpha=0, n=40)
    found = fit(rows, exposure="years")
    x, mean = found.design.x, found.fitted
    joint = np.zeros((4, 4))
    for row, mu in zip(x, mean, strict=True):
        y = np.arange(200)
        score = np.column_stack([(y == 0) / np.exp(-mu) - 1, (y - mu)[:, None] * row])
        joint += (score.T * stats.poisson.pmf(y, mu)) @ score
    left = joint[0, 0] - joint[0, 1:] @ np.linalg.solve(joint[1:, 1:], joint[1:, 0])
    y = rows["falls"].to_numpy()
    by_hand = ((y == 0) / np.exp(-mean) - 1).sum() / np.sqrt(left)
    assert van_den_broek(x, y, mean) == pytest.approx(by_hand)


@pytest.mark.parametrize("alpha", [1e-3, 0.5, 4.0])
def test_the_information_of_the_dispersion_is_the_second_derivative_expected(alpha: float) -> None:
    means = np.array([0.2, 1.5, 6.0])
    expected = 0.0
    for mean in means:
        y = np.arange(4000.0)
        share = stats.nbinom.pmf(y, 1 / alpha, 1 / (1 + alpha * mean))
        one = np.ones((1, 1))
        for count, p in zip(y, share, strict=True):
            if p > 1e-15:
                point = point_at(Counts.of(one, np.array([count]), np.zeros(1)), np.log([mean, alpha]))
                expected += p * point.hessian[-1, -1]
    assert information_of_log_alpha(means, alpha) == pytest.approx(expected, rel=1e-6)


def test_the_information_of_large_counts_is_an_integral(monkeypatch: pytest.MonkeyPatch) -> None:
    means = np.array([800.0, 2500.0])
    integral = information_of_log_alpha(means, 0.4)
    monkeypatch.setattr("coxa.models.glm.count_checks.MOST_COUNTS", 60_000)
    assert integral == pytest.approx(information_of_log_alpha(means, 0.4), rel=1e-3)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_the_zeros_expected_spread_as_in_simulated_trials(family: str) -> None:
    z = []
    for seed in range(40):
        rows = trial(alpha=0 if family == "poisson" else 0.8, n=150, seed=seed)
        z.append(zero_inflation(fit(rows, family=family, exposure="years"))["statistic"].iloc[0])
    assert np.mean(z) == pytest.approx(0, abs=0.5)
    assert np.std(z) == pytest.approx(1, abs=0.35)


def test_overdispersion_is_of_poisson() -> None:
    with pytest.raises(OptionError, match="family='poisson'"):
        overdispersion(fit(trial(), family="quasi-poisson"))


def test_a_fit_answers_to_the_names_of_statsmodels() -> None:
    found = fit(trial(), family="negative_binomial", exposure="years")
    assert found.aic == pytest.approx(-2 * found.llf + 8)
    assert found.conf_int().shape == (3, 2)
    assert (found.resid + found.fittedvalues).to_numpy() == pytest.approx(found.design.y)
    assert found.predict(trial().head(3)).to_numpy() * trial()["years"].head(3).to_numpy() == pytest.approx(
        found.fitted[:3]
    )
    assert "Dispersion" in found.summary()
