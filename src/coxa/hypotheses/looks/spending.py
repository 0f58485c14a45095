"""How much of the level is spent by an information fraction, and the shapes of boundaries."""

from __future__ import annotations

import numpy as np
from scipy import special

from coxa.hypotheses.words import Boundary


def spent(boundary: Boundary, fraction: float, alpha: float, gamma: float = -4.0) -> float:
    """Return the level that is spent by an information fraction, on one side.

    Parameters
    ----------
    boundary
        One of `SPENDING`.
    fraction
        Of the information, from 0 to 1.
    alpha
        One-sided level.
    gamma
        Of Hwang, Shih & DeCani: -4 is near O'Brien-Fleming, 1 near Pocock, 0 spends in proportion.

    Notes
    -----
    2 - 2 Phi(z_(alpha/2) / sqrt(t)) and alpha log(1 + (e - 1) t) (Lan & DeMets, Biometrika 1983, 70:659-663);
    alpha (1 - exp(-gamma t)) / (1 - exp(-gamma)) (Hwang, Shih & DeCani, Statistics in Medicine 1990, 9:1439-1445).

    Examples
    --------
    >>> round(spent("ld_obrien_fleming", 0.5, 0.025), 6), spent("hwang_shih_decani", 0.5, 0.025, gamma=0)
    (0.001525, 0.0125)
    """
    if fraction <= 0:
        return 0.0
    if fraction >= 1:
        return alpha
    if boundary == "ld_obrien_fleming":
        return float(2 * special.ndtr(special.ndtri(alpha / 2) / np.sqrt(fraction)))
    if boundary == "ld_pocock":
        return float(alpha * np.log1p((np.e - 1) * fraction))
    if gamma == 0:
        return alpha * fraction
    return float(alpha * np.expm1(-gamma * fraction) / np.expm1(-gamma))


def shape(boundary: Boundary, fractions: np.ndarray) -> np.ndarray:
    """Return the shape of a boundary of planned looks on the scale of Z: t^(-1/2) or constant."""
    return fractions**-0.5 if boundary == "obrien_fleming" else np.ones_like(fractions)
