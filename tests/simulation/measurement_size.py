"""Coverage and bias of measurement properties by simulation: reliability, unreliable change, important change.

Run as a script it makes the tables of docs/methods/measurement-size.md:

    python -m tests.simulation.measurement_size --replicates 1000 --write docs/methods/measurement-size.md
"""

from __future__ import annotations

import numpy as np

from coxa.measurement import (
    bland_altman,
    cronbach_alpha,
    important_change,
    intraclass_correlation,
    reliable_change,
)
from tests.simulation.written import write_page

THRESHOLD, THRESHOLD_SD, RATING = 10.0, 4.0, 0.8
"""Of the change that a person calls an improvement: mean and SD; reliability of the rating."""
CHANGE_SD, ERROR = 10.0, 5.0
SHARES = (0.3, 0.5, 0.7)
METHODS = ("mean_change", "roc", "predictive", "adjusted_2017", "adjusted_2022")


def repeated_row(n: int, occasions: int, icc: float, shift: float, replicates: int, seed: int = 3) -> dict[str, float]:
    """Return coverage of limits of ICC(2,1) and of limits of agreement, and the mean of SEM over its truth."""
    rng = np.random.default_rng([seed, n, occasions, round(100 * icc), round(shift)])
    between, error = np.sqrt(icc), np.sqrt(1 - icc)
    inside, upper, sem, alpha = [], [], [], []
    spread = np.sqrt(error**2 + shift**2)
    true_icc = between**2 / (between**2 + spread**2)
    for _ in range(replicates):
        moved = rng.normal(0, shift, occasions)
        scores = rng.normal(0, between, (n, 1)) + moved + rng.normal(0, error, (n, occasions))
        found = intraclass_correlation(scores)
        row = found.frame.set_index("form").loc["ICC(2,1)"]
        inside.append(row["conf_low"] <= true_icc <= row["conf_high"])
        sem.append(found.sem_consistency / error)
        agreed = bland_altman(scores[:, 1], scores[:, 0])
        limit = moved[1] - moved[0] + 1.959964 * np.sqrt(2) * error
        upper.append(agreed.upper_limits[0] <= limit <= agreed.upper_limits[1])
        one = cronbach_alpha(scores)
        true_alpha = occasions * icc / (1 + (occasions - 1) * icc)
        alpha.append(one.conf_low <= true_alpha <= one.conf_high)
    return {
        "icc": float(np.mean(inside)),
        "sem": float(np.mean(sem)),
        "upper": float(np.mean(upper)),
        "alpha": float(np.mean(alpha)),
    }


def unchanged_row(error: str, reliability: float, people: int, seed: int = 5) -> dict[str, float]:
    """Return which share is called reliably changed where nobody changed, and of those who began badly."""
    rng = np.random.default_rng([seed, round(100 * reliability)])
    true = rng.normal(50, 15 * np.sqrt(reliability), people)
    before, after = (true + rng.normal(0, 15 * np.sqrt(1 - reliability), people) for _ in range(2))
    found = reliable_change(
        before, after, sd=15, sd_after=15, mean=50, reliability=reliability, error=error, higher_is_better=True
    )  # type: ignore[arg-type]
    status = np.array(found.status)
    badly = before < 35
    return {
        "changed": float((status != "unchanged").mean()),
        "improved": float((status == "improved").mean()),
        "badly": float((status[badly] == "improved").mean()),
    }


def important_row(share: float, n: int, replicates: int, seed: int = 7) -> dict[str, float]:
    """Return the mean estimate of each method, where the mean threshold is 10, and coverage of the predictive one."""
    rng = np.random.default_rng([seed, round(100 * share), n])
    felt_sd = np.sqrt(CHANGE_SD**2 + THRESHOLD_SD**2) / np.sqrt(RATING)
    from scipy import stats

    mean = THRESHOLD + felt_sd * stats.norm.ppf(share)
    noise = np.sqrt(CHANGE_SD**2 + THRESHOLD_SD**2) * np.sqrt(1 / RATING - 1)
    found: dict[str, list[float]] = {method: [] for method in METHODS}
    covered = []
    for _ in range(replicates):
        change = rng.normal(mean, CHANGE_SD, n)
        improved = change - rng.normal(THRESHOLD, THRESHOLD_SD, n) + rng.normal(0, noise, n) > 0
        seen = change + rng.normal(0, np.sqrt(2) * ERROR, n)
        made = important_change(seen, improved, anchor_reliability=RATING)
        rows = made.frame.set_index("method")
        for method in METHODS:
            found[method].append(float(rows["estimate"][method]))
        covered.append(float(rows["conf_low"]["predictive"]) <= THRESHOLD <= float(rows["conf_high"]["predictive"]))
    return {method: float(np.mean(values)) for method, values in found.items()} | {"covered": float(np.mean(covered))}


