"""Logistic regression with standardised risks, and a negative binomial model, next to statsmodels in one run.

    python -m benchmarks.glm

Times are those of the processor for one call of 1,000 participants, the least of many, in milliseconds, with linear
algebra on one thread. statsmodels is given arrays, starts from its defaults, and gives coefficients and covariance;
what coxa does with a frame (checks, missing values, factors, names) is in its times, but for that of arrays.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm

from coxa.estimates import model_rates, standardised_risks
from coxa.models import fit_glm
from coxa.models.design.matrix import orthonormal
from coxa.models.glm.families import POISSON
from coxa.models.glm.fit import newton
from coxa.models.glm.negative_binomial import Counts, maximum
from coxa.models.numerics.one_thread import one_thread

N = 1_000
TIMES = 40


def trial(seed: int = 20261130) -> pd.DataFrame:
    """Return a trial with a yes or no, and counts over an exposure."""
    rng = np.random.default_rng(seed)
    arm, x, years = rng.integers(0, 2, N), rng.normal(size=N), rng.uniform(0.5, 2, N)
    better = rng.random(N) < 1 / (1 + np.exp(-(0.3 * arm + x)))
    falls = rng.poisson(years * np.exp(0.5 - 0.3 * arm + 0.3 * x) * rng.gamma(1 / 0.8, 0.8, N))
    return pd.DataFrame(
        {
            "participant_id": np.arange(N),
            "arm": pd.Categorical(np.where(arm == 1, "exercise", "usual"), ["usual", "exercise"]),
            "sex": rng.choice(["female", "male"], N),
            "x": x,
            "years": years,
            "better": better.astype(int),
            "falls": falls,
        }
    )


def least(call: Callable[[], object]) -> float:
    """Return the least time of a call on the processor, in milliseconds."""
    call()
    best = np.inf
    for _ in range(TIMES):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return 1000 * best


def main() -> None:
    """Print the table."""
    rows = trial()
    x = np.column_stack([np.ones(N), rows["arm"] == "exercise", rows["x"], rows["sex"] == "male"]).astype(float)
    better, falls = rows["better"].to_numpy(dtype=float), rows["falls"].to_numpy(dtype=float)
    offset = np.log(rows["years"].to_numpy())

    def logistic() -> object:
        return standardised_risks(fit_glm("better ~ arm + x + sex", rows), rows)

    def negative_binomial() -> object:
        return fit_glm("falls ~ arm + x + sex", rows, family="negative_binomial", exposure="years")

    def rates() -> object:
        return model_rates(negative_binomial(), averaging="counterfactual")  # type: ignore[arg-type]

    def by_statsmodels() -> object:
        return sm.NegativeBinomial(falls, x, offset=offset).fit(disp=0, maxiter=200).cov_params()

    basis = orthonormal(x, ["1", "arm", "x", "sex"])

    def on_arrays() -> object:
        gamma, _ = newton(basis.q, falls, POISSON, offset)
        return np.linalg.inv(maximum(Counts.of(basis.q, falls, offset), gamma).hessian)

    calls: dict[str, Callable[[], object]] = {
        "logistic: fit": lambda: fit_glm("better ~ arm + x + sex", rows),
        "logistic: fit, standardised risks, variance of Ye": logistic,
        "statsmodels GLM binomial: fit": lambda: sm.GLM(better, x, family=sm.families.Binomial()).fit().cov_params(),
        "negative binomial with exposure: fit": negative_binomial,
        "negative binomial: fit, standardised rates": rates,
        "negative binomial on arrays: maximum and covariance": on_arrays,
        "statsmodels NegativeBinomial: fit": by_statsmodels,
    }
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        times = {name: least(call) for name, call in calls.items()}
    sys.stdout.write("| n = 1,000 | ms |\n|---|---|\n")
    sys.stdout.writelines(f"| {name} | {value:.1f} |\n" for name, value in times.items())
    ratio = times["statsmodels NegativeBinomial: fit"] / times["negative binomial on arrays: maximum and covariance"]
    sys.stdout.write(
        f"\nstatsmodels' negative binomial model takes {ratio:.1f} times as long, arrays against arrays.\n"
    )


if __name__ == "__main__":
    main()
