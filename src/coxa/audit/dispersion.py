"""Over-dispersion: how much more units differ than their sizes explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from coxa.audit.limits import Floats
from coxa.errors import OptionError, check_option

Screen = Literal["winsorised", "truncated", "none"]
SCREENS: tuple[Screen, ...] = ("winsorised", "truncated", "none")


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Variation between units beyond chance.

    phi      : mean of the squared z scores, after screening; 1 where there is chance alone
    tau2     : variance between units on the scale of the standard errors (DerSimonian and Laird), 0 at the least
    n_units  : all units
    n_kept   : those whose z scores were used: fewer with truncation
    q        : sum of the squared z scores of all units, before screening
    p_value  : of q against chi-squared with n_units - 1 degrees of freedom
    screen   : how extreme z scores were kept from hiding themselves in the dispersion

    Examples
    --------
    >>> found = over_dispersion([-3.0, -1.0, 0.0, 1.0, 3.0], [0.5] * 5, screen="none")
    >>> found.phi, found.tau2, round(found.p_value, 5)
    (4.0, 1.0, 0.0005)
    """

    phi: float
    tau2: float
    n_units: int
    n_kept: int
    q: float
    p_value: float
    screen: Screen

    @property
    def multiplier(self) -> float:
        """What limits are widened by in the multiplicative model: the root of phi, and at least 1."""
        return float(np.sqrt(max(self.phi, 1.0)))


def over_dispersion(
    z: ArrayLike, std_errors: ArrayLike, *, screen: Screen = "winsorised", share: float = 0.1
) -> Dispersion:
    """Estimate the over-dispersion of units from their z scores.

    Parameters
    ----------
    z
        (value - target) / standard error, one per unit.
    std_errors
        Standard errors within units, on the same scale.
    screen
        `winsorised`: z scores beyond the quantiles are set to them (Spiegelhalter). `truncated`: units in the lowest
        and highest part of the ranking are left out (SHMI). `none`: all as they are (DerSimonian and Laird).
    share
        Share of units that is screened at each end.

    Returns
    -------
    Dispersion

    Raises
    ------
    OptionError
        Fewer than two units, a standard error that is not above zero, or a share that is not from 0 to below 0.5.

    Notes
    -----
    phi = sum z^2 / I; tau2 = (I phi - (I - 1)) / (sum w - sum w^2 / sum w), with w = 1 / s^2, over the I units that are
    kept. Sources: Spiegelhalter, Quality and Safety in Health Care 2005, 14:347-351; Spiegelhalter et al., Journal of
    the Royal Statistical Society A 2012, 175:1-47; nhs-r-community/FunnelPlotR, R/od_adjustment.R, for the ranks at
    which SHMI truncates.

    Examples
    --------
    >>> over_dispersion([-4.0, -1.0, 0.0, 1.0, 2.0, 1.0], [0.5] * 6).n_kept
    6
    """
    z, std_errors = np.asarray(z, dtype=float), np.asarray(std_errors, dtype=float)
    check_option("screen", screen, SCREENS)
    _check(z, std_errors, share)
    used, kept = _screened(z, screen, share)
    n = int(kept.sum())
    phi = float(np.mean(used**2))
    q = float(np.sum(z**2))
    p_value = float(stats.chi2.sf(q, len(z) - 1))
    return Dispersion(phi, _between(n * phi, std_errors[kept]), len(z), n, q, p_value, screen)


def _check(z: Floats, std_errors: Floats, share: float) -> None:
    if len(z) < 2:
        raise OptionError(f"Dispersion of {len(z)} unit is not defined. Give at least two.")
    if not (np.isfinite(z).all() and np.isfinite(std_errors).all() and (std_errors > 0).all()):
        raise OptionError("A z score or a standard error is missing, infinite or not above zero. Leave its unit out.")
    if not 0 <= share < 0.5:
        raise OptionError(f"`share` is {share}, not from 0 to below 0.5. Choose for example 0.1.")


def _screened(z: Floats, screen: Screen, share: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the z scores that are used, and which units they are of."""
    every = np.ones(len(z), dtype=bool)
    if screen == "winsorised":
        return np.clip(z, *np.quantile(z, [share, 1 - share])), every
    if screen == "truncated" and share > 0:
        part = np.floor(stats.rankdata(z) / share / (len(z) + 1))
        kept = (part > 0) & (part < 1 / share - 1)
        if kept.sum() < 2:
            raise OptionError(f"Truncation leaves {kept.sum()} of {len(z)} units. Choose winsorised, or none.")
        return z[kept], kept
    return z, every


def _between(q: float, std_errors: Floats) -> float:
    """Return DerSimonian and Laird's variance between units from the sum of their squared z scores."""
    weights = std_errors**-2.0
    spread = weights.sum() - (weights**2).sum() / weights.sum()
    return float(max(0.0, q - (len(weights) - 1)) / spread)
