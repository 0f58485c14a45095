"""Simulated trials of events, counts, ordered outcomes and wins, for the table of docs/power-closed-form.md."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from coxa.design import (
    Power,
    power_competing_risks,
    power_hazard_ratio,
    power_odds_ratio,
    power_rate_ratio,
    power_recurrent_events,
    power_win_probability,
    power_win_ratio,
)
from coxa.design.closed_form.competing_risks import HazardOf
from coxa.design.closed_form.ordered import shifted

Simulated = Callable[[int, np.random.Generator], np.ndarray]
BLOCK = 500
"""Trials that are held at once."""


@dataclass(frozen=True, slots=True)
class Case:
    """A trial: what it is called, the formula's answer, and p-values of simulated trials of the same kind."""

    name: str
    formula: Power
    simulate: Simulated


def in_blocks(of_block: Simulated) -> Simulated:
    """Return the same simulation, some trials at a time."""

    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        sizes = [min(BLOCK, draws - start) for start in range(0, draws, BLOCK)]
        return np.concatenate([of_block(size, rng) for size in sizes])

    return simulate


def two_sided(z: np.ndarray) -> np.ndarray:
    return np.asarray(2 * stats.norm.sf(np.abs(z)))


def log_rank(n: tuple[int, int], hazard_ratio: float, event_probability: float) -> Case:
    """Exponential times, all observed for a time of 1."""
    hazard = -math.log(1 - event_probability)
    arm = np.repeat([0, 1], n)

    @in_blocks
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        times = rng.exponential(1 / (hazard * np.where(arm, hazard_ratio, 1)), size=(draws, arm.size))
        return p_of_log_rank(times, times < 1, arm)

    found = power_hazard_ratio(
        event_probability=event_probability, hazard_ratio=hazard_ratio, n=n[0], ratio=n[1] / n[0]
    )
    return Case(f"hazard ratio {hazard_ratio:g}, {event_probability:.0%} events, {n[0]} + {n[1]}", found, simulate)


