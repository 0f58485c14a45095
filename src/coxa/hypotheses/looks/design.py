"""A group sequential design: its looks, its boundaries, and what they spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import optimize, special

from coxa.cards import Carded
from coxa.errors import OptionError, check_option
from coxa.hypotheses.looks.crossing import Process, crossing
from coxa.hypotheses.looks.spending import shape, spent
from coxa.hypotheses.words import BOUNDARY_NAMES, SPENDING, Boundary

WIDEST = 12.0
"""Boundary beyond which none is looked for: a look at which nothing is spent."""
NEAREST = 1e-14
MOST_LOOKS = 50


@dataclass(frozen=True, slots=True, repr=False)
class SequentialDesign(Carded):
    """Looks with their boundaries, on the scale of the statistic Z in the direction of a benefit.

    boundary  : how the level is spent
    alpha     : level on one side; a two-sided test has it on each
    sides     : 1 where only a benefit is tested, 2 where harm is tested at the same level too
    fractions : (K,) information fractions, the last 1
    times     : (K,) at which the level is spent, where they are not the fractions
    upper     : (K,) boundaries of Z
    futility  : (K,) Z at or below which the study may stop for futility, minus infinity where there is none
    gamma     : of Hwang, Shih & DeCani

    Examples
    --------
    >>> sequential_design([0.5, 1], "obrien_fleming").upper
    (2.7965096815, 1.9774309595)
    """

    boundary: Boundary
    alpha: float
    sides: int
    fractions: tuple[float, ...]
    times: tuple[float, ...]
    upper: tuple[float, ...]
    futility: tuple[float, ...]
    gamma: float = -4.0

    @property
    def looks(self) -> int:
        """Number of looks, the final analysis among them."""
        return len(self.fractions)

    @property
    def lower(self) -> tuple[float, ...]:
        """Lower boundaries of a two-sided test; minus infinity for a one-sided one."""
        return tuple(-z if self.sides == 2 else -np.inf for z in self.upper)

    @property
    def name(self) -> str:
        """What the boundaries are called."""
        named = BOUNDARY_NAMES[self.boundary]
        return f"{named} (gamma {self.gamma:g})" if self.boundary == "hwang_shih_decani" else named

    @property
    def frame(self) -> pd.DataFrame:
        """One row per look: fraction, boundary of Z, nominal one-sided level, level spent until then, futility."""
        above, _ = crossing(self.fractions, self.upper, self.lower)
        return pd.DataFrame(
            {
                "look": np.arange(1, self.looks + 1),
                "fraction": self.fractions,
                "z": self.upper,
                "nominal_level": special.ndtr(-np.array(self.upper)),
                "spent": np.cumsum(above),
                "futility_z": self.futility,
            }
        )


def sequential_design(
    fractions: Sequence[float],
    boundary: Boundary = "ld_obrien_fleming",
    *,
    alpha: float = 0.025,
    sides: Literal[1, 2] = 1,
    gamma: float = -4.0,
    times: Sequence[float] | None = None,
    futility: Sequence[float] | None = None,
) -> SequentialDesign:
    """Return the boundaries of a group sequential design.

    Parameters
    ----------
    fractions : sequence of float
        Information at each look as a share of that at the final one, rising; the last is 1.
    boundary : {"obrien_fleming", "pocock", "ld_obrien_fleming", "ld_pocock", "hwang_shih_decani"}
        The first two are for looks as planned; the others spend the level by a function, so that number and times of
        the looks need not be known beforehand.
    alpha : float
        Level on one side, below 0.5. A two-sided test at 5% has 0.025 on each side: the spending function then takes
        0.025, not 0.05.
    sides : {1, 2}
        2 for symmetric boundaries on both sides. They differ from those of one side from the sixth digit on.
    gamma : float
        Of Hwang, Shih & DeCani.
    times : sequence of float, optional
        At which the level is spent, where they are not `fractions`: those planned, with the information as observed.
    futility : sequence of float, optional
        Z at or below which the study may stop for futility, one per look before the last. It is not binding: the
        boundaries are computed as if there were none, and the level holds whether or not the study stops there.

    Returns
    -------
    SequentialDesign

    Raises
    ------
    OptionError
        An option is not allowed.

    Notes
    -----
    Sources: O'Brien & Fleming, Biometrics 1979, 35:549-556; Pocock, Biometrika 1977, 64:191-199; Jennison & Turnbull,
    Group Sequential Methods, 2000, chapters 2, 7 and 19. Boundaries are exact to 1e-10.

    Examples
    --------
    >>> design = sequential_design([0.5, 1], "ld_obrien_fleming")
    >>> [round(z, 6) for z in design.upper]
    [2.962588, 1.968596]
    """
    check_option("boundary", boundary, get_args(Boundary))
    if not 0 < alpha < 0.5:
        raise OptionError(f"`alpha` is {alpha}. Give a one-sided level above 0 and below 0.5, such as 0.025.")
    if sides not in (1, 2):
        raise OptionError(f"`sides` is {sides}. Give 1 or 2.")
    shares = checked_fractions("fractions", fractions, whole=True)
    spend_at = shares if times is None else checked_fractions("times", times, whole=False)
    if len(spend_at) != len(shares):
        raise OptionError(f"`times` has {len(spend_at)} looks and `fractions` {len(shares)}. Give one for each look.")
    upper = (
        _spending_bounds(shares, spend_at, boundary, alpha, gamma, sides)
        if boundary in SPENDING
        else _planned_bounds(shares, boundary, alpha, sides)
    )
    bounds = tuple(round(float(z), 10) for z in upper)
    stops = _futility(futility, bounds)
    return SequentialDesign(boundary, alpha, sides, tuple(shares), tuple(spend_at), bounds, stops, gamma)


def checked_fractions(name: str, given: Sequence[float], *, whole: bool) -> list[float]:
    """Return information fractions as numbers; raise `OptionError` unless they rise to at most 1, or to 1 if whole."""
    shares = [float(one) for one in given]
    rising = all(a < b for a, b in zip([0.0, *shares], shares, strict=False))
    if not shares or not rising or shares[-1] > 1 or len(shares) > MOST_LOOKS:
        raise OptionError(
            f"`{name}` is {shares}. Give information fractions above 0 that rise to 1, such as [0.5, 0.75, 1], "
            f"of at most {MOST_LOOKS} looks."
        )
    if whole and shares[-1] != 1:
        raise OptionError(f"`{name}` ends at {shares[-1]:g}. Give 1 as the fraction of the final analysis.")
    return shares


def _futility(given: Sequence[float] | None, upper: tuple[float, ...]) -> tuple[float, ...]:
    if given is None:
        return (-np.inf,) * len(upper)
    stops = [float(one) for one in given]
    if len(stops) != len(upper) - 1:
        raise OptionError(f"`futility` has {len(stops)} numbers. Give {len(upper) - 1}, one for each interim look.")
    for look, (stop, bound) in enumerate(zip(stops, upper, strict=False), start=1):
        if stop >= bound:
            raise OptionError(
                f"`futility` at look {look} is {stop:g}, and the boundary of efficacy {bound:.4f}. Give a lower one."
            )
    return (*stops, -np.inf)


def _spending_bounds(
    shares: list[float], times: list[float], boundary: Boundary, alpha: float, gamma: float, sides: int
) -> list[float]:
    """Return the boundaries look by look, each of which spends what its time adds."""
    process, before, upper = Process(), 0.0, []
    for share, time in zip(shares, times, strict=True):
        process.step(share)
        until = spent(boundary, time, alpha, gamma)
        upper.append(_bound(process, until - before))
        before = until
        process.keep(-upper[-1] if sides == 2 else -np.inf, upper[-1])
    return upper


def _bound(process: Process, level: float) -> float:
    """Return the boundary that is crossed with this probability at the look that the process is at."""
    if process.above(WIDEST) >= level:
        return WIDEST
    return float(optimize.brentq(lambda z: process.above(z) - level, -WIDEST, WIDEST, xtol=1e-13, rtol=NEAREST))


def _planned_bounds(shares: list[float], boundary: Boundary, alpha: float, sides: int) -> np.ndarray:
    """Return the boundaries of a given shape whose crossing has the level."""
    form = shape(boundary, np.array(shares))

    def excess(constant: float) -> float:
        upper = constant * form
        lower = -upper if sides == 2 else np.full(len(form), -np.inf)
        return float(crossing(shares, upper, lower)[0].sum()) - alpha

    constant = optimize.brentq(excess, 0.0 if sides == 1 else 0.05, WIDEST, xtol=1e-13, rtol=NEAREST)
    return np.asarray(constant * form)
