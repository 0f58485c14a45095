"""Generalised linear mixed models: the integral by brute force, the models it contains, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from coxa.errors import DataError, FitError, OptionError, SeparationError
from coxa.models import fit_glm, fit_glmm
from coxa.models.glmm.newton import ascended, minus_hessian, off_by
from coxa.models.glmm.outcomes import OUTCOMES
from coxa.models.glmm.problem import Problem
from coxa.models.glmm.search import SYMMETRIC, by_newton, maximum
from coxa.models.numerics.quadrature import Clusters, hessian_by_differences

FORMULA = "y ~ arm + week + (1 | participant_id)"


def trial(family: Any = "binomial", n: int = 30, sd: float = 1.2, seed: int = 4) -> pd.DataFrame:
    """Return n participants in two arms with four rows each; the last has three."""
    rng = np.random.default_rng(seed)
    who, week = np.repeat(np.arange(n), 4), np.tile([0.0, 1, 2, 3], n)
    d = pd.DataFrame({"participant_id": who, "week": week, "arm": np.where(who % 2, "exercise", "usual_care")})
    d["years"] = rng.uniform(0.5, 2.0, len(d)).round(2)
    eta = -0.3 + 0.8 * (who % 2) + 0.2 * week + sd * rng.normal(size=n)[who]
    if family == "binomial":
        d["y"] = (rng.random(len(d)) < expit(eta)) * 1
    elif family == "poisson":
        d["y"] = rng.poisson(np.exp(eta))
    else:
        d["y"] = rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, len(d)))
    return d.iloc[:-1].assign(arm=lambda f: pd.Categorical(f["arm"], ["usual_care", "exercise"]))


def log_density(family: Any, y: np.ndarray, eta: np.ndarray, size: float) -> np.ndarray:
    """Return the log density of each row, from scipy's distributions."""
    if family == "binomial":
        return np.asarray(stats.bernoulli.logpmf(y, expit(eta)))
    if family == "poisson":
        return np.asarray(stats.poisson.logpmf(y, np.exp(eta)))
    return np.asarray(stats.nbinom.logpmf(y, size, size / (size + np.exp(eta))))


def brute_force(fit: Any, d: pd.DataFrame) -> float:
    """Return the log-likelihood at a fit's parameters by adaptive integration of each participant's."""
    eta = fit.predict(d, scale="link")
    total = 0.0
    for rows in d.reset_index(drop=True).groupby("participant_id").indices.values():
        y, known = d["y"].to_numpy()[rows], eta[rows]

        def likelihood(b: float, y: np.ndarray = y, known: np.ndarray = known) -> float:
            return np.exp(log_density(fit.family, y, known + b, fit.size).sum()) * stats.norm.pdf(b, scale=fit.sd)

        total += np.log(integrate.quad(likelihood, -12 * fit.sd, 12 * fit.sd, epsabs=0, epsrel=1e-11, limit=200)[0])
    return total


@pytest.mark.parametrize("family", ["binomial", "poisson", "negative_binomial"])
def test_the_likelihood_is_the_integral(family: Any) -> None:
    d = trial(family)
    fit = fit_glmm(FORMULA, d, family=family, quadrature=40)
    assert fit.loglik == pytest.approx(brute_force(fit, d), abs=1e-7)
    assert abs(fit.quadrature_change) < 1e-7
    assert fit.optimisation.gradient_norm < 1e-9
    assert fit.optimisation.min_eigenvalue > 1e-3


def of_nodes(family: Any, points: int) -> tuple[Problem, np.ndarray]:
    """Return the integrated likelihood of a trial with so many nodes, and parameters that are not its maximum."""
    d = trial(family)
    columns = np.column_stack([np.ones(len(d)), d["arm"].cat.codes, d["week"]])
    rows = OUTCOMES[family].of_rows(d["y"].to_numpy(dtype=float))
    problem = Problem(columns, np.zeros(len(d)), Clusters.of(d["participant_id"].to_numpy()), rows, points)
    return problem, np.array([-0.2, 0.7, 0.1, 1.1])


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_the_hessian_at_the_nodes_is_that_of_the_gradient(family: Any) -> None:
    problem, theta = of_nodes(family, 40)
    by_differences, asymmetry = hessian_by_differences(
        lambda at: problem.gradient(problem.at(at)), theta, np.full(4, 0.1)
    )
    assert asymmetry < 1e-7
    assert minus_hessian(problem, problem.at(theta)) == pytest.approx(-by_differences, rel=1e-6)


