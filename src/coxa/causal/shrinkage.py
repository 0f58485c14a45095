"""Effects in subgroups, each drawn towards their mean by how little its own participants say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize
from scipy.special import ndtr

from coxa.cards import Carded
from coxa.errors import OptionError, check_level

Floats = NDArray[np.float64]

NODES = 400
"""Values of the spread between subgroups over which its posterior is summed."""


@dataclass(frozen=True, slots=True, repr=False)
class ShrunkenEffects(Carded):
    """Effects in subgroups after shrinkage.

    table  : one row per subgroup: subgroup, estimate, std_error (as given), shrunken, sd, conf_low, conf_high (of its
             posterior), weight (share of the subgroup's own estimate in the shrunken one, 0 to 1)
    mean   : posterior mean of the effect over subgroups, and its standard deviation
    spread : posterior median of the standard deviation of effects between subgroups
    scale  : as given

    Examples
    --------
    >>> round(shrink_subgroups([4.0, 0.0], [1.5, 1.5], scale=2).mean[0], 3)
    2.0
    """

    table: pd.DataFrame
    mean: tuple[float, float]
    spread: float
    scale: float


def shrink_subgroups(
    estimates: ArrayLike,
    std_errors: ArrayLike,
    *,
    scale: float,
    subgroups: Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> ShrunkenEffects:
    """Shrink effects in subgroups towards their common mean.

    Parameters
    ----------
    estimates, std_errors : (g,) array_like
        Effects in subgroups that share no participants, and their standard errors; two subgroups at least.
    scale : float
        How much effects may differ between subgroups before anything is known, in units of the effect: the scale of
        a half-normal distribution of their standard deviation. A third of the important difference is cautious, the
        important difference itself lets subgroups speak for themselves.
    subgroups : sequence of str, optional
        Their names.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    ShrunkenEffects
        In units of the effect; limits are posterior quantiles.

    Raises
    ------
    OptionError
        There are fewer than two subgroups, a standard error is not above 0, or neither is the scale.

    Notes
    -----
    Effects are normal about a mean with a flat prior, with a standard deviation that has a half-normal one; given it,
    all is in closed form, and it is summed out over 400 values. Estimates count as independent (Jones et al., Clinical
    Trials 2011, 8:129-143; Henderson et al., Biometrics 2016; Spiegelhalter, Abrams & Myles 2004).

    Examples
    --------
    >>> found = shrink_subgroups([6.0, 1.0, 2.0], [2.0, 2.0, 2.0], scale=2, subgroups=["young", "middle", "old"])
    >>> found.table[["subgroup", "shrunken"]].round(1).to_numpy().tolist()
    [['young', 4.0], ['middle', 2.3], ['old', 2.7]]
    """
    check_level(conf_level)
    y, error = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if len(y) < 2 or len(y) != len(error):
        raise OptionError(
            f"There are {len(y)} estimates and {len(error)} errors. Give one each of two subgroups or more."
        )
    if not (np.isfinite(y).all() and (error > 0).all()):
        raise OptionError("An estimate is missing, or a standard error is not above 0. Leave this subgroup out.")
    if not scale > 0:
        raise OptionError(f"`scale` is {scale:g}. Give a number above 0, in units of the effect.")
    names = [str(k + 1) for k in range(len(y))] if subgroups is None else list(subgroups)
    x, w = _nodes()
    tau = 5 * scale * ((x + 1) / 2) ** 3  # dense at 0
    w = w * ((x + 1) / 2) ** 2
    precision = 1 / (error**2 + tau[:, None] ** 2)
    total = precision.sum(axis=1)
    mean = precision @ y / total
    log = -(tau**2) / (2 * scale**2) + 0.5 * np.log(precision).sum(axis=1) - 0.5 * np.log(total)
    log -= 0.5 * (precision * (y - mean[:, None]) ** 2).sum(axis=1)
    share = w * np.exp(log - log.max())
    share /= share.sum()
    own = tau[:, None] ** 2 * precision  # share of a subgroup's own estimate, given tau
    middle = own * y + (1 - own) * mean[:, None]
    variance = own * error**2 + (1 - own) ** 2 / total[:, None]
    shrunken = share @ middle
    sd = np.sqrt(share @ (variance + middle**2) - shrunken**2)
    ends = [
        [_quantile(p, middle[:, k], np.sqrt(variance[:, k]), share) for k in range(len(y))]
        for p in ((1 - conf_level) / 2, (1 + conf_level) / 2)
    ]
    table = pd.DataFrame({"subgroup": names, "estimate": y, "std_error": error, "shrunken": shrunken, "sd": sd})
    table = table.assign(conf_low=ends[0], conf_high=ends[1], weight=share @ own)
    overall = float(share @ mean)
    wide = float(np.sqrt(share @ (1 / total + mean**2) - overall**2))
    return ShrunkenEffects(table, (overall, wide), float(tau[np.searchsorted(share.cumsum(), 0.5)]), scale)


@cache
def _nodes() -> tuple[Floats, Floats]:
    """Return nodes and weights of Gauss and Legendre, which take longer than all that is summed over them."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    return x, w


def _quantile(p: float, middle: Floats, sd: Floats, share: Floats) -> float:
    """Return a quantile of a mixture of normal distributions."""
    low, high = (middle - 12 * sd).min(), (middle + 12 * sd).max()
    return float(optimize.brentq(lambda at: float(share @ ndtr((at - middle) / sd)) - p, low, high))
