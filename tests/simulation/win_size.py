"""Size and coverage of win statistics by simulation: the trial, the draws, what is counted.

Run as a script it makes the table of docs/methods/win-size.md:

    python -m tests.simulation.win_size --replicates 5000 --write docs/methods/win-size.md
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.errors import FitError
from coxa.estimates import MeasuredEndpoint, TimeEndpoint, win_statistics
from coxa.estimates.win_inference import VARIANCES
from tests.simulation.written import write_page

ALPHA = 0.05
RATE = 0.7
"""Of a first flare in the reference arm, over a follow-up of 1."""
SCORE, LATER = 0.6, 0.6
"""Of the treatment: on the score in its SD, and the ratio of the rates of flares."""
STATISTICS = ("win_ratio", "net_benefit", "win_odds")


def truth(treated: bool) -> dict[str, float]:
    """Return win ratio, net benefit and win odds: first flare, then (where neither had one) the score."""
    rate, gain = (RATE * LATER, SCORE) if treated else (RATE, 0.0)
    flared = 1 - np.exp(-rate - RATE)
    tied, better = 1 - flared, norm.cdf(gain / np.sqrt(2))
    win = flared * RATE / (rate + RATE) + tied * better
    net = 2 * win - 1
    return {"win_ratio": win / (1 - win), "net_benefit": net, "win_odds": (1 + net) / (1 - net)}


def draw(per_arm: int, treated: bool, rng: np.random.Generator) -> tuple[list, np.ndarray]:
    """Draw first flares up to 1 and scores of two arms."""
    arm = np.repeat([0, 1], per_arm)
    time = rng.exponential(1 / (RATE * np.where(arm & treated, LATER, 1.0)))
    score = rng.normal(size=2 * per_arm) + SCORE * (arm & treated)
    return [TimeEndpoint(np.minimum(time, 1), time < 1), MeasuredEndpoint(score)], arm


def size_and_coverage(per_arm: int, treated: bool, replicates: int, seed: int) -> pd.DataFrame:
    """Return of each statistic and variance the share of trials that reject and that cover, and how many failed."""
    rng, true = np.random.default_rng([seed, per_arm, treated]), truth(treated)
    counts = dict.fromkeys(product(STATISTICS, VARIANCES), (0, 0))
    failed = 0
    for _ in range(replicates):
        endpoints, arm = draw(per_arm, treated, rng)
        try:
            tables = {v: win_statistics(endpoints, arm, variance=v).table.set_index("statistic") for v in VARIANCES}
        except FitError:
            failed += 1
            continue
        for (name, variance), (rejected, covered) in counts.items():
            row = tables[variance].loc[name]
            inside = row["conf_low"] <= true[name] <= row["conf_high"]
            counts[name, variance] = rejected + (row["p_value"] < ALPHA), covered + inside
    n = replicates - failed
    rows = [(*key, rejected / n, covered / n, failed) for key, (rejected, covered) in counts.items()]
    return pd.DataFrame(rows, columns=["statistic", "variance", "rejected", "covered", "failed"]).set_index(
        ["statistic", "variance"]
    )


PAGE = """# Win statistics in small trials, by simulation

{replicates:,} trials of each line: a first flare within a follow-up of 1, which half of the reference arm has, and
where neither of a pair had one, a score. The treatment takes the rate of flares to {later:.0%} and adds {score} SD to
the score: a win ratio of {ratio:.2f}. Size: rejected at 5% where the arms are alike. Coverage of 95% limits and power:
with the treatment. Trials whose pairs are all decided for one arm have no limits, and are counted. Standard error of 5%
or 95% by chance: {error:.1%}.

| per arm | statistic | variance | size | coverage | power | no limits |
|---|---|---|---|---|---|---|
{lines}

    python -m tests.simulation.win_size --replicates {replicates} --write docs/methods/win-size.md
"""


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    lines = []
    for per_arm in (20, 40, 80):
        alike, other = (size_and_coverage(per_arm, treated, replicates, seed) for treated in (False, True))
        lines += [
            f"| {per_arm} | {name.replace('_', ' ')} | {variance} | {alike['rejected'][name, variance]:.1%} | "
            f"{other['covered'][name, variance]:.1%} | {other['rejected'][name, variance]:.1%} | "
            f"{alike['failed'].iloc[0] + other['failed'].iloc[0]} |"
            for name, variance in product(STATISTICS, VARIANCES)
        ]
    return PAGE.format(
        replicates=replicates,
        later=LATER,
        score=SCORE,
        ratio=truth(True)["win_ratio"],
        error=(ALPHA * (1 - ALPHA) / replicates) ** 0.5,
        lines="\n".join(lines),
    )


if __name__ == "__main__":
    write_page(page, 5000)
