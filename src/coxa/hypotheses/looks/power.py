"""Power of a group sequential design by look, its maximum and its average size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from coxa.cards import Carded
from coxa.errors import OptionError
from coxa.hypotheses.looks.crossing import crossing
from coxa.hypotheses.looks.design import SequentialDesign

LARGEST_DRIFT = 30.0


@dataclass(frozen=True, slots=True, repr=False)
class SequentialPower(Carded):
    """What a design costs and shows, in shares of the information of a study without looks.

    power     : probability of crossing the upper boundary at some look
    drift     : E[Z] at the full information
    inflation : largest information, of that of a fixed design with the same power and level
    average   : effect as a share of the assumed one (0, 0.5, 1) -> expected information, of that of a fixed design
    frame     : one row per look: probability of stopping for benefit there, and of stopping for futility

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> round(sequential_power(sequential_design([0.5, 1], "pocock"), power=0.9).inflation, 6)
    1.100082
    """

    power: float
    drift: float
    inflation: float
    average: dict[float, float]
    frame: pd.DataFrame

    def participants(self, fixed: float) -> int:
        """Return the participants at the final look, of those that a study without looks needs."""
        return int(np.ceil(round(fixed * self.inflation, 6)))


def sequential_power(
    design: SequentialDesign, *, power: float | None = None, drift: float | None = None
) -> SequentialPower:
    """Return the power of a design by look, or the information that a power needs.

    Parameters
    ----------
    design : SequentialDesign
    power : float, optional
        To be reached: the drift is found. Give it or `drift`.
    drift : float, optional
        E[Z] at the full information: the assumed effect over its standard error there.

    Returns
    -------
    SequentialPower
        Its futility boundaries are taken as followed: power and average size are those of a study that stops there.

    Raises
    ------
    OptionError
        Both or none of the two are given, or a number is out of its range.

    Notes
    -----
    Jennison & Turnbull 2000, section 2.2. The inflation is drift^2 / (z_alpha + z_power)^2.

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> found = sequential_power(sequential_design([0.5, 1], "ld_obrien_fleming"), power=0.8)
    >>> round(found.inflation, 6), found.frame["benefit"].round(4).tolist()
    (1.003725, [0.1641, 0.6359])
    """
    if (power is None) == (drift is None):
        raise OptionError("Give `power` or `drift`, and not both.")
    if power is not None:
        if not design.alpha < power < 1:
            raise OptionError(f"`power` is {power:g}. Give a number above `alpha` ({design.alpha:g}) and below 1.")
        drift = _drift_of(design, power)
    assert drift is not None
    above, below = stopping(design, drift)
    reached = float(above.sum())
    fixed = special.ndtri(1 - design.alpha) + special.ndtri(reached)
    inflation = float(drift**2 / fixed**2) if design.alpha < reached < 1 else np.nan
    average = {share: inflation * expected_fraction(design, share * drift) for share in (0.0, 0.5, 1.0)}
    frame = pd.DataFrame({"look": range(1, design.looks + 1), "fraction": design.fractions, "benefit": above,
                          "power": np.cumsum(above), "below": below})  # fmt: skip
    return SequentialPower(reached, drift, inflation, average, frame)


def stopping(design: SequentialDesign, drift: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of stopping at each look, above and below: for futility, or at the lower boundary."""
    low = [max(pair) for pair in zip(design.lower, design.futility, strict=True)]
    return crossing(design.fractions, design.upper, low, drift)


def expected_fraction(design: SequentialDesign, drift: float) -> float:
    """Return the expected share of the full information at which the study stops."""
    above, below = stopping(design, drift)
    stops = above[:-1] + below[:-1]
    fractions = np.array(design.fractions)
    return float(stops @ fractions[:-1] + (1 - stops.sum()))


def _drift_of(design: SequentialDesign, power: float) -> float:
    """Return the drift with which a design has a power."""
    return float(
        optimize.brentq(lambda d: stopping(design, d)[0].sum() - power, 0.0, LARGEST_DRIFT, xtol=1e-13, rtol=1e-14)
    )
