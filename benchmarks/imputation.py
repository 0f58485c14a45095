"""Multiple imputation of a trial of 172 participants and 4 visits, with ANCOVA of every data set.

    python -m benchmarks.imputation

The peer runs on the same data: data augmentation on rows in place of sums, written with numpy as a textbook has it,
data sets that are made one by one, and `OLS` of statsmodels for each. Times are those of the processor, in seconds; the
peak of memory is what Python allocates while data sets are imputed, and the largest resident set of a process of its
own that draws, imputes, analyses and maps as many data sets.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from coxa.impute import (
    Draws,
    Imputations,
    analyse_ancova,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_imputations,
    pool_rubin,
    tipping_imputed,
)
from coxa.models import Fit, fit_mmrm
from coxa.models.numerics.one_thread import one_thread

N, M_VISITS = 172, 4
SPREAD = np.array([[20.0, 17, 16, 17], [17, 35, 26, 27], [16, 26, 39, 35], [17, 27, 35, 46]])


def trial(seed: int = 20261130) -> pd.DataFrame:
    """Return a trial in which a quarter has no last visit."""
    rng = np.random.default_rng(seed)
    arm, baseline = np.arange(N) % 2, rng.normal(18, 5, N)
    mean = -0.2 * (baseline - 18)[:, None] - np.outer(1 + 0.5 * arm, [1.5, 3, 4, 5])
    y = mean + rng.multivariate_normal(np.zeros(M_VISITS), SPREAD, N)
    leaves = np.searchsorted(np.cumsum([0.0, 0.08, 0.06, 0.11]), rng.random(N))
    y[np.arange(M_VISITS) >= leaves[:, None]] = np.nan
    return pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(N), M_VISITS),
            "visit": np.tile([f"week_{w}" for w in (1, 2, 4, 6)], N),
            "arm": pd.Categorical(np.repeat(np.where(arm, "drug", "placebo"), M_VISITS), ["placebo", "drug"]),
            "baseline": np.repeat(baseline, M_VISITS),
            "change": y.ravel(),
        }
    )


Result = tuple[float, float]
"""Estimate and standard error."""


def timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """Return the processor time of a call in seconds, and what it gave."""
    start = time.process_time()
    given = call()
    return time.process_time() - start, given


def by_coxa(fit: Fit, data: pd.DataFrame, m: int) -> Result:
    """Return estimate and standard error at the last visit under jump to reference."""
    outcomes = incomplete_outcomes(fit, data, reference="placebo", strategy="j2r")
    imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, m))
    pooled = pool_imputations(analyse_ancova(imputed, "~ baseline + arm", visits=["week_6"])).pooled
    return float(pooled.estimate[-1]), float(pooled.std_error[-1])


def by_rows(fit: Fit, data: pd.DataFrame, m: int) -> Result:
    """Return the same by data augmentation on rows, one data set after the other, and an `OLS` of each."""
    outcomes = incomplete_outcomes(fit, data, reference="placebo", strategy="j2r")
    rng = np.random.default_rng(1)
    x, other, y = outcomes.own_design, outcomes.reference_design, outcomes.y
    spread, beta = fit.covariance.to_numpy(), fit.params.to_numpy()
    analysed = sm.add_constant(
        np.column_stack([outcomes.people["baseline"].to_numpy(), (outcomes.arm == 1).astype(float)])
    )
    estimates, variances = [], []
    for step in range(100 + m):
        filled = with_gaps_filled(y, x @ beta, spread, rng)
        left = filled - x @ beta
        spread = np.atleast_2d(stats.invwishart.rvs(N, left.T @ left, random_state=rng))
        precision = np.linalg.inv(spread)
        information = np.einsum("nap,ab,nbq->pq", x, precision, x, optimize=True)
        score = np.einsum("nap,ab,nb->p", x, precision, filled, optimize=True)
        beta = rng.multivariate_normal(np.linalg.solve(information, score), np.linalg.inv(information))
        if step >= 100:
            mean = np.where(np.arange(M_VISITS) >= outcomes.event[:, None], other @ beta, x @ beta)
            fitted = sm.OLS(with_gaps_filled(y, mean, spread, rng)[:, -1], analysed).fit()
            estimates.append(fitted.params[-1])
            variances.append(fitted.bse[-1] ** 2)
    pooled = pool_rubin(np.array(estimates), np.array(variances), df_complete=N - 3)
    return float(pooled.estimate[0]), float(pooled.std_error[0])


def with_gaps_filled(y: np.ndarray, mean: np.ndarray, spread: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return outcomes (n, m) with draws in their gaps, participant by participant."""
    filled = y.copy()
    for i in np.flatnonzero(np.isnan(y).any(axis=1)):
        u, o = np.flatnonzero(np.isnan(y[i])), np.flatnonzero(~np.isnan(y[i]))
        slopes = np.linalg.solve(spread[np.ix_(o, o)], spread[np.ix_(o, u)]).T
        rest = spread[np.ix_(u, u)] - slopes @ spread[np.ix_(o, u)]
        filled[i, u] = rng.multivariate_normal(mean[i, u] + slopes @ (y[i, o] - mean[i, o]), rest)
    return filled


