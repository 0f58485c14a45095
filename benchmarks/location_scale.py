"""Run `python -m benchmarks.location_scale [replicates] [tests]`: size and coverage of ratios of SDs.

With `tests` the rows are of standard errors and degrees of freedom: by the model or a sandwich, normal or t.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import CoxaError
from coxa.models import fit_location_scale
from coxa.simulate.seeds import generator

SETTINGS = {
    "60 participants, 28 days, no effect on the SD": (60, 28, 1.0, 0.5, 0.0),
    "60 participants, 28 days, ratio 0.8": (60, 28, 0.8, 0.5, 0.0),
    "24 participants, 28 days, no effect on the SD": (24, 28, 1.0, 0.5, 0.0),
    "60 participants, 28 days, days correlate by 0.4, no effect": (60, 28, 1.0, 0.5, 0.4),
}
"""Setting -> participants, days, ratio of SDs, SD of the random scale, correlation of days."""

HARDER = {
    "24 participants, 28 days": (24, 28, 1.0, 0.5, 0.0),
    "60 participants, 14 days, days correlate by 0.4": (60, 14, 1.0, 0.5, 0.4),
    "60 participants, 28 days, days correlate by 0.7": (60, 28, 1.0, 0.5, 0.7),
}
"""The same, of settings in which tests by the model may be too easy; no effect on the SD in any."""

LEVEL, CORRELATION = -0.5, 0.4


def draw(name: str, replicate: int, people: int, days: int, ratio: float, sd: float, rho: float) -> pd.DataFrame:
    """Draw the days of two arms."""
    rng = generator(f"{name} {replicate}", 11)
    first, second = rng.standard_normal((2, people))
    scale = sd * (CORRELATION * first + np.sqrt(1 - CORRELATION**2) * second)
    arm = np.arange(people) % 2
    noise = rng.standard_normal((people, days))
    for day in range(1, days):
        noise[:, day] = rho * noise[:, day - 1] + np.sqrt(1 - rho**2) * noise[:, day]
    own = np.exp(scale / 2) * np.where(arm == 1, ratio, 1.0)
    pain = 5 + 1.2 * first[:, None] + LEVEL * arm[:, None] + own[:, None] * noise
    who = np.repeat(np.arange(people), days)
    labels = pd.Categorical(np.where(arm[who] == 1, "exercise", "usual"), ["usual", "exercise"])
    return pd.DataFrame({"participant_id": who, "arm": labels, "pain": pain.ravel()})


def main(replicates: int) -> None:
    """Print a row for each setting, with and without a random scale in the model."""
    print("| setting | random scale in the model | mean ratio | coverage | significant | level, coverage |")
    print("|---|---|---|---|---|---|")
    for name, (people, days, ratio, sd, rho) in SETTINGS.items():
        for random_scale in (True, False):
            kept = []
            for replicate in range(replicates):
                rows = draw(name, replicate, people, days, ratio, sd, rho)
                try:
                    fit = fit_location_scale("pain ~ arm", rows, within="arm", random_scale=random_scale)
                except CoxaError:
                    continue
                found = fit.sd_ratio("arm[exercise]")
                mean = fit.coefficients.query("part == 'mean' and term == 'arm[exercise]'").iloc[0]
                inside = found["conf_low"] <= ratio <= found["conf_high"]
                level = mean["conf_low"] <= LEVEL <= mean["conf_high"]
                kept.append([found["estimate"], inside, found["p_value"] < 0.05, level])
            average = np.array(kept, dtype=float).mean(axis=0)
            print(
                f"| {name} | {'yes' if random_scale else 'no'} | {average[0]:.3f} | {average[1]:.1%} "
                f"| {average[2]:.1%} | {average[3]:.1%} |",
                flush=True,
            )


def errors(replicates: int) -> None:
    """Print how often a ratio of 1 is significant, and the coverage of the level, by standard errors and tests."""
    print("| setting | standard errors | ratio significant, normal | ratio significant, t | level, coverage, t |")
    print("|---|---|---|---|---|")
    for name, (people, days, ratio, sd, rho) in HARDER.items():
        kept: dict[str, list[list[float]]] = {"model": [], "CR0": []}
        for replicate in range(replicates):
            rows = draw(name, replicate, people, days, ratio, sd, rho)
            for vcov, found in kept.items():
                try:
                    fit = fit_location_scale("pain ~ arm", rows, within="arm", vcov=vcov, ddf="between-within")
                except CoxaError:
                    continue
                z = abs(float(fit.tvalues["within: arm[exercise]"]))
                limits = fit.conf_int().loc["arm[exercise]"]
                inside = limits["conf_low"] <= LEVEL <= limits["conf_high"]
                found.append([2 * stats.norm.sf(z) < 0.05, 2 * stats.t.sf(z, fit.df) < 0.05, inside])
        for vcov, found in kept.items():
            average = np.array(found, dtype=float).mean(axis=0)
            words = "by the model" if vcov == "model" else "sandwich (CR0)"
            print(f"| {name} | {words} | {average[0]:.1%} | {average[1]:.1%} | {average[2]:.1%} |", flush=True)


if __name__ == "__main__":
    given = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    errors(given) if "tests" in sys.argv else main(given)
