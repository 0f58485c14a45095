"""Parts of one design, such as the trials of a simulation, whose columns are made once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np

from coxa.models.design.matrix import Design


@dataclass(frozen=True, slots=True)
class PartOfDesign(Design):
    """The rows of a design that belong together, coded as all of them.

    at_levels : factor -> (L, N, p) the rows of the part with the factor at each of its levels
    """

    at_levels: Mapping[str, np.ndarray]

    def rows_as(self, column: str, place: int) -> np.ndarray:
        """Return the rows with a factor at one level, given by its place among these."""
        return np.asarray(self.at_levels[column][place])


def parts_of(design: Design, part: np.ndarray, factor: str) -> Iterator[tuple[int, slice, PartOfDesign]]:
    """Yield each part that has a row at every level of every factor: its number, the rows that came in, its design.

    What is yielded has the columns that a design of these rows alone would have: formulas with a transform that depends
    on all rows, such as a spline's knots, are not for this.

    Parameters
    ----------
    design : Design
        Of all parts.
    part : (rows that came in,) int, sorted
        To which part each row belongs.
    factor : str
        Whose levels all rows are put at, in `at_levels`.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models.design.matrix import design_matrix
    >>> d = pd.DataFrame({"y": [1.0, 2, 3, 4, 5], "arm": list("ababa"), "trial": [0, 0, 1, 1, 2]})
    >>> [(k, rows, one.y.tolist()) for k, rows, one in parts_of(design_matrix("y ~ arm", d), d["trial"], "arm")]
    [(0, slice(0, 2, None), [1.0, 2.0]), (1, slice(2, 4, None), [3.0, 4.0])]
    """
    part = np.asarray(part)
    every = np.stack([design.rows_as(factor, place) for place in range(len(design.levels[factor]))])
    codes = {name: design.frame[name].cat.codes.to_numpy() for name in design.levels}
    own = {field.name: getattr(design, field.name) for field in fields(Design)}
    own |= {"left_out": design.left_out.iloc[:0]}
    before = np.concatenate([[0], np.cumsum(design.complete)])
    numbers, starts = np.unique(part, return_index=True)
    for number, start, stop in zip(numbers.tolist(), starts, np.append(starts[1:], len(part)), strict=True):
        here = slice(before[start], before[stop])
        if not all(len(np.unique(codes[name][here])) == len(levels) for name, levels in design.levels.items()):
            continue
        rows = {
            "x": design.x[here],
            "y": design.y[here],
            "frame": design.frame.iloc[here],
            "complete": design.complete[start:stop],
        }
        yield number, slice(int(start), int(stop)), PartOfDesign(**own | rows, at_levels={factor: every[:, here]})
