"""Bias, standard errors and coverage of conditional mean imputation in worlds in which each strategy is true.

Run as a script it makes the table of docs/methods/conditional-mean-size.md:

    python -m tests.simulation.conditional_size --replicates 2000 --write docs/methods/conditional-mean-size.md
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit, stdtrit

from coxa.impute import conditional_mean, strategy_named
from coxa.impute.completed import regression
from coxa.impute.parts import StandardError
from coxa.models import fit_mmrm
from tests.simulation.written import write_page

VISITS = ("week_6", "week_12", "week_26")
WORDS = ("mar", "cir", "cr", "j2r")
ERRORS: tuple[StandardError, ...] = ("rubin", "jackknife", "gradient")
REFERENCE = np.array([2.0, 4.0, 5.0])
ACTIVE = np.array([5.0, 9.0, 11.0])
SD = 9.0
CORRELATION = np.array([[1.0, 0.6, 0.5], [0.6, 1.0, 0.7], [0.5, 0.7, 1.0]])
SLOPE = -0.3
"""Of the change on the baseline, whose SD is 10."""
FORMULA = "change ~ baseline * visit + arm * visit"


def leaving(change: np.ndarray) -> np.ndarray:
    """Return the probability of leaving after a visit: more often after a small change."""
    return np.asarray(expit(-1.2 - 0.08 * (change - 4)))


def draw(per_arm: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return arm (n,), baseline (n,), changes (n, 3) as if nobody left, and the visit from which they are lost (n,)."""
    n = 2 * per_arm
    arm, baseline = np.repeat([0, 1], per_arm), rng.normal(50, 10, n)
    noise = rng.normal(size=(n, 3)) @ np.linalg.cholesky(SD**2 * CORRELATION).T
    change = np.where(arm[:, None] == 1, ACTIVE, REFERENCE) + SLOPE * (baseline - 50)[:, None] + noise
    gone = rng.random((n, 2)) < leaving(change[:, :2])
    event = np.where(gone[:, 0], 1, np.where(gone[:, 1], 2, 3))
    return arm, baseline, change, event


def truth(word: str, draws: int = 1_000_000) -> float:
    """Return the difference at the last visit where those who left follow a strategy; of as many participants.

    What is lost counts with its expectation given what was seen, which leaves an error of about 0.01.
    """
    arm, baseline, change, event = draw(draws // 2, np.random.default_rng(5))
    last, strategy = change[:, 2].copy(), strategy_named(word)
    shared = SLOPE * (baseline - 50)[:, None]
    for place in (1, 2):
        for a, own in enumerate((REFERENCE, ACTIVE)):
            who = (arm == a) & (event == place)
            covariance = SD**2 * CORRELATION
            mean, spread = strategy.marginal(own, REFERENCE, covariance, covariance, place)
            lost = np.arange(3) >= place
            left = change[who][:, ~lost] - mean[~lost] - shared[who]
            last[who] = mean[2] + shared[who, 0] + (left @ regression(spread, lost).T)[:, -1]
    return float(last[arm == 1].mean() - last[arm == 0].mean())


def rows(per_arm: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return a trial as it is seen, one row per participant and visit."""
    arm, baseline, change, event = draw(per_arm, rng)
    n = len(arm)
    seen = np.where(np.arange(3) < event[:, None], change, np.nan)
    return pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 3),
            "visit": pd.Categorical(np.tile(VISITS, n), VISITS),
            "arm": pd.Categorical(np.repeat(np.where(arm == 1, "active", "control"), 3), ["control", "active"]),
            "baseline": np.repeat(baseline, 3),
            "change": seen.ravel(),
        }
    )


def one_trial(per_arm: int, rng: np.random.Generator) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return estimate, standard error and half the width of the limits, by strategy and kind of standard error."""
    data = rows(per_arm, rng)
    found = conditional_mean(fit_mmrm(FORMULA, data), data, reference="control", standard_error="jackknife")
    numbers: dict[tuple[str, str], tuple[float, float, float]] = {}
    for error in ERRORS:
        for word in WORDS:
            other = replace(found, standard_error=error).under(word)
            last = other.compared(np.array([-1.0, 1.0])).at(2).numbers(other.weights())
            estimate, std_error, df = (float(each[0]) for each in last)
            numbers[word, error] = (estimate, std_error, float(stdtrit(df, 0.975)) * std_error)
    return numbers


Measured = dict[str, float]
"""truth, bias, sd (the spread of the estimates), std_error (its mean) and covered."""


def measured(per_arm: int, replicates: int, seed: int) -> dict[tuple[str, str], Measured]:
    """Return what some trials measure, by strategy and kind of standard error."""
    rng = np.random.default_rng([seed, per_arm])
    trials = [one_trial(per_arm, rng) for _ in range(replicates)]
    truths = {word: truth(word) for word in WORDS}
    table = {}
    for word, error in trials[0]:
        estimate, std_error, half = np.array([trial[word, error] for trial in trials]).T
        table[word, error] = {
            "truth": truths[word],
            "bias": float(estimate.mean()) - truths[word],
            "sd": float(estimate.std(ddof=1)),
            "std_error": float(std_error.mean()),
            "covered": float((np.abs(estimate - truths[word]) <= half).mean()),
        }
    return table


PAGE = """# Imputation under each strategy, by simulation

{replicates:,} trials of each line: changes at three visits, normal given the baseline (SD 9, correlations 0.5 to 0.7),
the treatment better by 6 at the last visit. {share:.0%} leave before it, more often after a small change. They then
follow each strategy in turn, so that its truth is known (of a million participants, to about 0.01): all four worlds
have the same observed outcomes. Difference at the last visit by `conditional_mean` from an MMRM (unstructured, REML),
with three kinds of standard errors (SE). Chance leaves {error:.1%} of a coverage of 95%.

{head}
|---|---|---|---|---|---|---|---|
{lines}

Estimates are unbiased under each strategy where its assumption is true. Under missing at random all standard errors
agree with the spread of the estimates. Where an arm is imputed from another one, estimates spread less from trial to
trial; jackknife and gradient show that, and Rubin's standard errors are larger: they keep the loss of information near
that of missing at random, so that their limits cover more often than 95%.

    python -m tests.simulation.conditional_size --replicates {replicates} --write docs/methods/conditional-mean-size.md
"""
HEAD = ("per arm", "strategy", "truth", "bias (chance)", "SD of estimates", *(f"{one}: SE, coverage" for one in ERRORS))


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    lines = []
    for per_arm in (50, 100):
        found = measured(per_arm, replicates, seed)
        for word in WORDS:
            first = found[word, ERRORS[0]]
            bias = f"{first['bias']:+.2f} ({first['sd'] / replicates**0.5:.2f})"
            each = [found[word, error] for error in ERRORS]
            errors = [f"{one['std_error']:.2f}, {one['covered']:.1%}" for one in each]
            cells = [str(per_arm), word, f"{first['truth']:.2f}", bias, f"{first['sd']:.2f}", *errors]
            lines.append(f"| {' | '.join(cells)} |")
    share = float((draw(50_000, np.random.default_rng(1))[3] < 3).mean())
    error = (0.05 * 0.95 / replicates) ** 0.5
    return PAGE.format(
        replicates=replicates, share=share, error=error, head=f"| {' | '.join(HEAD)} |", lines="\n".join(lines)
    )


if __name__ == "__main__":
    write_page(page, 2000)
