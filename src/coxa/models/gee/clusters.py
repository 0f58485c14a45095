"""Rows in clusters: which rows belong together, in which order, and sums over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Clusters:
    """Rows sorted by cluster and, within it, by place; N rows of K clusters.

    starts : (K,) first row of each cluster
    sizes  : (K,) its number of rows
    owner  : (N,) cluster of each row
    place  : (N,) place of each row in the order of its cluster, such as its visit; 0 where there is no order
    places : number of places
    """

    starts: np.ndarray
    sizes: np.ndarray
    owner: np.ndarray
    place: np.ndarray
    places: int

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sums over the rows of each cluster, (N, ...) -> (K, ...)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return a row for each place, (N,) -> (K, places), 0 where a cluster has none."""
        wide = np.zeros((len(self.starts), self.places))
        wide[self.owner, self.place] = values
        return wide


def clusters_of(cluster: np.ndarray, place: np.ndarray | None) -> tuple[np.ndarray, Clusters]:
    """Return the order that sorts the rows, and the clusters of the sorted rows.

    Parameters
    ----------
    cluster : (N,) integer codes
    place : (N,) integer codes, or None

    Examples
    --------
    >>> order, clusters = clusters_of(np.array([1, 0, 1]), np.array([1, 0, 0]))
    >>> order.tolist(), clusters.starts.tolist(), clusters.sizes.tolist()
    ([1, 2, 0], [0, 1], [1, 2])
    """
    within = np.zeros(len(cluster), dtype=np.intp) if place is None else place
    order = np.lexsort((within, cluster))
    owner = cluster[order]
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    sizes = np.diff(np.r_[starts, len(owner)])
    numbered = np.repeat(np.arange(len(starts)), sizes)
    return order, Clusters(starts, sizes, numbered, within[order], int(within.max()) + 1)
