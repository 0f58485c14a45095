"""Sums over the patients of therapists and clinics: all that the mixed model of an audit needs of its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coxa.audit.limits import Floats
from coxa.errors import OptionError

DEPENDENT = 1e-9
"""Share of a column's sum of squares that no earlier column explains, below which it is a combination of these."""


@dataclass(frozen=True, slots=True)
class NestedSums:
    """Sums of a design x with p columns, an outcome y and weights w (1 without weights).

    names      : p names of the columns
    clinics    : C names
    therapists : T names, each within its clinic
    clinic_of  : (T,) place of each therapist's clinic
    n          : (T,) episodes of each therapist
    weight     : (T,) sums of w
    x          : (T, p) sums of w x
    y          : (T,) sums of w y
    xx         : (C, p, p) sums of w x x', or (1, p, p) of all clinics together; so are
    xy         : (C, p) or (1, p) sums of w x y
    yy         : (C,) or (1,) sums of w y^2
    log_weight : sum of log(w)

    Examples
    --------
    >>> sums = nested_sums(np.ones((3, 1)), [4.0, 6.0, 9.0], ["A", "A", "B"], ["a1", "a1", "b1"])
    >>> sums.n.tolist(), sums.y.tolist(), sums.yy.tolist()
    ([2, 1], [10.0, 9.0], [52.0, 81.0])
    """

    names: tuple[str, ...]
    clinics: tuple[object, ...]
    therapists: tuple[object, ...]
    clinic_of: NDArray[np.intp]
    n: NDArray[np.int64]
    weight: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats
    log_weight: float = 0.0

    @property
    def total(self) -> int:
        """Episodes of all."""
        return int(self.n.sum())

    def by_clinic(self, values: NDArray[Any]) -> Floats:
        """Return the sums (C, ...) over the therapists of each clinic of values (T, ...)."""
        out = np.zeros((len(self.clinics), *values.shape[1:]))
        np.add.at(out, self.clinic_of, values)
        return out


