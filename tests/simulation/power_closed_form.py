"""Closed-form power beside simulated trials, each analysed by the test that the formula is of.

Run as a script it makes the table of docs/power-closed-form.md:

    python -m tests.simulation.power_closed_form --replicates 20000 --write docs/power-closed-form.md
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from coxa.design import (
    power_ancova,
    power_cluster,
    power_mmrm,
    power_partially_nested,
    power_two_means,
    power_two_proportions,
)
from coxa.models import fit_batch
from tests.simulation.between import write_between
from tests.simulation.power_other_kinds import OTHER_KINDS, Case

ALPHA = 0.05
SD = np.array([10.0, 12.0, 14.0])
SIGMA = np.outer(SD, SD) * 0.6 ** np.abs(np.subtract.outer(range(3), range(3)))
KEPT = (1.0, 0.8, 0.6)
DESIGNS = 20
"""Draws of the baseline over which the replicates of an MMRM are spread."""


def two_means(n: int, effect: float) -> Case:
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        a, b = rng.normal(size=(draws, n)), rng.normal(effect, size=(draws, n))
        return np.asarray(stats.ttest_ind(b, a, axis=1).pvalue)

    return Case(f"two means, {n} + {n}", power_two_means(sd=1, difference=effect, n=n), simulate)


def ancova(n: int, r: float, effect: float) -> Case:
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        x = rng.normal(size=(draws, 2, n))
        y = r * x + math.sqrt(1 - r**2) * rng.normal(size=x.shape)
        y[:, 1] += effect
        xc, yc = (v - v.mean(axis=2, keepdims=True) for v in (x, y))
        sxx, sxy, syy = ((a * b).sum(axis=(1, 2)) for a, b in ((xc, xc), (xc, yc), (yc, yc)))
        gap = x.mean(axis=2) @ [-1, 1]
        df = 2 * n - 3
        se = np.sqrt((syy - sxy**2 / sxx) / df * (2 / n + gap**2 / sxx))
        return np.asarray(2 * stats.t.sf(np.abs(y.mean(axis=2) @ [-1, 1] - sxy / sxx * gap) / se, df))

    found = power_ancova(sd=1, correlation=r, difference=effect, n=n)
    return Case(f"ANCOVA, correlation {r:g}, {n} + {n}", found, simulate)


def two_proportions(n: int, p: float, effect: float) -> Case:
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        a, b = rng.binomial(n, p, draws), rng.binomial(n, p + effect, draws)
        pooled = (a + b) / (2 * n)
        se = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * 2 / n)
        return np.asarray(2 * stats.norm.sf(np.abs(b - a) / n / se))

    found = power_two_proportions(reference=p, difference=effect, n=n)
    return Case(f"proportions {p:g} and {p + effect:g}, {n} + {n}", found, simulate)


def mmrm(n: int, effect: float, baseline: bool) -> Case:
    """Two arms, three visits, of whom 80% have the second and 60% the last; REML, Kenward-Roger (linear)."""
    visits = 2 if baseline else 3
    own, kept = (1.0, 0.8) if baseline else KEPT, [round(n * share) for share in KEPT]
    share = own if not baseline else (1.0, 1.0, 0.8)
    stay = [n, n, round(0.8 * n)] if baseline else kept
    last = np.tile(np.repeat([1, 2, 3], [n - stay[1], stay[1] - stay[2], stay[2]]), 2)
    arm = np.repeat(["reference", "compared"], n)
    terms = "y ~ arm * visit" + (" + baseline * visit" if baseline else "")
    final = f"v{visits - 1}"
    row = {"arm[reference]": -1.0, f"arm[reference]:visit[{final}]": -1.0}

    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        parts = []
        for _ in range(DESIGNS):
            whole = rng.normal(size=(draws // DESIGNS, 2 * n, 3))
            if baseline:
                whole[:, :, 0] = whole[:1, :, 0]  # the model takes the baseline as given: one draw of it per design
            whole = whole @ np.linalg.cholesky(SIGMA).T
            whole[:, arm == "compared", -1] += effect
            used = whole[:, :, 3 - visits :]
            there = np.arange(3 - visits, 3) < last[:, None]
            table = pd.DataFrame(
                {
                    "participant_id": np.repeat(np.arange(2 * n), visits),
                    "visit": np.tile([f"v{k}" for k in range(visits)], 2 * n),
                    "arm": np.repeat(arm, visits),
                    "baseline": np.repeat(whole[0, :, 0], visits),
                    "y": np.where(there, used[0], np.nan).ravel(),
                }
            )
            fits = fit_batch(terms, table, used.reshape(len(used), -1), [row], ddf="kenward-roger-linear")
            parts.append(fits.p_value("kenward-roger-linear")[fits.converged, 0])
        return np.concatenate(parts)

    found = power_mmrm(covariance=SIGMA, retention=share, baseline=baseline, difference=effect, n=n)
    how = "adjusted for baseline, 80% complete" if baseline else "60% complete"
    return Case(f"MMRM, {how}, {n} + {n}", found, simulate)


def clusters(k: int, m: int, icc: float, effect: float) -> Case:
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        means = rng.normal(size=(draws, 2, k)) * math.sqrt(icc + (1 - icc) / m)
        means[:, 1] += effect
        return np.asarray(stats.ttest_ind(means[:, 1], means[:, 0], axis=1).pvalue)

    found = power_cluster(sd=1, icc=icc, cluster_size=m, difference=effect, clusters=k)
    return Case(f"{k} + {k} clusters of {m}, ICC {icc:g}", found, simulate)


def uneven_clusters(k: int, m: int, icc: float, effect: float) -> Case:
    """Clusters of m/2 and 3m/2, their means weighted by size: CV 0.5."""
    sizes = np.tile([m / 2, 3 * m / 2], k // 2)

    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        means = rng.normal(size=(draws, 2, k)) * np.sqrt(icc + (1 - icc) / sizes)
        means[:, 1] += effect
        weight = sizes / sizes.sum()
        pooled = means @ weight
        # variance of a weighted mean by its own residuals, each scaled by what the weights leave of it
        residual = means - pooled[:, :, None]
        variance = ((weight * residual) ** 2 / (1 - weight)).sum(axis=(1, 2))
        return np.asarray(2 * stats.t.sf(np.abs(pooled @ [-1, 1]) / np.sqrt(variance), 2 * k - 2))

    found = power_cluster(sd=1, icc=icc, cluster_size=m, cluster_size_cv=0.5, difference=effect, clusters=k)
    return Case(f"{k} + {k} clusters of {m // 2} and {3 * m // 2}, ICC {icc:g}", found, simulate)


def partially_nested(k: int, m: int, icc: float, effect: float) -> Case:
    found = power_partially_nested(sd=1, icc=icc, cluster_size=m, difference=effect, clusters=k)

    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        single = rng.normal(size=(draws, found.n[0]))
        nested = rng.normal(effect, math.sqrt(icc + (1 - icc) / m), size=(draws, k))
        return np.asarray(stats.ttest_ind(nested, single, axis=1, equal_var=False).pvalue)

    return Case(f"{k} groups of {m} in one arm, ICC {icc:g}", found, simulate)


CASES = (
    two_means(30, 0.7),
    ancova(10, 0.7, 1.0),
    ancova(40, 0.5, 0.6),
    two_proportions(90, 0.3, 0.2),
    mmrm(25, 12.0, False),
    mmrm(60, 8.0, False),
    mmrm(25, 10.0, True),
    mmrm(60, 6.0, True),
    clusters(6, 12, 0.1, 0.6),
    clusters(15, 20, 0.05, 0.35),
    uneven_clusters(16, 20, 0.05, 0.35),
    partially_nested(4, 8, 0.1, 0.8),
    partially_nested(12, 8, 0.1, 0.5),
    *OTHER_KINDS,
)


def simulated(case: Case, replicates: int, seed: int) -> tuple[float, float]:
    """Return the share of significant trials and its Monte Carlo standard error."""
    rng = np.random.default_rng([seed, *case.name.encode()])
    share = float((case.simulate(replicates, rng) < ALPHA).mean())
    return share, math.sqrt(share * (1 - share) / replicates)


def table(replicates: int, seed: int) -> str:
    """Return one line per case: formula, simulation, its Monte Carlo standard error, and how far they are apart."""
    lines = [
        f"{replicates:,} trials each, seed {seed}.",
        "",
        "| trial | formula | simulated | Monte Carlo SE | formula − simulated |",
        "|---|---|---|---|---|",
    ]
    for case in CASES:
        share, error = simulated(case, replicates, seed)
        off = case.formula.power - share
        lines.append(f"| {case.name} | {case.formula.power:.4f} | {share:.4f} | {error:.4f} | {off:+.4f} |")
        print(lines[-1], flush=True)  # noqa: T201
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    lines = table(asked.replicates, asked.seed)
    if asked.write:
        write_between(asked.write, lines)


if __name__ == "__main__":
    main()
