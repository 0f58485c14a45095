"""Estimates of studies with their sampling variances, on the scale on which they are pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coxa.cards import Carded
from coxa.errors import OptionError

Floats = NDArray[np.floating[Any]]
Wholes = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Measure = Literal["md", "smd", "rr", "or", "rd", "mean"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
RATIOS: tuple[Measure, ...] = ("rr", "or")
"""Measures that are pooled as logarithms."""


@dataclass(frozen=True, slots=True, repr=False)
class Effects(Carded):
    """Estimates of k studies, ready to be pooled.

    measure  : what they are; ratios (`rr`, `or`) are natural logarithms
    estimate : (k,), NaN where a study has none
    variance : (k,), sampling variances, NaN where a study has none
    notes    : what was done to single studies, such as a correction for zero cells, in sentences

    Examples
    --------
    >>> Effects("rr", np.log([0.8, 1.1]), np.array([0.04, 0.09])).measure
    'rr'
    """

    measure: Measure
    estimate: Floats
    variance: Floats
    notes: tuple[str, ...] = ()


def as_columns(**given: ArrayLike) -> list[Floats]:
    """Return numbers as columns of one length.

    Raises
    ------
    OptionError
        A column is no list of numbers, or has another length than the others.
    """
    columns = {name: np.atleast_1d(np.asarray(values, dtype=float)) for name, values in given.items()}
    lengths = {name: len(column) for name, column in columns.items() if len(column) != 1}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise OptionError(f"The columns have different lengths: {told}. Give one number for each study.")
    k = max(lengths.values(), default=1)
    return [np.broadcast_to(column, k).astype(float) for column in columns.values()]


def refuse(wrong: Any, fault: str, remedy: str) -> None:
    """Raise an `OptionError` that names the studies, counted from 1, in which a number is wrong."""
    found = [str(place + 1) for place in np.flatnonzero(np.asarray(wrong))]
    if found:
        raise OptionError(f"{fault} in study {', '.join(found)}. {remedy}")


def studies_named(places: Sequence[int], labels: Sequence[str] | None) -> str:
    """Return the studies at some places by their labels, or by their numbers from 1."""
    return ", ".join(labels[place] if labels else f"study {place + 1}" for place in places)