def nested_sums(
    x: ArrayLike,
    y: ArrayLike,
    clinic: Sequence[object] | ArrayLike,
    therapist: Sequence[object] | ArrayLike,
    *,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> NestedSums:
    """Return the sums of rows; a database gives the same by one GROUP BY.

    Parameters
    ----------
    x, y
        Design (n, p), with its column of ones, and outcome (n,).
    clinic, therapist
        Of each row; a therapist in two clinics counts as two.
    weights
        Above 0; 1 unless given.
    names
        Of the columns; x1, x2, ... unless given.

    Raises
    ------
    OptionError
        Arrays of different lengths, a value that is missing, or a weight that is not above 0.

    Examples
    --------
    >>> sums = nested_sums([[1.0], [1.0]], [4.0, 6.0], ["A", "A"], ["a1", "a2"], weights=[1.0, 2.0])
    >>> sums.y.tolist(), sums.xy.tolist()
    ([4.0, 12.0], [[16.0]])
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    keys = pd.DataFrame({"clinic": np.asarray(clinic, dtype=object), "therapist": np.asarray(therapist, dtype=object)})
    _check_rows(x, y, w, len(keys))
    which = keys.groupby(["clinic", "therapist"], sort=True, dropna=False).ngroup().to_numpy()
    first = keys.iloc[np.unique(which, return_index=True)[1]]
    clinic_of, clinics = pd.factorize(first["clinic"])
    own = clinic_of[which]

    def therapist_sums(values: Floats) -> Floats:
        out = np.zeros((len(first), *values.shape[1:]))
        np.add.at(out, which, values)
        return out

    pieces = [x[own == k] * np.sqrt(w[own == k])[:, None] for k in range(len(clinics))]
    return NestedSums(
        names=tuple(names) if names is not None else tuple(f"x{k + 1}" for k in range(x.shape[1])),
        clinics=tuple(clinics),
        therapists=tuple(first["therapist"]),
        clinic_of=np.asarray(clinic_of, dtype=np.intp),
        n=np.bincount(which, minlength=len(first)),
        weight=therapist_sums(w),
        x=therapist_sums(w[:, None] * x),
        y=therapist_sums(w * y),
        xx=np.array([piece.T @ piece for piece in pieces]),
        xy=np.array([(w[:, None] * x)[own == k].T @ y[own == k] for k in range(len(clinics))]),
        yy=np.bincount(own, w * y**2, minlength=len(clinics)).astype(float),
        log_weight=float(np.log(w).sum()),
    )


def _check_rows(x: Floats, y: Floats, w: Floats, n_keys: int) -> None:
    if x.ndim != 2 or y.ndim != 1 or not len(x) == len(y) == len(w) == n_keys:
        raise OptionError("The rows of `x`, `y`, `clinic`, `therapist` and `weights` differ in number.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise OptionError("A value of `x` or `y` is missing. Leave its row out.")
    if not (np.isfinite(w).all() and (w > 0).all()):
        raise OptionError("A weight is missing or not above 0. Leave its row out.")


def merge_sums(*parts: NestedSums) -> NestedSums:
    """Return the sums of all parts together; a therapist of a clinic may be in several.

    Raises
    ------
    OptionError
        The parts have different columns.

    Examples
    --------
    >>> one = nested_sums([[1.0]], [4.0], ["A"], ["a1"])
    >>> other = nested_sums([[1.0], [1.0]], [6.0, 9.0], ["A", "B"], ["a1", "b1"])
    >>> merge_sums(one, other).y.tolist()
    [10.0, 9.0]
    """
    if len({part.names for part in parts}) != 1:
        raise OptionError("The parts have different columns. Give sums of one design.")
    keys = [(part.clinics[c], t) for part in parts for c, t in zip(part.clinic_of, part.therapists, strict=True)]
    frame = pd.DataFrame(keys, columns=["clinic", "therapist"], dtype=object)
    which = frame.groupby(["clinic", "therapist"], sort=True, dropna=False).ngroup().to_numpy()
    first = frame.iloc[np.unique(which, return_index=True)[1]]
    clinic_of, clinics = pd.factorize(first["clinic"])
    place = {name: k for k, name in enumerate(clinics)}
    own = np.array([place[name] for part in parts for name in part.clinics])

    def added(field: str, where: NDArray[Any], count: int) -> NDArray[Any]:
        values = np.concatenate([getattr(part, field) for part in parts])
        out = np.zeros((count, *values.shape[1:]), dtype=values.dtype)
        np.add.at(out, where, values)
        return out

    of_therapists = {field: added(field, which, len(first)) for field in ("n", "weight", "x", "y")}
    if any(len(part.xx) != len(part.clinics) for part in parts):  # of all together
        own, n_sums = np.zeros(sum(len(part.xx) for part in parts), dtype=np.intp), 1
    else:
        n_sums = len(clinics)
    of_clinics = {field: added(field, own, n_sums) for field in ("xx", "xy", "yy")}
    return NestedSums(
        names=parts[0].names,
        clinics=tuple(clinics),
        therapists=tuple(first["therapist"]),
        clinic_of=np.asarray(clinic_of, dtype=np.intp),
        log_weight=float(sum(part.log_weight for part in parts)),
        **of_therapists,
        **of_clinics,
    )


def independent_columns(gram: ArrayLike) -> tuple[int, ...]:
    """Return which columns of a design are no combination of earlier ones, from its cross-products (p, p).

    Examples
    --------
    >>> independent_columns([[2.0, 2.0, 1.0], [2.0, 2.0, 1.0], [1.0, 1.0, 5.0]])
    (0, 2)
    """
    gram = np.asarray(gram, dtype=float)
    size = np.sqrt(np.diag(gram))
    scaled = gram / np.where(np.outer(size, size) > 0, np.outer(size, size), 1.0)
    kept: list[int] = []
    for k in range(len(gram)):
        explained = 0.0
        if kept:
            within = scaled[np.ix_(kept, kept)]
            explained = float(scaled[kept, k] @ np.linalg.solve(within, scaled[kept, k]))
        if scaled[k, k] - explained > DEPENDENT:
            kept.append(k)
    return tuple(kept)
