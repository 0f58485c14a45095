"""How much the data say of each direction of the covariance parameters, counted in participants.

The unit is the information of one participant who was seen at all visits and whose mean is known,
J_kl = tr(R^-1 R_k R^-1 R_l) / 2. The eigenvalues of an information matrix relative to J do not depend on how the
covariance is parametrised: the smallest is the number of participants from whom the least known direction is known.
It is zero where the likelihood is flat.

The expected information of the restricted likelihood has tr(P R_k P R_l) / 2. Its rank depends on the design and on
who was seen when, not on the outcome, and for a covariance linear in its parameters not on these either (the range of
P is what the fixed effects leave over): a direction without it is known before anything is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.covariances import covariances, first_derivatives, of_groups, visit_times
from coxa.models.numerics.reml import expected_information, likelihood
from coxa.models.numerics.stack import Stack

NOTHING = 1e-6
"""Participants below which the data say nothing of a direction: rounding leaves 1e-12, one residual 0.01 or more."""

NEIGHBOURS = 0.5
"""Correlation of neighbouring visits at which the rank of the information is taken, fading as its powers: no
derivative of a structure is zero there, as it would be without correlation."""

STEP = 1e-4
"""Step along a direction in which the parameters that a reader knows are seen to move, as part of its length."""

MOVED = 0.1
"""Movement of a parameter, relative to the largest, from which a direction is named after it."""


def information_of_one(covariance: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the information (K, K) of one participant with a covariance (m, m) and its derivatives (K, m, m)."""
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = (root @ first @ root.T).reshape(len(first), -1)
    return 0.5 * whitened @ whitened.T


def one_participant(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the information of one participant seen at all visits in each group, shape (BK, BK)."""
    size = structure.count(sums.m)
    total = np.zeros((len(theta), len(theta)))
    for g, own in enumerate(of_groups(sums, theta)):
        times, mine = visit_times(sums, g), slice(g * size, (g + 1) * size)
        total[mine, mine] = information_of_one(structure.matrix(own, times), structure.first(own, times))
    return total


def in_participants(information: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the data say of each direction, least first (K,), and the directions as columns (K, K).

    A direction in which the covariance itself does not move has nothing of either: it counts as known from none.

    Examples
    --------
    >>> in_participants(np.diag([6.0, 20.0]), np.diag([0.5, 2.0]))[0]
    array([10., 12.])
    """
    scale = 1 / np.sqrt(np.maximum(np.diag(unit), np.finfo(float).tiny))
    moved, directions = np.linalg.eigh(scale[:, None] * unit * scale)
    length = np.sqrt(np.maximum(moved, len(moved) * np.finfo(float).eps * moved[-1]))
    basis = scale[:, None] * directions / length
    values, vectors = np.linalg.eigh(basis.T @ information @ basis)
    return values, basis @ vectors


def unidentified(sums: Stack, structure: Structure, labels: Sequence[str], *, reml: bool) -> list[str]:
    """Return the names of the parameters of which design and pattern of visits say nothing, whatever the outcome."""
    lags = np.abs(np.subtract.outer(np.arange(sums.m), np.arange(sums.m)))
    start = NEIGHBOURS ** lags.astype(float)
    theta = np.concatenate([structure.start(start, visit_times(sums, g)) for g in range(sums.groups)])
    at = likelihood(sums, covariances(sums, structure, theta), reml=reml)
    first = first_derivatives(sums, structure, theta)
    values, directions = in_participants(expected_information(sums, at, first), one_participant(sums, structure, theta))
    return named(sums, structure, theta, directions[:, values < NOTHING], labels)


def named(
    sums: Stack, structure: Structure, theta: np.ndarray, directions: np.ndarray, labels: Sequence[str]
) -> list[str]:
    """Return the names of the parameters that move along directions (BK, n)."""
    moved: dict[str, float] = {}
    for direction in directions.T:
        step = STEP * direction / np.linalg.norm(direction)
        ends = [parameters_of(sums, structure, theta + sign * step, labels) for sign in (1, -1)]
        change = {name: abs(value - ends[1][name]) for name, value in ends[0].items()}
        largest = max(change.values())
        moved |= {name: value for name, value in change.items() if value > MOVED * largest}
    return [name for name in parameters_of(sums, structure, theta, labels) if name in moved]


def parameters_of(sums: Stack, structure: Structure, theta: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Return the parameters of all groups by name, with the number of the group where there are several."""
    return {
        f"{name} of group {g + 1}" if sums.groups > 1 else name: value
        for g, own in enumerate(of_groups(sums, theta))
        for name, value in structure.parameters(own, visit_times(sums, g), labels).items()
    }
