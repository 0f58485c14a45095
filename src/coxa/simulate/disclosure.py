"""How near synthetic rows come to the real ones that they imitate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SAME = 1e-9
"""Distance up to which two rows are the same."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Synthetic rows against the original ones.

    rows     : synthetic rows
    exact    : those that repeat an original row that no other original row repeats
    nearer   : those nearer to an original row than that row is to its own nearest neighbour; exact ones among them
    median_ratio : median of the two distances' ratio; 1 where both tables are samples of one population
    too_near : (rows,) which are nearer
    """

    rows: int
    exact: int
    nearer: int
    median_ratio: float
    too_near: np.ndarray = field(repr=False)

    @property
    def share(self) -> float:
        """Share of synthetic rows that are nearer."""
        return self.nearer / self.rows


def disclosure(original: np.ndarray, synthetic: np.ndarray) -> Disclosure:
    """Compare the distance of each synthetic row from its nearest original with that original's own nearest neighbour.

    Parameters
    ----------
    original, synthetic : (n, columns) and (m, columns)
        Normal scores; NaN for gaps. A gap against a value counts as one standard deviation, two gaps as none.

    Notes
    -----
    Source of the comparison of nearest neighbours: Yale et al., Neurocomputing 2020, 416:244-255.

    Examples
    --------
    >>> disclosure(np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [2.0]])).nearer
    1
    """
    own = distances(original, original)
    np.fill_diagonal(own, np.inf)
    between = distances(synthetic, original)
    nearest = between.argmin(axis=1)
    apart, neighbour = between[np.arange(len(synthetic)), nearest], own.min(axis=1)[nearest]
    too_near = apart < neighbour - SAME
    exact = (apart <= SAME) & (neighbour > SAME)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(neighbour > SAME, apart / neighbour, np.nan)
    median = float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else 1.0
    return Disclosure(len(synthetic), int(exact.sum()), int(too_near.sum()), median, too_near)


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the distances (n, m) of rows, gaps against values one standard deviation apart."""
    total = np.zeros((len(left), len(right)))
    for one, other in zip(left.T, right.T, strict=True):
        gap, also = np.isnan(one)[:, None], np.isnan(other)
        difference = np.nan_to_num(one)[:, None] - np.nan_to_num(other)
        total += np.where(gap | also, np.where(gap & also, 0.0, 1.0), difference**2)
    return np.sqrt(total)
