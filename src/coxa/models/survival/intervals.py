"""Sums over intervals of a sequence in which nothing is subtracted, so that a small sum next to a large one is exact.

Halves of halves of the sequence are summed, and each interval is put together from as few of them as cover it: twice
the logarithm of its length at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals [first, last) of m rows in a sequence of T places, each as a set of blocks.

    places : T
    blocks : (B, m) sparse, one where a block is part of a row's interval; single places first, then pairs, fours, ...
    """

    places: int
    blocks: csr_array = field(repr=False)

    @classmethod
    def of(cls, first: np.ndarray, last: np.ndarray, places: int) -> Intervals:
        """Return the intervals of rows, first and last (m,) from 0 to the number of places.

        Examples
        --------
        >>> both = Intervals.of(np.array([0, 2]), np.array([3, 5]), 5)
        >>> both.over_rows(np.array([1.0, 10.0])).tolist()
        [1.0, 1.0, 11.0, 10.0, 10.0]
        >>> both.over_places(np.array([1.0, 2.0, 4.0, 8.0, 16.0])).tolist()
        [7.0, 28.0]
        """
        low, high = first.astype(np.intp), last.astype(np.intp)
        width = 1 << max(places - 1, 0).bit_length()
        block, row, offset = [], [], 0
        while width:
            rises = np.flatnonzero((low < high) & (low % 2 == 1))
            block.append(offset + low[rises])
            low[rises] += 1
            falls = np.flatnonzero((low < high) & (high % 2 == 1))
            high[falls] -= 1
            block.append(offset + high[falls])
            row += [rises, falls]
            low, high, offset, width = low // 2, high // 2, offset + width, width // 2
        which, whose = np.concatenate(block), np.concatenate(row)
        return cls(places, csr_array((np.ones(which.size), (which, whose)), shape=(offset, first.size)))

    def over_rows(self, values: np.ndarray) -> np.ndarray:
        """Return sums of values (m, ...) of rows, at each place over the rows whose interval has it (T, ...)."""
        flat = values.reshape(len(values), -1)
        sums = np.asarray(self.blocks @ flat)
        end, width = len(sums) - 1, 1
        total = sums[end:]
        while end:
            end, width = end - 2 * width, 2 * width
            total = np.repeat(total, 2, axis=0) + sums[end : end + width]
        return np.asarray(total[: self.places].reshape(self.places, *values.shape[1:]))

    def over_places(self, values: np.ndarray) -> np.ndarray:
        """Return sums of values (T, ...) of places, over each row's interval (m, ...)."""
        width = (self.blocks.shape[0] + 1) // 2
        level = np.zeros((width, int(np.prod(values.shape[1:]))))
        level[: self.places] = values.reshape(self.places, -1)
        levels = [level]
        while len(level) > 1:
            level = level[0::2] + level[1::2]
            levels.append(level)
        return np.asarray((self.blocks.T @ np.concatenate(levels)).reshape(-1, *values.shape[1:]))
