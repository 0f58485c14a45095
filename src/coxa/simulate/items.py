"""Answers to the items of a questionnaire whose score is, on average, exactly the score that was meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]

SPREAD = 0.8
"""How much the items of a scale differ in difficulty: 0 not at all, 1 the most that keeps the mean exact."""


def item_difficulties(n_items: int, spread: float = SPREAD) -> Floats:
    """Return difficulties of k items, evenly spread, with sum 0; positive items are answered worse.

    The order alternates so that neighbouring items differ.

    Examples
    --------
    >>> item_difficulties(4, spread=0.6).round(1).tolist()
    [-0.6, 0.2, -0.2, 0.6]
    """
    even = np.linspace(-spread, spread, n_items) if n_items > 1 else np.zeros(1)
    return np.concatenate([even[0::2], even[1::2]])


def draw_item_codes(
    rng: np.random.Generator, score: ArrayLike, n_items: int, *, top: int = 4, spread: float = SPREAD
) -> Codes:
    """Draw the item codes of a scale that is scored 100 - 100 * mean / top (0 worst, 100 best).

    Parameters
    ----------
    rng
        Generator.
    score
        (n,) scores meant, 0 to 100.
    n_items
        Number of items of the scale, k.
    top
        Worst code of an item; the best is 0.
    spread
        Spread of the item difficulties, 0 to 1.

    Returns
    -------
    (n, k) array
        Codes 0 to `top`. The score of the codes has the mean `score` exactly: with severity p = 1 - score/100,
        item j has the expected code `top * (p + h_j p (1 - p))` with difficulties h_j that sum to 0, and is
        rounded up or down at random in proportion to its fraction.
    """
    severity = 1.0 - np.asarray(score, dtype=float)[:, None] / 100.0
    expected = top * (severity + item_difficulties(n_items, spread) * severity * (1.0 - severity))
    return np.clip(np.floor(expected + rng.random(expected.shape)), 0, top).astype(np.int8)


def draw_rating(rng: np.random.Generator, value: ArrayLike, *, low: int, high: int) -> Floats:
    """Draw (n,) whole-number ratings whose mean is `value`, cut to the range from `low` to `high`."""
    meant = np.clip(np.asarray(value, dtype=float), low, high)
    return np.clip(np.floor(meant + rng.random(meant.shape)), low, high)


def draw_item_gaps(
    rng: np.random.Generator, n_forms: int, scales: ArrayLike, *, item: float, page: float
) -> NDArray[np.bool_]:
    """Draw which items are left unanswered.

    Parameters
    ----------
    rng
        Generator.
    n_forms
        Number of forms filled in.
    scales
        (k,) scale of each item; a scale stands for a page of the form.
    item, page
        Probability that a single item, or a whole page, is skipped.

    Returns
    -------
    (n_forms, k) array
        True where there is no answer.
    """
    names, place = np.unique(np.asarray(scales), return_inverse=True)
    single = rng.random((n_forms, len(place))) < item
    pages = rng.random((n_forms, len(names))) < page
    return np.asarray(single | pages[:, place])
