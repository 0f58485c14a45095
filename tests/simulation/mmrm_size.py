"""Size and coverage of the MMRM's tests by simulation: the trial, the draws, and what is counted.

Run as a script it makes the table of docs/methods/mmrm-size.md:

    python -m tests.simulation.mmrm_size --replicates 10000 --write docs/methods/mmrm-size.md
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from scipy import stats

from coxa.models import fit_batch

VISITS = ("week_6", "week_12", "week_26", "week_52")
SD = np.array([10.0, 12, 14, 15])
COVARIANCE = 0.7 ** np.abs(np.subtract.outer(range(4), range(4))) * np.outer(SD, SD)
FORMULA = "change ~ baseline * visit + arm * visit"
LAST = {"arm[exercise]": 1.0, "arm[exercise]:visit[week_52]": 1.0}
DROPOUT = 0.2
ALPHA = 0.05
METHODS = ("kenward-roger", "kenward-roger-linear", "satterthwaite", "residual", "z")
DESIGNS = 50
"""Trials (baseline, dropout) over which the replicates are spread: a result is not that of one draw of them."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One trial's design, and outcomes drawn for it.

    rows     : one row per participant and visit; `change` is the first outcome, empty after dropout
    outcomes : (B, len(rows))
    """

    rows: pd.DataFrame
    outcomes: np.ndarray


def draw(n: int, effect: float, sets: int, rng: np.random.Generator) -> Drawn:
    """Draw a trial of n participants in two arms, 4 visits, 20% dropout, and outcomes for it.

    effect : difference between the arms at the last visit, growing evenly from none before the first
    """
    arm = np.arange(n) % 2
    baseline = rng.normal(50, 15, n)
    gone = rng.permutation(n) < round(DROPOUT * n)
    last = np.where(gone, rng.integers(1, 4, n), 4)
    mean = 5 - 0.3 * (baseline[:, None] - 50) + effect * arm[:, None] * np.arange(1, 5) / 4
    change = mean + rng.normal(size=(sets, n, 4)) @ np.linalg.cholesky(COVARIANCE).T
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 4),
            "visit": pd.Categorical.from_codes(np.tile(np.arange(4), n), categories=list(VISITS)),
            "arm": pd.Categorical.from_codes(np.repeat(arm, 4), categories=["usual_care", "exercise"]),
            "baseline": np.repeat(baseline, 4),
            "change": np.where(np.arange(4) < last[:, None], change[0], np.nan).ravel(),
        }
    )
    return Drawn(rows, change.reshape(sets, -1))


def size_and_coverage(n: int, effect: float, replicates: int, seed: int, designs: int = DESIGNS) -> pd.DataFrame:
    """Return for each method how often the test rejects and the interval covers, at the last visit.

    Columns: `method`, `rejected` (with no effect the type I error, else power), `covered`, `standard_error` (Monte
    Carlo, of `covered`), `fitted` (replicates with a proven optimum).
    """
    rng = np.random.default_rng([seed, n, round(100 * effect)])
    asked = [method for method in METHODS if method != "z"]
    parts = []
    for _ in range(designs):
        drawn = draw(n, effect, replicates // designs, rng)
        fits = fit_batch(FORMULA, drawn.rows, drawn.outcomes, [LAST], ddf=asked)
        for method in METHODS:
            tests = fits.tests["residual" if method == "z" else method]
            std_error, df = tests.std_error[:, 0], np.inf if method == "z" else tests.df[:, 0]
            half = stats.t.ppf(1 - ALPHA / 2, df) * std_error
            estimate = fits.estimate[:, 0]
            part = {"method": method, "reject": np.abs(estimate) > half, "cover": np.abs(estimate - effect) <= half}
            parts.append(pd.DataFrame(part)[fits.converged])
    counted = (
        pd.concat(parts)
        .groupby("method", sort=False)
        .agg(rejected=("reject", "mean"), covered=("cover", "mean"), fitted=("cover", "size"))
    )
    counted["standard_error"] = np.sqrt(counted["covered"] * (1 - counted["covered"]) / counted["fitted"])
    return counted.reset_index()


def page(replicates: int, seed: int) -> str:
    """Run everything and return it as a page of documentation."""
    lines = []
    start = perf_counter()
    for n in (20, 40, 80):
        for effect in (0.0, 10.0):
            found = size_and_coverage(n, effect, replicates, seed)
            for row in found.to_dict("records"):
                words = "none" if effect == 0 else f"{effect:g}"
                share = f"{row['rejected']:.4f} | {row['covered']:.4f} | {row['standard_error']:.4f}"
                lines.append(f"| {n} | {words} | {row['method']} | {share} | {row['fitted']} |")
            print("\n".join(lines[-len(METHODS) :]), flush=True)  # noqa: T201
    minutes = (perf_counter() - start) / 60
    error = np.sqrt(ALPHA * (1 - ALPHA) / replicates)
    return PAGE.format(
        table="\n".join(lines), replicates=f"{replicates:,}", seed=seed, error=f"{error:.4f}", minutes=f"{minutes:.1f}"
    )


PAGE = """# Size and coverage of the MMRM's tests

Written by `python -m tests.simulation.mmrm_size --replicates 10000 --write docs/methods/mmrm-size.md`
(`nox -s simulation`), seed {seed}, {minutes} minutes.

Two arms, 4 visits, 20% of the participants drop out after the first, second or third visit. The outcome is normal with
standard deviations 10, 12, 14 and 15 and correlations 0.7, 0.49 and 0.343 at distances of one, two and three visits;
it depends on the baseline, and the effect grows evenly from visit to visit. The model is
`{formula}`, unstructured, REML. What is tested is the difference between the arms at
the last visit. Each line has {replicates} replicates, spread over 50 draws of baseline and dropout; replicates without
a proven optimum are left out, and the last column counts those that are in.

`rejected` is the share of tests at 5%: with no effect the type I error, which should be 0.05 (Monte Carlo standard
error at 0.05: {error}), else the power. `covered` is the share of 95% intervals that hold the true difference. `z` and
`residual` take the standard errors of the model as they are, against the normal distribution and with the rows less
the coefficients as degrees of freedom.

The two Kenward-Roger methods differ in a term with the second derivatives of the covariance in its parameters, which
is derived for parameters that are estimated without bias. In the elements of an unstructured matrix, which nearly are,
the covariance is linear and the term is zero. In the parameters with which R's mmrm searches (logs of scales, and a
triangle) it is not zero, and `kenward-roger` then ends with smaller standard errors than no adjustment at all: it
rejects more often than `satterthwaite`, whose degrees of freedom it shares. `kenward-roger-linear` leaves the term out,
is what SAS prints for this model, and keeps 5% here: take it for an unstructured matrix.

| participants | effect | method | rejected | covered | Monte Carlo SE of covered | fitted |
| --- | --- | --- | --- | --- | --- | --- |
{table}
""".replace("{formula}", FORMULA)


def main() -> None:
    """Write the page, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    text = page(asked.replicates, asked.seed)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
