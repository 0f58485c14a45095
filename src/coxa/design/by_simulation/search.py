"""The smallest number of participants with a power, by simulation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.design.by_simulation.record import SimulatedPower
from coxa.design.by_simulation.simulated import numbers_of, simulated_power
from coxa.errors import FitError, OptionError
from coxa.simulate import trial_design
from coxa.study import Study

ROUNDS = 8
"""Numbers that are looked for before the curve is taken as it is."""

LARGEST = 20_000
KEYS = ["analysis", "arm", "reference", "visit"]
AROUND = (0.8, 1.25)
"""Where the curve is given its slope, as multiples of the number found."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """The number of participants with a power.

    n         : of all arms together, divisible by the randomisation ratio; every comparison that counts has the power
    low, high : 95% Monte Carlo interval of it, of the comparison that needs most; infinite where the trials do not tell
    power     : that was asked
    decided_by : the comparison that needs most
    simulated : what was simulated on the way, with the number found in it
    """

    n: int
    low: float
    high: float
    power: float
    decided_by: str
    simulated: SimulatedPower

    def as_text(self) -> str:
        """Return the answer as one line."""
        high = f"{self.high:.0f}" if math.isfinite(self.high) else "no limit"
        return (
            f"{self.n} participants (95% Monte Carlo interval {self.low:.0f} to {high}) give power {self.power:g}; "
            f"decided by {self.decided_by}"
        )


@dataclass(frozen=True, slots=True)
class ProbitCurve:
    """Power = Phi(a + b sqrt(n)), through simulated points. covariance : (2, 2) of (a, b)."""

    a: float
    b: float
    covariance: np.ndarray

    def n(self, power: float) -> float:
        """Return the number with a power; infinite where the curve does not rise."""
        return ((float(norm.ppf(power)) - self.a) / self.b) ** 2 if self.b > 0 else math.inf

    def limits(self, power: float, conf_level: float = 0.95) -> tuple[float, float]:
        """Return the limits of the number, by Fieller's theorem on sqrt(n)."""
        z2 = float(norm.ppf((1 + conf_level) / 2)) ** 2
        gap = float(norm.ppf(power)) - self.a
        va, vb, cab = self.covariance[0, 0], self.covariance[1, 1], self.covariance[0, 1]
        # (gap - b s)^2 <= z2 (va + 2 s cab + s^2 vb), a quadratic in s = sqrt(n)
        square, middle, rest = self.b**2 - z2 * vb, gap * self.b + z2 * cab, gap**2 - z2 * va
        inside = middle**2 - square * rest
        if square <= 0 or inside < 0:
            return 0.0, math.inf
        roots = ((middle - math.sqrt(inside)) / square, (middle + math.sqrt(inside)) / square)
        return max(roots[0], 0.0) ** 2, roots[1] ** 2


def find_n(
    study: Study, power: float, n: int | Sequence[int] | None = None, *, analyses: Sequence[str] | None = None,
    **options: Any,
) -> SampleSize:  # fmt: skip
    """Find the smallest number of participants with which every comparison has a power.

    Parameters
    ----------
    study
        A plan with `assumptions`.
    power
        Above 0.05 and below 1.
    n
        Numbers to begin with; that of the plan unless given.
    analyses
        Those whose comparisons count; the primary ones unless given.
    **options
        As for `simulated_power`, without `vary`.

    Raises
    ------
    OptionError
        The power is out of range, or `vary` is given.
    FitError
        Power does not rise with the number, as without an effect, or 20,000 are not enough.

    Notes
    -----
    A probit curve in sqrt(n), the form that the power of a normal test has, is laid through the points by maximum
    likelihood; the number at which it has the power is simulated next, until it stays where it is. The interval is
    Fieller's on sqrt(n). Source of the approach: Wilson et al., Statistical Methods in Medical Research 2021,
    30:799-815, who fit a surrogate to simulated power.
    """
    if not 0.05 < power < 1:
        raise OptionError(f"the power is {power:g}; it lies above 0.05 and below 1")
    if options.get("vary"):
        raise OptionError("a number is searched for under one setting; change the plan, or give --n with --vary")
    counted = tuple(analyses or primary(study))
    step = ratio_sum(study)
    known = simulated_power(study, numbers_of(study, n), analyses=counted, **options)
    for _ in range(ROUNDS):
        wanted = rounded(needed(known.frame, power)[0], step, largest=4 * int(known.frame["n"].max()))
        if wanted in set(known.frame["n"]):
            break
        known = joined(known, simulated_power(study, wanted, analyses=counted, **options))
    around = [rounded(known_n, step, LARGEST) for known_n in (factor * wanted for factor in AROUND)]
    around = [each for each in around if each >= known.frame["n"].min() / 2 and each not in set(known.frame["n"])]
    if around:
        known = joined(known, simulated_power(study, around, analyses=counted, **options))
    found, decided_by, curve = needed(known.frame, power)
    final = rounded(found, step, LARGEST)
    if final not in set(known.frame["n"]):
        known = joined(known, simulated_power(study, final, analyses=counted, **options))
    low, high = curve.limits(power)
    return SampleSize(final, low, high, power, decided_by, known)