def test_a_hessian_at_too_few_nodes_is_seen_and_differences_are_taken() -> None:
    problem, theta = of_nodes("binomial", 5)
    free = np.ones(4, dtype=bool)
    found = ascended(problem, theta, free)
    assert found is not None
    assert off_by(problem, found, free) > SYMMETRIC
    assert by_newton(problem, theta, free) is None
    best, _ = maximum(problem, theta, found.inverse, free)
    assert not best.failure
    by_differences, _ = hessian_by_differences(lambda at: problem.gradient(problem.at(at)), best.theta, np.full(4, 0.1))
    assert best.hessian == pytest.approx(-by_differences, rel=1e-5)


def test_newton_and_quasi_newton_steps_end_at_the_same_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    d = trial(n=60)
    quick = fit_glmm(FORMULA, d)
    monkeypatch.setattr("coxa.models.glmm.search.leads", lambda *_: False)
    slow = fit_glmm(FORMULA, d)
    assert quick.params.to_numpy() == pytest.approx(slow.params.to_numpy(), abs=1e-9)
    assert quick.joint.to_numpy() == pytest.approx(slow.joint.to_numpy(), abs=1e-6)
    assert quick.optimisation.iterations < slow.optimisation.iterations / 2


@pytest.mark.parametrize("points", [1, 2, 5, 25])
@pytest.mark.parametrize("family", ["binomial", "poisson", "negative_binomial"])
def test_the_gradient_is_that_of_the_sum_over_the_nodes(family: Any, points: int) -> None:
    d = trial(family)
    codes = d["participant_id"].to_numpy()
    q = np.column_stack([np.ones(len(d)), codes % 2, d["week"]])
    rows_at = OUTCOMES[family].of_rows(d["y"].to_numpy(dtype=float))
    problem = Problem(q, np.log(d["years"].to_numpy()), Clusters.of(codes), rows_at, points)
    theta = np.array([-0.2, 0.5, 0.1, 0.9, *([0.4] if family == "negative_binomial" else [])])
    steps = 1e-5 * np.eye(len(theta))
    by_differences = [(problem.at(theta + h).loglik - problem.at(theta - h).loglik) / 2e-5 for h in steps]
    assert problem.gradient(problem.at(theta)) == pytest.approx(by_differences, abs=1e-6)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_a_variance_of_zero_is_named_and_gives_fit_glm(family: Any) -> None:
    d = trial(family, sd=0.0, seed=3)
    fit = fit_glmm(FORMULA, d, family=family)
    plain = fit_glm("y ~ arm + week", d.drop(columns="participant_id"), family=family)
    assert fit.at_zero
    assert fit.sd == 0
    assert "estimated at zero" in fit.warnings[0]
    assert fit.params.to_numpy() == pytest.approx(plain.params.to_numpy(), rel=1e-8)
    assert fit.cov_params().to_numpy() == pytest.approx(plain.covariance.to_numpy(), rel=1e-6)
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-9)


def test_exposure_is_an_offset_on_the_log_scale() -> None:
    d = trial("poisson")
    twice = fit_glmm(FORMULA, d.assign(years=2 * d["years"]), family="poisson", exposure="years")
    once = fit_glmm(FORMULA, d, family="poisson", exposure="years")
    assert twice.params["Intercept"] == pytest.approx(once.params["Intercept"] - np.log(2), abs=1e-8)
    assert twice.params["arm[exercise]"] == pytest.approx(once.params["arm[exercise]"], abs=1e-8)
    assert once.predict(d, scale="typical")[0] == pytest.approx(
        d["years"].iloc[0] * np.exp(once.params["Intercept"]), rel=1e-9
    )


