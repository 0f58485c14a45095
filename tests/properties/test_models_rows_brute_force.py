"""Groups, weights, times of one's own and sandwiches against the same algebra on whole matrices.

The fit is asked only for its covariance parameters; everything else is computed from the rows again, with the
covariance of all of them as one matrix.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag, sqrtm
from scipy.special import logit

from coxa.models import Fit, fit_mmrm
from coxa.models.covariance import STRUCTURES

DENSE = 1e-8  # relative: the same algebra, at an optimum known to about 1e-9
NOISE = 1e-10  # absolute: rounding of a log-likelihood of order 100
M = 3


def small_trial(seed: int = 5) -> pd.DataFrame:
    """Return 30 participants in two arms with gaps, weights, and assessments at times of their own."""
    rng = np.random.default_rng(seed)
    n = 30
    seen = rng.random((n, M)) < 0.8
    seen[:8] = True
    seen[np.arange(n), rng.integers(0, M, n)] = True
    who, when = np.nonzero(seen)
    data = pd.DataFrame({"participant_id": who, "visit": when, "arm": np.array(["a", "b"])[who % 2]})
    data["baseline"] = rng.normal(size=n)[who]
    data["week"] = 6.0 * (1 + when) + rng.uniform(-2, 2, len(who)).round(1)
    data["weight"] = rng.uniform(0.5, 2, len(who)).round(2)
    data["change"] = 2 * rng.normal(size=n)[who] + rng.normal(size=len(who)) * (1 + who % 2) + when
    return data.sample(frac=1, random_state=1).reset_index(drop=True)


CASES = {
    "groups": {"covariance": "us", "group": "arm"},
    "groups and weights": {"covariance": "toeph", "group": "arm", "weights": "weight"},
    "weights": {"covariance": "ar1h", "weights": "weight"},
    "times": {"covariance": "sp_exp", "time": "week"},
    "times, groups and weights": {"covariance": "sp_exp", "time": "week", "group": "arm", "weights": "weight"},
}


CORRECTION = {
    "CR0": lambda left: np.eye(len(left)),
    "CR2": lambda left: np.linalg.inv(np.real(sqrtm(left))),
    "CR3": np.linalg.inv,
}


def blocks(data: pd.DataFrame, fit: Fit) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return positions and covariance of the rows of each participant."""
    found = []
    for _, rows in data.sort_values("visit").groupby("participant_id"):
        if fit.structure == "sp_exp":
            prefix = f"{rows['arm'].iloc[0]}: " if fit.group else ""
            sd, rho = (fit.covariance_parameters[prefix + name] for name in ("sd", "correlation[distance 1]"))
            covariance = sd**2 * rho ** np.abs(np.subtract.outer(rows["week"].to_numpy(), rows["week"].to_numpy()))
        else:
            over_visits = fit.covariance.loc[rows["arm"].iloc[0]] if fit.group else fit.covariance
            covariance = over_visits.to_numpy()[np.ix_(rows["visit"], rows["visit"])]
        scale = 1 / np.sqrt(rows["weight"]) if fit.sample.weights is not None else np.ones(len(rows))
        found.append((rows.index.to_numpy(), covariance * np.outer(scale, scale)))
    return found


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("reml", [True, False])
def test_likelihood_and_estimates_are_those_of_the_whole_matrix(case: str, reml: bool) -> None:
    data = small_trial()
    fit = fit_mmrm("change ~ baseline + arm * visit", data, reml=reml, **CASES[case])
    parts = blocks(data, fit)
    order = np.concatenate([rows for rows, _ in parts])
    x, y, v = fit.design.x[order], fit.design.y[order], block_diag(*(c for _, c in parts))
    inverse = np.linalg.inv(v)
    a = x.T @ inverse @ x
    beta = np.linalg.solve(a, x.T @ inverse @ y)
    n, p = x.shape
    minus_2 = np.linalg.slogdet(v)[1] + (y - x @ beta) @ inverse @ (y - x @ beta) + n * np.log(2 * np.pi)
    minus_2 += np.linalg.slogdet(a)[1] - p * np.log(2 * np.pi) if reml else 0
    assert -2 * fit.loglik == pytest.approx(minus_2, rel=DENSE)
    np.testing.assert_allclose(fit.params, beta, rtol=DENSE)
    np.testing.assert_allclose(fit.cov_params(), np.linalg.inv(a), rtol=DENSE, atol=1e-12)


