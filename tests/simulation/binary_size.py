"""Size and coverage of the comparisons of a yes-or-no outcome by simulation: the trial, the draws, what is counted.

Run as a script it makes the table of docs/methods/binary-size.md:

    python -m tests.simulation.binary_size --replicates 2000 --write docs/methods/binary-size.md
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from coxa.allocation.draw import draw as draw_arms
from coxa.design import BiasedCoin
from coxa.errors import NonConvergenceError
from coxa.estimates.standardised import residual_products, robust_covariance
from coxa.estimates.two_proportions import score_limits, score_test
from coxa.models.design.matrix import orthonormal
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.fit import NEARLY_SURE, newton
from tests.simulation.written import write_page

ALPHA = 0.05
Z = float(stats.norm.ppf(1 - ALPHA / 2))
SLOPE = 1.0
"""Log odds ratio of one standard deviation of the covariate."""

STRATA = 2
BLOCK = 4
COIN = 2 / 3
PER_ARM = (20, 40, 80)
LOGISTIC = FAMILIES["binomial"]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Marginal risks of two arms with the covariances, and what blocks in strata take off that of Ye.

    small : that of Ye with residuals over the root of one less their leverage
    df    : participants less coefficients
    """

    means: np.ndarray
    ye: np.ndarray
    ge: np.ndarray
    taken: np.ndarray
    small: np.ndarray
    df: int


def adjusted(y: np.ndarray, arm: np.ndarray, covariates: np.ndarray, strata: np.ndarray) -> Adjusted | None:
    """Return the standardised risks of a logistic model of arm and covariates; None where it is separated."""
    x = np.column_stack([np.ones(len(y)), arm, covariates])
    basis = orthonormal(x, [str(k) for k in range(x.shape[1])])
    try:
        gamma, _ = newton(basis.q, y, LOGISTIC)
    except NonConvergenceError:
        return None
    if np.abs(basis.q @ gamma).max() > NEARLY_SURE:
        return None
    beta = basis.back @ gamma
    put = [np.column_stack([x[:, 0], np.full(len(y), k), covariates]) for k in (0.0, 1.0)]
    predicted = np.column_stack([expit(rows @ beta) for rows in put])
    fitted = expit(x @ beta)
    information = (x.T * (fitted * (1 - fitted))) @ x
    weights = np.array([((p * (1 - p))[:, None] * rows).mean(axis=0) for p, rows in zip(predicted.T, put, strict=True)])
    codes = arm.astype(int)
    leverage = fitted * (1 - fitted) * np.einsum("ij,ij->i", x, np.linalg.solve(information, x.T).T)
    wider = fitted + (y - fitted) / np.sqrt(1 - leverage)
    return Adjusted(
        predicted.mean(axis=0),
        robust_covariance(y, predicted, codes),
        weights @ np.linalg.solve(information, weights.T),
        residual_products(y - fitted, codes, strata) / len(y),
        robust_covariance(wider, predicted, codes),
        len(y) - x.shape[1],
    )