def peak(imputed: Imputations) -> float:
    """Return the most memory that imputing and analysing takes, in MB, draws and results apart."""
    tracemalloc.start()
    for _ in imputed.blocks():
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def repeated(imputed: Imputations, m: int) -> Imputations:
    """Return as many imputations from the same draws over and over."""
    draws = imputed.draws
    which = np.arange(m) % draws.size
    return replace(imputed, draws=Draws(draws.beta[which], draws.covariance[which], draws.method))


SHIFTS = [float(shift) for shift in range(-20, 21)]


def surface(m: int) -> tuple[float, float, float]:
    """Return seconds of drawing and of the tipping surface of 41 x 41 amounts, and the largest resident set in MB."""
    data = trial()
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", data)
    outcomes = incomplete_outcomes(fit, data, reference="placebo", strategy="j2r")
    with one_thread():
        start = time.process_time()
        imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, m))
        drawn = time.process_time()
        tipping_imputed(imputed, "~ baseline + arm", "drug", arm_shifts=SHIFTS, against_shifts=SHIFTS)
        mapped = time.process_time()
    return drawn - start, mapped - drawn, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def surfaces(sizes: tuple[int, ...]) -> None:
    """Print the surface and the memory of some numbers of data sets, a process for each."""
    sys.stdout.write("tipping surface, 41 x 41        draws        map    peak resident set\n")
    for m in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            drawn, mapped, most = pool.apply(surface, (m,))
        sys.stdout.write(f"M = {m:5d}                  {drawn:8.2f} s {mapped:8.2f} s {most:12.0f} MB\n")


def main() -> None:
    """Print the tables."""
    data = trial()
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", data)
    with one_thread():
        by_coxa(fit, data, 50)
        ours, (estimate, error) = timed(lambda: by_coxa(fit, data, 1000))
        theirs, (other, other_error) = timed(lambda: by_rows(fit, data, 200))
    sys.stdout.write("1,000 posterior draws, imputed under jump to reference and analysed by ANCOVA\n\n")
    sys.stdout.write(f"coxa                          {ours:8.2f} s   {estimate:.3f} ({error:.3f})\n")
    sys.stdout.write(f"row by row, OLS (200 times 5) {5 * theirs:8.2f} s   {other:.3f} ({other_error:.3f})\n")
    sys.stdout.write(f"ratio                         {5 * theirs / ours:8.1f}\n\n")
    outcomes = incomplete_outcomes(fit, data, reference="placebo", strategy="j2r")
    imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, 1000))
    surfaces((100, 1000, 5000))
    sys.stdout.write("\n")
    for m in (200, 1000, 5000):
        sys.stdout.write(f"peak of memory, M = {m:5d}       {peak(repeated(imputed, m)):8.1f} MB\n")


if __name__ == "__main__":
    main()