PAGE = """# Measurement properties, by simulation

## Reliability and agreement

{replicates:,} samples of each line, normal scores; shift is the SD of what occasions differ by, in SD of a score
without it. Coverage of 95% limits: of ICC(2,1), of the upper limit of agreement of the first two occasions, and of
Cronbach's alpha with occasions as items. SEM: mean of the estimate (consistency) over the truth. Standard error of
95% by chance: {error:.1f} points.

| participants | occasions | ICC without shift | shift | ICC(2,1) | upper limit of agreement | alpha | SEM over truth |
|---|---|---|---|---|---|---|---|
{repeated}

## Change where no true score changed

200,000 participants whose true score is the same at both visits; scores have the mean 50 and the SD 15. About the
observed score before, 5% are called reliably changed, and more of those who began badly (below 35) are called
improved: regression to the mean. `edwards_nunnally` takes regression into account, but its error, as published, is that
of the score after alone, without that of the estimated true score: more than 5% are called changed.

| error | reliability | reliably changed | improved | improved, of those below 35 before |
|---|---|---|---|---|
{unchanged}

## Minimal important change

{replicates:,} samples of {n} participants. Personal thresholds have the mean 10 (SD 4); the rating has the reliability
0.8; scores have the error of measurement 5. Mean estimate of each method, and coverage of 10 by the 95% limits of
predictive modelling. What is to be found is 10.

| share improved | mean change | ROC | predictive | adjusted 2017 | adjusted 2022 | coverage, predictive |
|---|---|---|---|---|---|---|
{important}

The mean change of those who improved is far from the threshold, since most improve by more than it. ROC and predictive
modelling follow the share improved; their limits do not know of that. The adjustments take most of it
out. At a half the limits of predictive modelling are too wide: they take the share improved as known.

Made by
`python -m tests.simulation.measurement_size --replicates {replicates} --write docs/methods/measurement-size.md`.
"""
PEOPLE = 200_000
ANCHORED = 300


def page(replicates: int) -> str:
    """Return the page."""
    repeated = []
    for n, occasions, icc, shift in ((30, 2, 0.8, 0.0), (100, 2, 0.8, 0.0), (100, 2, 0.8, 0.2), (50, 4, 0.6, 0.2)):
        row = repeated_row(n, occasions, icc, shift, replicates)
        repeated.append(
            f"| {n} | {occasions} | {icc:g} | {shift:g} | {row['icc']:.1%} | {row['upper']:.1%} | {row['alpha']:.1%} | "
            f"{row['sem']:.3f} |"
        )
    unchanged = []
    for error in ("jacobson_truax", "both_spreads", "edwards_nunnally"):
        for reliability in (0.7, 0.9):
            one = unchanged_row(error, reliability, PEOPLE)
            unchanged.append(
                f"| `{error}` | {reliability:g} | {one['changed']:.1%} | {one['improved']:.1%} | {one['badly']:.1%} |"
            )
    important = []
    for share in SHARES:
        row = important_row(share, ANCHORED, replicates)
        means = " | ".join(f"{row[method]:.2f}" for method in METHODS)
        important.append(f"| {share:.0%} | {means} | {row['covered']:.1%} |")
    return PAGE.format(
        replicates=replicates,
        n=ANCHORED,
        error=100 * (0.05 * 0.95 / replicates) ** 0.5,
        repeated="\n".join(repeated),
        unchanged="\n".join(unchanged),
        important="\n".join(important),
    )


if __name__ == "__main__":
    write_page(page, 1000)
