"""Size and coverage of comparisons of times to an event by simulation: the trial, the draws, what is counted.

Run as a script it makes the table of docs/methods/time-to-event-size.md:

    python -m tests.simulation.survival_size --replicates 2000 --write docs/methods/time-to-event-size.md
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import FitError
from coxa.estimates import restricted_difference, survival_difference
from coxa.models import fit_cox_arrays, log_rank
from tests.simulation.written import write_page

ALPHA = 0.05
END = 1.0
"""Years of follow-up of who does not drop out."""

USUAL = 1.2
"""Events per year at risk in usual care: 70% have one within the year."""

DROPOUT = 0.25
"""Dropouts per year."""

HORIZON = 0.9
EXERCISE = 0.5
"""Hazard ratio where arms differ."""

FRAILTY = 1.0
"""Variance of a participant's own rate of events that come again, whose mean is 1."""


RECURRENT: dict[str, dict[str, Any] | None] = {
    "events that come again, LWYY, corrected": {"correction": "leverage"},
    "events that come again, LWYY": {},
    "events that come again, Andersen-Gill": None,
}
"""Method -> options of a robust variance; None without."""


def draw(per_arm: int, ratio: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a trial with constant hazards: day over year of the event or of the end, event, arm."""
    arm = np.repeat([0, 1], per_arm)
    time = rng.exponential(1 / (USUAL * np.where(arm == 1, ratio, 1.0)))
    end = np.minimum(rng.exponential(1 / DROPOUT, 2 * per_arm), END)
    days = np.ceil(365 * np.minimum(time, end)) / 365
    return days, (time <= end).astype(int), arm


def draw_recurrent(per_arm: int, ratio: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw rows at risk of events that come again at a gamma-distributed rate: start, stop, event, participant, arm."""
    rows: list[tuple[float, float, int, int, int]] = []
    for k in range(2 * per_arm):
        arm = k % 2
        rate = USUAL * (ratio if arm else 1.0) * rng.gamma(1 / FRAILTY, FRAILTY)
        end = min(rng.exponential(1 / DROPOUT), END)
        at = np.unique(np.ceil(1e5 * rng.uniform(0, end, rng.poisson(rate * end)))) / 1e5
        edges = np.concatenate([[0.0], at, [end + 1e-4]])
        rows += [(edges[i], edges[i + 1], int(i < len(at)), k, arm) for i in range(len(edges) - 1)]
    return tuple(np.array(each) for each in zip(*rows, strict=True))


def mean_within(rate: float) -> float:
    """Return the mean time without an event up to the horizon."""
    return float((1 - np.exp(-rate * HORIZON)) / rate)


def one_trial(per_arm: int, ratio: float, rng: np.random.Generator) -> dict[str, tuple[bool, bool, float]]:
    """Return of each method whether it rejects, whether its limits cover the truth, and how wide they are."""
    found: dict[str, tuple[bool, bool, float]] = {}
    time, event, arm = draw(per_arm, ratio, rng)
    try:
        found["log-rank"] = (log_rank(time, event, arm).p_value < ALPHA, True, np.nan)
        fit = fit_cox_arrays(time, event, {"arm": arm})
        found["Cox, log hazard ratio"] = counted(fit.coef[0], fit.se[0], np.log(ratio))
    except FitError:
        pass
    try:
        mean = restricted_difference(time, event, arm, HORIZON)
        truth = mean_within(ratio * USUAL) - mean_within(USUAL)
        found["difference of restricted means"] = counted(mean.estimate, mean.se, truth)
        share = survival_difference(time, event, arm, HORIZON)
        true_share = float(np.exp(-ratio * USUAL * HORIZON) - np.exp(-USUAL * HORIZON))
        covers = share.conf_low <= true_share <= share.conf_high
        found["difference of shares at a time"] = (share.p_value < ALPHA, covers, share.conf_high - share.conf_low)
    except FitError:
        pass
    start, stop, again, who, group = draw_recurrent(per_arm, ratio, rng)
    try:
        for name, options in RECURRENT.items():
            cluster = None if options is None else who
            rates = fit_cox_arrays(stop, again, {"arm": group}, start=start, cluster=cluster, **(options or {}))
            found[name] = counted(rates.coef[0], rates.se[0], np.log(ratio), rates.df(np.ones(1)))
    except FitError:
        pass
    return found


def counted(estimate: float, se: float, truth: float, df: float = np.inf) -> tuple[bool, bool, float]:
    """Return whether a test rejects (normal, or t), whether its limits cover, and their width."""
    half = float(stats.t.ppf(1 - ALPHA / 2, df)) * se
    return bool(abs(estimate) > half), bool(abs(estimate - truth) <= half), 2 * half


def size_and_coverage(per_arm: int, ratio: float, replicates: int, seed: int) -> pd.DataFrame:
    """Return of each method the share of trials that reject and that cover, and the mean width of the limits."""
    rng = np.random.default_rng([seed, per_arm, round(100 * ratio)])
    trials = [one_trial(per_arm, ratio, rng) for _ in range(replicates)]
    rows = []
    for name in dict.fromkeys(name for found in trials for name in found):
        kept = np.array([found[name] for found in trials if name in found], dtype=float)
        rows.append((name, *kept.mean(axis=0), replicates - len(kept)))
    return pd.DataFrame(rows, columns=["method", "rejected", "covered", "width", "refused"]).set_index("method")


PAGE = """# Times to an event in small trials, by simulation

{replicates:,} trials of each line. Usual care has {usual} events per year at risk: {had:.0%} of participants have one
within the year of follow-up. {dropout:.0%} a year drop out; days are whole. The horizon of restricted means, and the
time of shares, is {horizon} years. Events that come again have a rate of their own in each participant, with a
variance of {frailty:g} around a mean of 1. Size: rejected at 5% where arms are alike. Coverage, power and width of
95% limits: at a ratio of {ratio}. *refused*: trials of both kinds in which an estimate does not exist (an arm without
events, or not followed up to the horizon), which are left out. Standard error of 5% or 95% by chance: {error:.1%}.

| per arm | method | size | coverage | power | mean width | refused |
|---|---|---|---|---|---|---|
{lines}

A robust variance (LWYY) is of few participants here, and too small, as sandwiches without a correction are; with
`correction="leverage"` (Mancl and DeRouen) and t with Satterthwaite's degrees of freedom, which is what a plan has,
most of that is mended. The variance that takes the events of a participant as independent (Andersen-Gill) is wrong
at any size.

    python -m tests.simulation.survival_size --replicates {replicates} --write docs/methods/time-to-event-size.md
"""


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    lines = []
    for per_arm in (20, 40, 80):
        alike = size_and_coverage(per_arm, 1.0, replicates, seed)
        other = size_and_coverage(per_arm, EXERCISE, replicates, seed)
        for name in alike.index:
            no_limits = np.isnan(other["width"][name])
            coverage = "" if no_limits else f"{other['covered'][name]:.1%}"
            width = "" if no_limits else f"{other['width'][name]:.3f}"
            lines.append(
                f"| {per_arm} | {name} | {alike['rejected'][name]:.1%} | {coverage} | {other['rejected'][name]:.1%} | "
                f"{width} | {int(alike['refused'][name] + other['refused'][name])} |"
            )
    return PAGE.format(
        replicates=replicates,
        usual=USUAL,
        had=1 - np.exp(-USUAL * END),
        dropout=DROPOUT,
        horizon=HORIZON,
        frailty=FRAILTY,
        ratio=EXERCISE,
        error=(ALPHA * (1 - ALPHA) / replicates) ** 0.5,
        lines="\n".join(lines),
    )


if __name__ == "__main__":
    write_page(page, 2000)