def primary(study: Study) -> list[str]:
    """Return the primary analyses of a plan, or all where none is primary."""
    return [name for name, analysis in study.analyses.items() if analysis.role == "primary"] or list(study.analyses)


def ratio_sum(study: Study) -> int:
    """Return of what the number of participants is a multiple."""
    numbers = trial_design(study).numbers if study.randomisation is None else None
    if numbers is not None and not isinstance(study.assumptions and study.assumptions.participants, dict):
        return len(study.arms)
    shares = study.randomisation.shares(study.arms) if study.randomisation else dict.fromkeys(study.arms, 1)
    return sum(shares.values())


def rounded(n: float, step: int, largest: int) -> int:
    """Return the next multiple of `step`, within limits.

    Examples
    --------
    >>> rounded(101.2, 2, 1000), rounded(5000.0, 2, 1000)
    (102, 1000)
    """
    return int(min(max(math.ceil(n / step - 1e-9), 1) * step, max(largest // step, 1) * step))


def needed(frame: pd.DataFrame, power: float) -> tuple[float, str, ProbitCurve]:
    """Return the number that the comparison needs which needs most, its name, and its curve.

    Raises
    ------
    FitError
        A curve does not rise, or more than twenty thousand are needed.
    """
    found = []
    for key, rows in frame.groupby(KEYS, sort=False):
        curve = probit_curve(rows["n"].to_numpy(), rows["power"].to_numpy(), rows["replicates"].to_numpy())
        analysis, arm, reference, visit = key
        found.append((curve.n(power), f"{analysis}, {arm} - {reference}" + (f" at {visit}" if visit else ""), curve))
    most = max(found, key=lambda each: each[0])
    if most[0] > LARGEST:
        raise FitError(
            f"no number up to {LARGEST:,} gives {most[1]} power {power:g}",
            (
                "look at the `mean_change` that the assumptions give the arms: without an effect there is no power",
                "with few therapists or clinics more participants cannot help: raise their `number` in `clusters`",
                "ask for more replicates, if the power hardly rises between the numbers tried",
            ),
        )
    return most


def probit_curve(n: np.ndarray, power: np.ndarray, replicates: np.ndarray) -> ProbitCurve:
    """Lay a probit curve in sqrt(n) through simulated powers, by maximum likelihood.

    With one number only the curve has the level of a two-sided test of 5% where there is nobody.
    """
    import statsmodels.api as sm

    shown = np.round(power * replicates)
    shares = (shown + 0.5) / (replicates + 1)
    root = np.sqrt(n.astype(float))
    if len(np.unique(n)) == 1:
        a = float(norm.ppf(0.025))
        b = float((norm.ppf(shares).mean() - a) / root[0])
        return ProbitCurve(a, b, np.full((2, 2), np.nan))
    model = sm.GLM(
        np.column_stack([shares * (replicates + 1), (1 - shares) * (replicates + 1)]),
        sm.add_constant(root),
        family=sm.families.Binomial(sm.families.links.Probit()),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two points leave nothing to estimate a dispersion from, and none is needed
        fitted = model.fit()
    a, b = (float(value) for value in fitted.params)
    return ProbitCurve(a, b, np.asarray(fitted.cov_params()))


def joined(first: SimulatedPower, second: SimulatedPower) -> SimulatedPower:
    """Return both as one, by comparison and number."""
    frame = pd.concat([first.frame, second.frame], ignore_index=True)
    frame = frame.sort_values(["n"], kind="stable", ignore_index=True)
    failures = pd.concat([first.failures, second.failures], ignore_index=True)
    return replace(first, frame=frame, failures=failures)