def test_units_and_order_of_rows_do_not_matter() -> None:
    d = trial()
    fit = fit_glmm(FORMULA, d)
    mixed = fit_glmm(FORMULA, d.assign(week=1000 * d["week"] + 5).sample(frac=1, random_state=1))
    assert mixed.params["week"] == pytest.approx(fit.params["week"] / 1000, rel=1e-7)
    assert [mixed.sd, mixed.loglik] == pytest.approx([fit.sd, fit.loglik], rel=1e-8)
    by_label = mixed.intercepts.set_index("level").loc[fit.intercepts["level"]]
    assert by_label["mode"].to_numpy() == pytest.approx(fit.intercepts["mode"].to_numpy(), abs=1e-7)


def test_rows_that_are_left_out_are_counted() -> None:
    d = trial()
    d.loc[d.index[:3], "y"] = np.nan
    fit = fit_glmm(FORMULA, d)
    assert fit.n_observations == len(d) - 3
    assert fit.left_out["reason"].tolist() == ["y is missing"] * 3


def test_the_call_is_recorded_and_gives_the_fit_again() -> None:
    data = trial("poisson")
    fit = fit_glmm(FORMULA, data, family="poisson", quadrature=9, exposure="years")
    again = eval(fit.spec.call(), {"fit_glmm": fit_glmm, "data": data})
    assert again.params.tolist() == fit.params.tolist()
    assert "adaptive Gauss-Hermite quadrature with 9 nodes" in fit.method


def test_tests_are_of_the_normal_distribution_or_count_degrees_of_freedom() -> None:
    d = trial()
    z, t = fit_glmm(FORMULA, d), fit_glmm(FORMULA, d, ddf="between-within")
    assert z.p_values["week"] == pytest.approx(2 * stats.norm.sf(abs(z.tvalues["week"])))
    assert t.df.to_dict() == {"Intercept": 88.0, "arm[exercise]": 28.0, "week": 88.0}
    joint = z.joint_test(np.eye(3)[1:])
    assert joint.p_value == pytest.approx(stats.chi2.sf(2 * joint.statistic, 2))


ALL_OR_NONE = trial().assign(y=lambda d: d["participant_id"] % 3 == 0)
NO_EVENT = trial().assign(y=lambda d: d["y"].where(d["arm"] == "exercise", 0))


@pytest.mark.parametrize(
    ("data", "options", "error", "words"),
    [
        (ALL_OR_NONE, {}, SeparationError, "variance between them would be infinite"),
        (NO_EVENT, {}, SeparationError, "predicted without error by 'arm\\[exercise\\]'"),
        (NO_EVENT, {"family": "poisson"}, SeparationError, "would be infinite"),
        (trial().assign(y=2), {}, FitError, "other values than 0 and 1"),
        (trial("poisson").assign(y=lambda d: d["y"] / 2), {"family": "poisson"}, FitError, "whole numbers"),
        (trial().drop_duplicates("participant_id"), {}, FitError, "has one row"),
        (trial(n=2), {}, FitError, "2 levels"),
        (trial("poisson").assign(years=-1), {"family": "poisson", "exposure": "years"}, DataError, "not above 0"),
        (trial(), {"exposure": "years"}, OptionError, "which only counts have"),
        (trial(), {"quadrature": 0}, OptionError, "a whole number from 1 to 100"),
        (trial(), {"family": "gamma"}, OptionError, "`family` is"),
    ],
)
def test_what_has_no_maximum_or_no_meaning_is_refused(
    data: pd.DataFrame, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fit_glmm(FORMULA, data, **options)


@pytest.mark.parametrize(
    "random", ["(week | participant_id)", "(1 | arm/participant_id)", "(0 + week | participant_id)"]
)
def test_another_random_part_is_refused(random: str) -> None:
    with pytest.raises(OptionError, match="Give one random intercept"):
        fit_glmm(f"y ~ week + {random}", trial())


def test_counts_without_overdispersion_are_poisson_and_that_is_named() -> None:
    d = trial().assign(y=lambda f: (f["y"] + f["week"]).astype(int))
    fit, plain = (fit_glmm(FORMULA, d, family=family) for family in ("negative_binomial", "poisson"))
    assert fit.size == np.inf
    assert "size of the negative binomial was estimated at infinity" in " ".join(fit.warnings)
    assert fit.params.tolist() == plain.params.tolist()
    assert fit.loglik == plain.loglik


def test_too_few_nodes_are_a_warning() -> None:
    fit = fit_glmm(FORMULA, trial(sd=4.0), quadrature=3)
    assert "use more nodes" in fit.warnings[0]
