"""Differences of marginal means, and joint tests of terms."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from coxa.errors import OptionError, not_allowed
from coxa.estimates.means import check_level, counts, described, kept, numbers, visit_of
from coxa.estimates.reference_grid import reference_grid
from coxa.estimates.table import Estimates
from coxa.models.fit import Fit


def contrasts(
    fit: Fit,
    over: str = "arm",
    *,
    against: str | None = "usual_care",
    by: str | None = "visit",
    weights: str = "equal",
    at: Mapping[str, Any] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate differences of marginal means, at each visit, with unadjusted limits and p-values.

    Parameters
    ----------
    fit : Fit
    over : str
        Factor whose levels are compared.
    against : str or None
        Level that the others are compared with (level less reference), or None for all pairs (the later level less
        the earlier).
    by, weights, at, conf_level
        As in `coxa.estimates.marginal_means`.

    Returns
    -------
    Estimates
        `n_participants` and `n_observations` are of both levels together.

    Raises
    ------
    OptionError
        The reference, a factor or an option is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> contrasts(fit_ancova("y ~ arm", d), against="a").frame["estimate"].round(6).to_list()
    [3.0]
    """
    check_level(conf_level)
    grid = reference_grid(fit, kept(fit, over, by), weights=weights, at=at)
    counted = counts(fit, grid)
    place = {key: k for k, key in enumerate(grid.keys)}
    rests = list(dict.fromkeys(key[1:] for key in grid.keys))
    pairs = [
        ((level, *rest), (reference, *rest))
        for rest in rests
        for level, reference in compared(list(fit.design.levels[over]), against, over)
    ]
    rows = np.array([grid.rows[place[left]] - grid.rows[place[right]] for left, right in pairs])
    method = described(fit, over, by, weights, at)
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "visit": visit_of(fit, left),
            "arm": str(left[0]),
            "reference": str(right[0]),
            "term": "difference",
            "n_participants": counted[left][0] + counted[right][0],
            "n_observations": counted[left][1] + counted[right][1],
            "method": method,
            "warning": "; ".join(fit.warnings),
        }
        for (left, right), row in zip(pairs, numbers(fit, rows, conf_level), strict=True)
    )


def compared(levels: list[Any], against: str | None, over: str) -> list[tuple[Any, Any]]:
    """Return the pairs (level, reference) to compare."""
    if against is None:
        return sorted(
            ((later, earlier) for earlier, later in combinations(levels, 2)),
            key=lambda pair: (levels.index(pair[1]), levels.index(pair[0])),
        )
    named = {str(level): level for level in levels}
    if str(against) not in named:
        raise OptionError(not_allowed(f"level of {over} to compare against", against, named))
    return [(level, named[str(against)]) for level in levels if str(level) != str(against)]


def joint_test(fit: Fit, term: str) -> Estimates:
    """Test that all coefficients of a term are zero: one row, F in `statistic`, the denominator in `df`.

    Parameters
    ----------
    fit : Fit
    term : str
        Name of a term, its factors in any order: ``arm:visit``.

    Raises
    ------
    OptionError
        There is no such term, or it is part of a higher one, where its coefficients are effects at the reference
        level of the other factor and not what its name says.

    Notes
    -----
    The numerator's degrees of freedom are in `method`.
    """
    parts = {frozenset(name.split(":")): name for name in fit.design.terms}
    wanted = frozenset(part.strip() for part in term.split(":"))
    if wanted not in parts:
        raise OptionError(not_allowed("term", term, fit.design.terms))
    higher = [name for factors, name in parts.items() if wanted < factors]
    if higher:
        raise OptionError(
            f"'{term}' is part of '{higher[0]}': its coefficients are effects at a reference level; test "
            f"'{higher[0]}', or compare marginal means with contrasts()"
        )
    tested = fit.joint_test(np.eye(len(fit.params))[list(fit.design.terms[parts[wanted]])])
    return Estimates.of(
        [
            {
                "outcome": fit.outcome,
                "term": "joint_test",
                "df": tested.df_denominator,
                "statistic": tested.statistic,
                "p_value": tested.p_value,
                "n_participants": fit.n_participants,
                "n_observations": fit.n_observations,
                "method": f"{fit.method}; F test of {term} with {tested.df} numerator degrees of freedom",
                "warning": "; ".join(fit.warnings),
            }
        ]
    )