@pytest.mark.parametrize("vcov", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("case", ["groups and weights", "times"])
def test_a_sandwich_is_that_of_the_whole_matrices(case: str, vcov: str) -> None:
    data = small_trial()
    fit = fit_mmrm("change ~ baseline + arm * visit", data, vcov=vcov, **CASES[case])
    parts = blocks(data, fit)
    order = np.concatenate([rows for rows, _ in parts])
    ends = np.cumsum([len(rows) for rows, _ in parts])
    own = [slice(end - len(rows), end) for end, (rows, _) in zip(ends, parts, strict=True)]
    root = np.linalg.inv(np.linalg.cholesky(block_diag(*(c for _, c in parts))))
    b = root @ fit.design.x[order]
    phi = np.linalg.inv(b.T @ b)
    e = root @ fit.design.y[order] - b @ (phi @ b.T @ (root @ fit.design.y[order]))
    left = np.eye(len(e)) - b @ phi @ b.T
    adjusted = [CORRECTION[vcov](left[i, i]) @ b[i] for i in own]
    scores = [fb.T @ e[i] for fb, i in zip(adjusted, own, strict=True)]
    covariance = phi @ sum(np.outer(s, s) for s in scores) @ phi
    np.testing.assert_allclose(fit.cov_params(), covariance, rtol=DENSE, atol=1e-12)
    for row in np.eye(len(phi)):
        g = np.column_stack([left[:, i] @ (fb @ phi @ row) for fb, i in zip(adjusted, own, strict=True)])
        gram = g.T @ g
        assert fit.inference.df(row) == pytest.approx(np.trace(gram) ** 2 / (gram**2).sum(), rel=DENSE)


@pytest.mark.parametrize("covariance", sorted(STRUCTURES))
def test_no_covariance_nearby_fits_better(covariance: str) -> None:
    """The optimum of each structure, with the whole matrix and a covariance moved along each parameter."""
    data = small_trial()
    structure = STRUCTURES[covariance]
    time = "week" if structure.spatial else None
    fit = fit_mmrm("change ~ baseline + arm * visit", data, covariance=covariance, time=time)
    times = np.arange(float(M))

    def loglik(theta: np.ndarray) -> float:
        """Return the restricted log-likelihood without its constants."""
        total, a, c = 0.0, 0.0, 0.0
        for _, rows in data.sort_values("visit").groupby("participant_id"):
            if structure.spatial:
                v = structure.matrix(theta, rows["week"].to_numpy())
            else:
                v = structure.matrix(theta, times)[np.ix_(rows["visit"], rows["visit"])]
            x, y = fit.design.x[rows.index], fit.design.y[rows.index]
            inverse = np.linalg.inv(v)
            a, c = a + x.T @ inverse @ x, c + x.T @ inverse @ y
            total += np.linalg.slogdet(v)[1] + y @ inverse @ y
        return -0.5 * float(total + np.linalg.slogdet(a)[1] - c @ np.linalg.solve(a, c))

    here = structure.start(fit.covariance.to_numpy(), times)
    if structure.spatial:
        sd, *shares = fit.covariance_parameters
        here = np.array([2 * np.log(sd), *logit(shares)])
    best = loglik(here)
    for step in np.eye(len(here))[np.isfinite(here)] * 1e-3:  # a nugget of 0 stays
        assert loglik(here + step) < best + NOISE
        assert loglik(here - step) < best + NOISE
