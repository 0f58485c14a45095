"""Bias and coverage under reference-based strategies: trials whose outcomes after dropout follow the strategy.

What is observed is the same under all strategies, so that one trial serves all; the truths differ.

    python -m tests.simulation.imputation_size --replicates 2000 --write docs/methods/imputation-size.md
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from coxa.impute import (
    analyse_ancova,
    analyse_bootstrap,
    conditional_mean,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.impute.strategies import STRATEGIES
from coxa.models import fit_mmrm
from tests.simulation.written import write_page

N = 160
"""Participants of a trial, in two arms."""

VISITS = ("week_6", "week_12", "week_26")
MEANS = {"usual": np.array([2.0, 3.0, 4.0]), "exercise": np.array([4.0, 6.5, 9.0])}
SPREAD = np.array([[40.0, 26, 22], [26, 50, 34], [22, 34, 60]])
WORDS = ("mar", "j2r", "cr", "cir")
IMPUTATIONS = 100
METHODS = ("Rubin, 100 posterior draws", "100 bootstrap samples, twice", "conditional mean, jackknife")


def dropout(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the first visit (n,) that is missing, 3 for none, of outcomes (n, 3): likelier after a low value."""
    first = np.full(len(y), 3)
    for v in (1, 2):
        leaves = rng.random(len(y)) < 1 / (1 + np.exp(0.9 + 0.12 * (y[:, v - 1] - 4)))
        first[(first == 3) & leaves] = v
    return first


def draw(rng: np.random.Generator) -> pd.DataFrame:
    """Draw a trial: what was observed before dropout."""
    arm = np.where(np.arange(N) % 2, "exercise", "usual")
    y = np.array([MEANS[a] for a in arm]) + rng.multivariate_normal(np.zeros(3), SPREAD, N)
    y[np.arange(3) >= dropout(y, rng)[:, None]] = np.nan
    return pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(N), 3),
            "visit": pd.Categorical(list(VISITS) * N, VISITS),
            "arm": pd.Categorical(np.repeat(arm, 3), ["usual", "exercise"]),
            "change": y.ravel(),
        }
    )


@cache
def truth(strategy: str, size: int = 400_000) -> float:
    """Return the difference at the last visit, over many participants, if outcomes after dropout follow a strategy.

    A missing outcome counts with its mean given those before, so that only dropout is random.
    """
    rng = np.random.default_rng(1)
    noise = rng.multivariate_normal(np.zeros(3), SPREAD, size)
    last = {}
    for arm, mean in MEANS.items():
        y = mean + noise
        first = dropout(y, np.random.default_rng(2))
        ends = y[:, 2].copy()
        for k in (1, 2):
            gone = first == k
            marginal, spread = STRATEGIES[strategy].marginal(mean, MEANS["usual"], SPREAD, SPREAD, k)
            slopes = np.linalg.solve(spread[:k, :k], spread[:k, 2])
            ends[gone] = marginal[2] + (y[gone, :k] - marginal[:k]) @ slopes
        last[arm] = ends.mean()
    return float(last["exercise"] - last["usual"])


@dataclass(frozen=True, slots=True)
class Result:
    """The difference at the last visit by one method: estimate, standard error and limits."""

    strategy: str
    method: str
    estimate: float
    std_error: float
    low: float
    high: float


def results_of(
    data: pd.DataFrame, seed: int, methods: tuple[str, ...] = METHODS, words: tuple[str, ...] = WORDS
) -> list[Result]:
    """Return the results of one trial under each strategy."""
    fit = fit_mmrm("change ~ arm * visit", data)
    drawn = draw_parameters(fit, IMPUTATIONS, seed=seed, thin=3) if METHODS[0] in methods else None
    found = []
    for word in words:
        outcomes = incomplete_outcomes(fit, data, reference="usual", strategy=word)
        if drawn is not None:
            imputed = impute_outcomes(fit, outcomes, drawn, seed=seed)
            frame = pool_imputations(analyse_ancova(imputed, "~ arm", visits=["week_26"])).estimates.frame
            found.append(result(word, METHODS[0], frame))
        if METHODS[1] in methods:
            sampled = analyse_bootstrap(fit, outcomes, "~ arm", samples=100, visits=["week_26"], seed=seed)
            found.append(result(word, METHODS[1], sampled.frame))
        if METHODS[2] in methods:
            mean = conditional_mean(
                fit, data, reference="usual", strategy=word, formula="arm", standard_error="jackknife"
            )
            found.append(result(word, METHODS[2], mean.differences().only(visit="week_26").frame))
    return found


def result(word: str, method: str, frame: pd.DataFrame) -> Result:
    """Return the difference in a table of estimates."""
    row = frame[frame["term"] == "difference"].iloc[-1]
    return Result(word, method, *(float(row[name]) for name in ("estimate", "std_error", "conf_low", "conf_high")))


def summary(
    replicates: int, seed: int, methods: tuple[str, ...] = METHODS, words: tuple[str, ...] = WORDS
) -> pd.DataFrame:
    """Return bias, spread, mean standard error and coverage of each strategy and method."""
    streams = np.random.SeedSequence(seed).spawn(replicates)
    rows = [one for k, s in enumerate(streams) for one in results_of(draw(np.random.default_rng(s)), k, methods, words)]
    table = pd.DataFrame([{name: getattr(one, name) for name in Result.__slots__} for one in rows])
    true = table["strategy"].map(truth)
    table = table.assign(bias=table["estimate"] - true, covers=(table["low"] <= true) & (true <= table["high"]))
    grouped = table.groupby(["strategy", "method"], sort=False)
    return pd.DataFrame(
        {
            "truth": grouped["strategy"].first().map(truth),
            "bias": grouped["bias"].mean(),
            "spread": grouped["estimate"].std(),
            "std_error": grouped["std_error"].mean(),
            "coverage": grouped["covers"].mean(),
        }
    ).reset_index()


PAGE = """# Multiple imputation under reference-based strategies, by simulation

{replicates:,} trials of {n} participants in two arms with three visits; about {lost:.0%} have no outcome at the last
one, and dropout goes by the last value. After dropout outcomes follow the strategy, so that each has a truth of its
own: the difference at the last visit. Monte Carlo error of a coverage: {error:.1%}; of a bias: {of_bias:.2f}.

| strategy | method | truth | bias | SD of the estimates | mean standard error | coverage of 95% intervals |
|---|---|---|---|---|---|---|
{lines}

Rubin's standard error is that of an analysis which knows no more than the data under missing at random would tell.
Where a strategy takes the reference arm's means for the treated arm, estimates vary less than that over repeated
trials: the intervals are wider than 95% needs. The bootstrap and the jackknife measure the variation itself.

    python -m tests.simulation.imputation_size --replicates {replicates} --write docs/methods/imputation-size.md
"""


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the page of the docs."""
    table = summary(replicates, seed)
    lines = [
        f"| {row['strategy'].upper()} | {row['method']} | {row['truth']:.2f} | {row['bias']:.2f} | "
        f"{row['spread']:.2f} | {row['std_error']:.2f} | {row['coverage']:.1%} |"
        for row in table.to_dict("records")
    ]
    trial = draw(np.random.default_rng(seed))
    lost = float(trial.loc[trial["visit"] == "week_26", "change"].isna().mean())
    return PAGE.format(
        replicates=replicates,
        n=N,
        lost=lost,
        error=(0.05 * 0.95 / replicates) ** 0.5,
        of_bias=float(table["spread"].max()) / replicates**0.5,
        lines="\n".join(lines),
    )


if __name__ == "__main__":
    write_page(page, 2000)