def truth(risk: float, effect: float) -> tuple[float, float, float]:
    """Return the intercept at which usual care has this risk, and the marginal risks without and with the effect."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    low, high = -20.0, 20.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ expit(middle + SLOPE * nodes) < risk else (low, middle)
    return low, float(weights @ expit(low + SLOPE * nodes)), float(weights @ expit(low + effect + SLOPE * nodes))


def draw(
    per_arm: int, intercept: float, effect: float, rng: np.random.Generator, scheme: str = "pb"
) -> tuple[np.ndarray, ...]:
    """Draw a trial: outcome, arm, covariate, stratum; in permuted blocks of 4, or by a coin, within two strata."""
    covariate = rng.normal(size=2 * per_arm)
    stratum = (covariate > 0).astype(int)
    arm = tossed(stratum, rng) if scheme == "bc" else in_blocks(stratum, rng)
    y = (rng.random(2 * per_arm) < expit(intercept + effect * arm + SLOPE * covariate)).astype(float)
    return y, arm, covariate, stratum


def in_blocks(stratum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return arms (N,) in permuted blocks within strata."""
    arm = np.empty(len(stratum))
    for k in range(STRATA):
        here = np.flatnonzero(stratum == k)
        blocks = np.argsort(rng.random((len(here) // BLOCK + 1, BLOCK)), axis=1).ravel() % 2
        arm[here] = blocks[: len(here)]
    return arm


def tossed(stratum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return arms (N,) by a biased coin within strata, as a plan draws it."""
    coin = BiasedCoin({"usual": 1, "exercise": 1}, {"stratum": ("low", "high")}, probability=COIN)
    return draw_arms(coin, stratum[None, :, None], rng.random((1, len(stratum), 2))).arms[0].astype(float)


METHODS = (
    "Miettinen-Nurminen, no covariate",
    "no covariate, Ye",
    "no covariate, Ye, blocks",
    "adjusted, Ye",
    "adjusted, Ye, blocks",
    "adjusted, Ge",
    "no covariate, Ye, small samples",
    "adjusted, Ye, small samples",
    "adjusted, Ye, blocks, small samples",
)


def one_trial(trial: tuple[np.ndarray, ...], difference: float) -> dict[str, tuple[bool, bool, float]] | None:
    """Return of each method whether it rejects, whether its limits cover the difference, and how wide they are."""
    y, arm, covariate, stratum = trial
    cells = [(int(y[arm == k].sum()), int((arm == k).sum())) for k in (1, 0)]
    low, high = score_limits(*cells, 1 - ALPHA)
    with_it = adjusted(y, arm, covariate[:, None], stratum)
    without = adjusted(y, arm, np.empty((len(y), 0)), stratum)
    if with_it is None or without is None:
        return None
    found = {METHODS[0]: (score_test(*cells) < ALPHA, low <= difference <= high, high - low)}
    contrast = np.array([-1.0, 1.0])
    ways = (
        (without, without.ye, False),
        (without, without.ye - without.taken, False),
        (with_it, with_it.ye, False),
        (with_it, with_it.ye - with_it.taken, False),
        (with_it, with_it.ge, False),
        (without, without.small, True),
        (with_it, with_it.small, True),
        (with_it, with_it.small - with_it.taken, True),
    )
    for name, (fit, covariance, small) in zip(METHODS[1:], ways, strict=True):
        quantile = float(stats.t.ppf(1 - ALPHA / 2, fit.df)) if small else Z
        estimate, half = contrast @ fit.means, quantile * np.sqrt(contrast @ covariance @ contrast)
        found[name] = (bool(abs(estimate) > half), bool(abs(estimate - difference) <= half), float(2 * half))
    return found


def size_and_coverage(
    per_arm: int, risk: float, effect: float, replicates: int, seed: int, scheme: str = "pb"
) -> pd.DataFrame:
    """Return of each method the share of trials that reject and that cover, and the mean width of the limits.

    effect : log odds ratio given the covariate; 0 for the size
    """
    rng = np.random.default_rng([seed, per_arm, round(100 * risk), round(100 * effect)])
    intercept, usual, treated = truth(risk, effect)
    trials = [one_trial(draw(per_arm, intercept, effect, rng, scheme), treated - usual) for _ in range(replicates)]
    kept = [found for found in trials if found is not None]
    rows = [
        {
            "per arm": per_arm,
            "risk": risk,
            "effect": effect,
            "method": name,
            "rejected": float(np.mean([found[name][0] for found in kept])),
            "covered": float(np.mean([found[name][1] for found in kept])),
            "width": float(np.mean([found[name][2] for found in kept])),
            "separated": replicates - len(kept),
        }
        for name in METHODS
    ]
    return pd.DataFrame(rows)


OF_COIN = (
    "no covariate, Ye",
    "no covariate, Ye, blocks",
    "adjusted, Ye, small samples",
    "adjusted, Ye, blocks, small samples",
)
"""Methods of trials that were allocated by a coin, whose variance is that of blocks."""

PAGE = """# Yes-or-no outcomes in small trials, by simulation

{replicates:,} trials of each line, randomised in permuted blocks of four within two strata of a covariate whose
standard deviation is an odds ratio of {odds:.2f}; usual care has a risk of 40%. Size: rejected at 5% where arms are
alike. Coverage, power and width of 95% limits: at a conditional odds ratio of {effect:.2f}. *blocks*: `scheme="pb"`;
*small samples*: `small_samples=True`. Trials whose model is separated are counted and left out. Standard error of 5% or
95% by chance: {error:.1%}.

| per arm | method | size | coverage | power | mean width | separated |
|---|---|---|---|---|---|---|
{lines}

The same trials, allocated by a biased coin (probability {coin:.2f}) within the two strata, as `scheme: biased_coin` of
a plan draws it. *coin*: `scheme="bc"`, which is what a plan takes; without it the variance is that of simple
randomisation.

| per arm | method | size | coverage | power | mean width | separated |
|---|---|---|---|---|---|---|
{of_coin}

    python -m tests.simulation.binary_size --replicates {replicates} --write docs/methods/binary-size.md
"""


def lines_of(
    per_arm: int, effect: float, replicates: int, seed: int, methods: tuple[str, ...], scheme: str
) -> list[str]:
    """Return the lines of a number of participants, of trials that were allocated by a scheme."""
    alike = size_and_coverage(per_arm, 0.4, 0.0, replicates, seed, scheme).set_index("method")
    other = size_and_coverage(per_arm, 0.4, effect, replicates, seed, scheme).set_index("method")
    return [
        f"| {per_arm} | {name.replace('blocks', 'coin') if scheme == 'bc' else name} | {alike['rejected'][name]:.1%} | "
        f"{other['covered'][name]:.1%} | {other['rejected'][name]:.1%} | {other['width'][name]:.3f} | "
        f"{alike['separated'][name] + other['separated'][name]} |"
        for name in methods
    ]


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    effect = float(logit(0.7) - logit(0.4))
    blocks = [line for n in PER_ARM for line in lines_of(n, effect, replicates, seed, METHODS, "pb")]
    coin = [line for n in PER_ARM for line in lines_of(n, effect, replicates, seed, OF_COIN, "bc")]
    return PAGE.format(
        replicates=replicates,
        odds=np.exp(SLOPE),
        effect=np.exp(effect),
        error=(ALPHA * (1 - ALPHA) / replicates) ** 0.5,
        lines="\n".join(blocks),
        coin=COIN,
        of_coin="\n".join(coin),
    )


if __name__ == "__main__":
    write_page(page, 2000)