def p_of_log_rank(times: np.ndarray, happens: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Return the p-values (trials,) of the log-rank test; `happens` is whether the time is one of an event."""
    order = np.argsort(times, axis=1)
    event, treated = np.take_along_axis(happens, order, axis=1), arm[order]
    share = np.cumsum(treated[:, ::-1], axis=1)[:, ::-1] / np.arange(arm.size, 0, -1)
    return two_sided((event * (treated - share)).sum(axis=1) / np.sqrt((event * share * (1 - share)).sum(axis=1)))


def competing(n: tuple[int, int], hazard_ratio: float, event: float, other: float, of: HazardOf) -> Case:
    """Constant cause-specific hazards; or a constant subdistribution hazard, others being kept at risk."""
    arm = np.repeat([0, 1], n)
    total = -math.log(1 - event - other)
    own = total * event / (event + other) if of == "cause_specific" else -math.log(1 - event)

    @in_blocks
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        first = rng.exponential(1 / (own * np.where(arm, hazard_ratio, 1)), size=(draws, arm.size))
        if of == "subdistribution":
            return p_of_log_rank(first, first < 1, arm)
        second = rng.exponential(1 / (total - own), size=first.shape)
        return p_of_log_rank(np.minimum(first, second), (first < second) & (first < 1), arm)

    found = power_competing_risks(
        event_probability=event,
        competing_probability=other,
        hazard_ratio=hazard_ratio,
        of=of,
        n=n[0],
        ratio=n[1] / n[0],
    )
    name = f"{of.replace('_', '-')} hazard ratio {hazard_ratio:g}, {event:.0%} events, {other:.0%} competing"
    return Case(f"{name}, {n[0]} + {n[1]}", found, simulate)


def recurring(n: tuple[int, int], rate: float, rate_ratio: float, k: float, shortest: float) -> Case:
    """Events over time at risk, follow-up even from `shortest` to 2 less that, with the robust errors of the rates."""
    arm = np.repeat([0, 1], n)
    means = rate * np.where(arm, rate_ratio, 1)

    @in_blocks
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        time = rng.uniform(shortest, 2 - shortest, size=(draws, arm.size))
        counts = rng.poisson(means * time * rng.gamma(1 / k, k, size=time.shape))
        logs, variance = [], np.zeros(draws)
        for place in (0, 1):
            events, at_risk = counts[:, arm == place], time[:, arm == place]
            own = events.sum(axis=1) / at_risk.sum(axis=1)
            logs.append(np.log(own))
            variance += ((events - own[:, None] * at_risk) ** 2).sum(axis=1) / events.sum(axis=1) ** 2
        return two_sided((logs[1] - logs[0]) / np.sqrt(variance))

    variation = (1 - shortest) / math.sqrt(3)
    found = power_recurrent_events(
        rate=rate, dispersion=k, exposure_variation=variation, rate_ratio=rate_ratio, n=n[0], ratio=n[1] / n[0]
    )
    return Case(f"recurrent events, rate ratio {rate_ratio:g}, variance {k:g}, {n[0]} + {n[1]}", found, simulate)


def dispersion_of(counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the dispersion (trials,) that maximises the negative binomial likelihood at given means, by bisection.

    The likelihood's slope in size = 1 / k has one change of sign where the counts are overdispersed.
    """
    low, high = np.full(len(counts), math.log(1e-3)), np.full(len(counts), math.log(1e3))
    largest = int(counts.max())
    above = np.stack([(counts > value).sum(axis=1) for value in range(largest)], axis=1)
    for _ in range(40):
        middle = (low + high) / 2
        size = np.exp(-middle)[:, None]
        # sum of digamma(y + size) - digamma(size) is that of 1 / (size + j) over j below y
        slope = (above / (size + np.arange(largest))).sum(axis=1) + (
            np.log(size / (size + mean)) + (mean - counts) / (size + mean)
        ).sum(axis=1)
        low, high = np.where(slope > 0, low, middle), np.where(slope > 0, middle, high)
    return np.asarray(np.exp((low + high) / 2))


def rates(n: tuple[int, int], rate: float, rate_ratio: float, k: float) -> Case:
    """Maximum likelihood of a negative binomial regression on the arm, the dispersion estimated; Wald test."""
    arm = np.repeat([0, 1], n)
    means = rate * np.where(arm, rate_ratio, 1)

    @in_blocks
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        counts = rng.poisson(means * rng.gamma(1 / k, k, size=(draws, arm.size)))
        a, b = counts[:, arm == 0].mean(axis=1), counts[:, arm == 1].mean(axis=1)
        fitted = dispersion_of(counts, np.where(arm, b[:, None], a[:, None]))
        return two_sided(np.log(b / a) / np.sqrt((1 / a + fitted) / n[0] + (1 / b + fitted) / n[1]))

    found = power_rate_ratio(rate=rate, dispersion=k, rate_ratio=rate_ratio, n=n[0], ratio=n[1] / n[0])
    return Case(f"rate ratio {rate_ratio:g}, dispersion {k:g}, {n[0]} + {n[1]}", found, simulate)


def placements(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, by category, the shares of an arm's counts that lie below and above it, each (trials, categories)."""
    share = a / a.sum(axis=1, keepdims=True)
    below = np.cumsum(share, axis=1) - share
    return below, 1 - below - share


def ordered(n: tuple[int, int], shares: tuple[float, ...], odds_ratio: float) -> Case:
    """The score test of proportional odds: that of Mann and Whitney with its variance for ties."""
    other = shifted(np.array(shares), odds_ratio)

    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        a, b = rng.multinomial(n[0], shares, draws), rng.multinomial(n[1], other, draws)
        below, above = placements(a)
        gap = ((below - above) * b).sum(axis=1) / n[1]  # wins less losses: twice the distance from 1/2
        total = sum(n)
        tied = (((a + b) / total) ** 3).sum(axis=1)
        return two_sided(gap / 2 / np.sqrt(total * (1 - tied) / (12 * n[0] * n[1])))

    found = power_odds_ratio(probabilities=shares, odds_ratio=odds_ratio, n=n[0], ratio=n[1] / n[0])
    return Case(f"odds ratio {odds_ratio:g}, {len(shares)} categories, {n[0]} + {n[1]}", found, simulate)


def win_probability(n: tuple[int, int], shift: float) -> Case:
    """Normal outcomes, their means `shift` standard deviations apart."""

    @in_blocks
    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        a, b = rng.normal(size=(draws, n[0])), rng.normal(shift, size=(draws, n[1]))
        return np.asarray(stats.mannwhitneyu(b, a, axis=1, method="asymptotic", use_continuity=False).pvalue)

    p = float(stats.norm.cdf(shift / math.sqrt(2)))
    found = power_win_probability(win_probability=p, n=n[0], ratio=n[1] / n[0])
    return Case(f"win probability {p:.2f}, {n[0]} + {n[1]}", found, simulate)


def win_ratio(n: tuple[int, int], shares: tuple[float, ...], odds_ratio: float) -> Case:
    """An outcome of some categories, its log win ratio over the standard error by participants' wins and losses."""
    first, other = np.array(shares), shifted(np.array(shares), odds_ratio)
    below, above = (each[0] for each in placements(first[None]))
    win, loss = float(below @ other), float(above @ other)

    def simulate(draws: int, rng: np.random.Generator) -> np.ndarray:
        a, b = rng.multinomial(n[0], shares, draws), rng.multinomial(n[1], other, draws)
        lower, higher = placements(a)
        won, lost = ((each * b).sum(axis=1, keepdims=True) / n[1] for each in (lower, higher))
        lower_a, higher_a = placements(b)
        variance = np.zeros(draws)
        for counts, wins, losses in ((b, lower, higher), (a, higher_a, lower_a)):
            size = counts.sum(axis=1)
            variance += (counts * (wins / won - losses / lost) ** 2).sum(axis=1) / (size * (size - 1))
        return two_sided(np.log(won / lost)[:, 0] / np.sqrt(variance))

    ties = 1 - win - loss
    found = power_win_ratio(win_ratio=win / loss, ties=ties, n=n[0], ratio=n[1] / n[0])
    return Case(f"win ratio {win / loss:.2f}, {ties:.0%} ties, {n[0]} + {n[1]}", found, simulate)


OTHER_KINDS = (
    log_rank((180, 180), 0.6, 0.4),
    log_rank((100, 200), 0.7, 0.7),
    rates((120, 120), 1.5, 0.7, 0.6),
    rates((80, 160), 2.0, 0.7, 0.4),
    competing((180, 180), 0.6, 0.4, 0.2, "cause_specific"),
    competing((180, 180), 0.6, 0.4, 0.2, "subdistribution"),
    recurring((180, 180), 1.5, 0.7, 0.6, 0.5),
    recurring((150, 150), 2.0, 0.7, 0.5, 1.0),
    ordered((94, 94), (0.1, 0.2, 0.5, 0.2), 2.428),
    ordered((80, 160), (0.3, 0.3, 0.2, 0.1, 0.1), 0.5),
    win_probability((60, 60), 0.5),
    win_probability((50, 100), 0.5),
    win_ratio((150, 150), (0.1,) * 10, 1.9),
    win_ratio((120, 120), (0.2, 0.2, 0.2, 0.2, 0.2), 2.0),
)
