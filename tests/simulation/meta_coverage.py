"""Coverage of meta-analyses at known truth: trials with planted effects, pooled in each way.

Run as a script it makes the tables of docs/evidence-coverage.md:

    python -m tests.simulation.meta_coverage --replicates 400 --write docs/evidence-coverage.md
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from coxa.meta import PoolSpec, pool_effects, pool_levels, standardised_mean_differences
from tests.simulation.written import write_page

EFFECT = -0.4
"""Mean of the true effects, in standard deviations."""
SMALLEST, LARGEST = 15, 80
"""Participants in an arm; the trials of a review are spread evenly between them."""
WAYS = {
    "REML, Hartung and Knapp (ad hoc)": PoolSpec(),
    "REML, Hartung and Knapp (plain)": PoolSpec(test="hartung-knapp-plain"),
    "REML, normal": PoolSpec(test="z", prediction="normal"),
    "Paule and Mandel, Hartung and Knapp (ad hoc)": PoolSpec(method="paule-mandel"),
    "DerSimonian and Laird, normal": PoolSpec(method="dersimonian-laird", test="z", prediction="normal"),
    "Fixed, normal": PoolSpec(method="fixed", test="z"),
}


def review(k: int, tau: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw k trials of two arms and return their standardised mean differences with variances."""
    n = np.linspace(SMALLEST, LARGEST, k).round()
    true = rng.normal(EFFECT, tau, k) if tau else np.full(k, EFFECT)
    means = rng.normal(0, n**-0.5), rng.normal(true, n**-0.5)
    spreads = [np.sqrt(rng.chisquare(n - 1) / (n - 1)) for _ in range(2)]
    found = standardised_mean_differences(means[1], spreads[1], n, means[0], spreads[0], n)
    return found.estimate, found.variance


def coverage(k: int, tau: float, replicates: int, seed: int) -> pd.DataFrame:
    """Return of each way: coverage of the effect, of a next trial's effect and of tau², and the mean width."""
    rng = np.random.default_rng([seed, k, round(100 * tau)])
    found: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
    for _ in range(replicates):
        y, v = review(k, tau, rng)
        following = rng.normal(EFFECT, tau) if tau else EFFECT
        for way, spec in WAYS.items():
            fit = pool_effects(y, v, method=spec.method, test=spec.test, prediction=spec.prediction)
            (low, high), (below, above), (least, most) = fit.conf_int[0], fit.prediction_interval, fit.tau2_interval
            predicted = np.nan if np.isnan(below) else float(below <= following <= above)
            found[way].append((low <= EFFECT <= high, predicted, least <= tau**2 <= most, high - low))
    rows = {way: np.mean(np.array(each, dtype=float), axis=0) for way, each in found.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["effect", "next", "tau2", "width"])


def several_arms(k: int, tau: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draw k trials, every second one with two compared arms and one reference: differences in known SDs."""
    y, v, trial = [], [], []
    for place, n in enumerate(np.linspace(SMALLEST, LARGEST, k).round()):
        true, reference = rng.normal(EFFECT, tau), rng.normal(0, n**-0.5)
        for _ in range(2 if place % 2 else 1):
            y.append(rng.normal(true, n**-0.5) - reference)
            v.append(2 / n)
            trial.append(str(place))
    return np.array(y), np.array(v), trial


def coverage_of_several(k: int, tau: float, replicates: int, seed: int) -> dict[str, float]:
    """Return coverage of the effect: by the three-level model, its robust errors, and as if arms were trials."""
    rng = np.random.default_rng([seed, k, round(100 * tau), 3])
    counts = np.zeros((replicates, 4))
    for row in range(replicates):
        y, v, trial = several_arms(k, tau, rng)
        reach = []
        for correlation in (0.5, 0.0):
            fit = pool_levels(y, v, trial, correlation=correlation)
            centre, df = fit.coefficients[0], fit.robust_df[0]
            larger = max(fit.robust_errors[0], fit.std_errors[0])
            quantile = stats.t.ppf(0.975, df)
            reach += [(centre, quantile * fit.robust_errors[0])]
            reach += [(centre, quantile * larger)] if correlation else []
        alone = pool_effects(y, v)
        half = float(np.diff(alone.conf_int[0])[0]) / 2
        reach.append((alone.estimate, half))
        counts[row] = [abs(centre - EFFECT) <= half for centre, half in reach]
    names = ("robust", "never below the model", "robust, correlation 0", "as if each arm was a trial")
    return dict(zip(names, counts.mean(axis=0), strict=True))


PAGE = """# Coverage of meta-analyses, by simulation

{replicates:,} reviews of each line. A trial has two arms of {smallest} to {largest} participants; its true effect is
drawn around {effect} SD with standard deviation tau; its effect is Hedges' g with its sampling variance. Coverage of
95% intervals: of the mean effect, of the true effect of a next trial (prediction interval, t on k - 1 degrees of
freedom where the way has t), and of tau² (Q profiles, the same for every way). Standard error
of 95% by chance: {error:.1%}.

| trials | tau | way | effect | next trial | tau² | width |
|---|---|---|---|---|---|---|
{lines}

Where trials differ, normal intervals and that of one effect miss the mean effect too often; Hartung and Knapp's with
the ad hoc rule hold, and are wide with three trials. Prediction intervals cover too little where effects differ
somewhat (tau 0.2), since tau² is then often estimated as zero; read them as the least that a next trial may differ.

## Several arms of a trial

Every second trial has a second treated arm with the same true effect and the same reference. Coverage of the effect by
the three-level model with correlation 0.5 and CR2 robust errors with Satterthwaite's degrees of freedom; by these, but
never below the error of the model (what `coxa pool` does); by robust errors where the correlation is wrongly taken as
0; and as if each arm was a trial of its own.
{fewer:,} reviews of each line; standard error of 95% by chance: {wider:.1%}.

| trials | tau | robust | never below the model | robust, correlation 0 | as if each arm was a trial |
|---|---|---|---|---|---|
{several}

    python -m tests.simulation.meta_coverage --replicates {replicates} --write docs/evidence-coverage.md
"""


def _lines(replicates: int, seed: int) -> Iterator[str]:
    for k in (3, 10):
        for tau in (0.0, 0.2, 0.4):
            for way, row in coverage(k, tau, replicates, seed).iterrows():
                following = "" if np.isnan(row["next"]) else f"{row['next']:.1%}"
                tau2 = "" if way == "Fixed, normal" else f"{row['tau2']:.1%}"
                yield f"| {k} | {tau} | {way} | {row['effect']:.1%} | {following} | {tau2} | {row['width']:.2f} |"


def _several(replicates: int, seed: int) -> Iterator[str]:
    for k in (4, 8):
        for tau in (0.0, 0.3):
            cells = " | ".join(f"{share:.1%}" for share in coverage_of_several(k, tau, replicates // 4, seed).values())
            yield f"| {k} | {tau} | {cells} |"


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the page of the docs."""
    return PAGE.format(
        replicates=replicates, smallest=SMALLEST, largest=LARGEST, effect=EFFECT,
        error=(0.05 * 0.95 / replicates) ** 0.5, fewer=replicates // 4,
        wider=(0.05 * 0.95 / (replicates // 4)) ** 0.5, lines="\n".join(_lines(replicates, seed)),
        several="\n".join(_several(replicates, seed)),
    )  # fmt: skip


if __name__ == "__main__":
    write_page(page, 400)
