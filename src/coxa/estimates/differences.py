"""Differences of marginal means, and joint tests of terms."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_kind, check_level, check_option, not_allowed
from coxa.estimates.means import counts, described, grid_of, numbers, visit_of
from coxa.estimates.profile import Profile
from coxa.estimates.reference_grid import Averaging, Grid, check_fit
from coxa.estimates.simultaneous import PAIRWISE, WITH_LIMITS, Adjustment, Family, check_adjustment, simultaneous
from coxa.estimates.table import Estimates
from coxa.models.results.fit import Fit


def contrasts(
    fit: Fit,
    over: str = "arm",
    *,
    against: str | None = None,
    by: str | None = "visit",
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
    over_time: Profile | None = None,
    adjust: Adjustment = "none",
    family: Family = "visit",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate differences of marginal means, at each visit or over them.

    Parameters
    ----------
    fit : Fit
    over : str
        Factor whose levels are compared.
    against : str or None
        Level that the others are compared with (level less reference); unless given the factor's reference level, its
        first. "pairwise" compares all pairs (the later level less the earlier).
    by, averaging, at, over_time, conf_level
        As in `coxa.estimates.marginal_means`.
    adjust : {"none", "dunnett", "tukey"}
        p-values and limits that hold for a family together: of comparisons with one reference (Dunnett,
        multivariate t), or of all pairs (Tukey, studentised range). For p-values alone there is
        `coxa.estimates.adjust_multiplicity`.
    family : {"visit", "all"}
        What a family is: the comparisons at one visit, or (Dunnett) all of them.

    Returns
    -------
    Estimates
        `n_participants` and `n_observations` are of both levels together. A difference that the model fixes at
        zero (between arms at baseline, in a cLDA) has no row.

    Raises
    ------
    OptionError
        The reference, a factor or an option is not allowed.

    Notes
    -----
    Sources of the adjustments: `coxa.estimates.simultaneous`.

    Examples
    --------
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> contrasts(fit_ancova("y ~ arm", d), against="a").frame["estimate"].round(6).to_list()
    [3.0]
    """
    check_level(conf_level)
    check_fit(fit)
    check_adjustment(adjust, family, against)
    grid = grid_of(fit, over, by, averaging, at, over_time)
    counted = counts(fit, grid, over_time)
    pairs, rows = compared_rows(fit, grid, against)
    found = numbers(fit, rows, conf_level)
    method = described(fit, over, by, averaging, at, over_time)
    if adjust != "none":
        families = ["" if family == "all" else left[1:] for left, _ in pairs]
        found = simultaneous(fit, rows, found, families, adjust, len(fit.design.levels[over]))
        method += f"; p and limits by {WITH_LIMITS[adjust]}, over {len(pairs) // len(set(families))} comparisons"
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "visit": visit_of(fit, left),
            "arm": str(left[0]),
            "reference": str(right[0]),
            "term": f"difference_in_{over_time.term}" if over_time else "difference",
            "n_participants": counted[left][0] + counted[right][0],
            "n_observations": counted[left][1] + counted[right][1],
            "method": method,
            "warning": "; ".join(fit.warnings),
        }
        for (left, right), row in zip(pairs, found, strict=True)
    )


def contrast_rows(
    fit: Fit,
    over: str = "arm",
    *,
    against: str | None = None,
    by: str | None = "visit",
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
    over_time: Profile | None = None,
) -> pd.DataFrame:
    """Return the weights that differences give the coefficients, for `Fit.test` or `coxa.models.results.influence`.

    Parameters
    ----------
    fit, over, against, by, averaging, at, over_time
        As in `contrasts`.

    Returns
    -------
    DataFrame
        One row per difference, indexed by arm, reference and visit (empty over time), one column per coefficient.

    Examples
    --------
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> contrast_rows(fit_ancova("y ~ arm", d), against="a").loc["b", "a", ""].to_dict()
    {'Intercept': 0.0, 'arm[b]': 1.0}
    """
    pairs, rows = compared_rows(fit, grid_of(fit, over, by, averaging, at, over_time), against)
    named = [(str(left[0]), str(right[0]), visit_of(fit, left)) for left, right in pairs]
    index = pd.MultiIndex.from_tuples(named, names=["arm", "reference", "visit"])
    return pd.DataFrame(rows, index, fit.params.index)


def compared_rows(
    fit: Fit, grid: Grid, against: str | None
) -> tuple[list[tuple[tuple[Any, ...], tuple[Any, ...]]], np.ndarray]:
    """Return the combinations that are compared, and the difference of their rows (q, p); none that is zero."""
    place = {key: k for k, key in enumerate(grid.keys)}
    rests = list(dict.fromkeys(key[1:] for key in grid.keys))
    levels = compared(list(fit.design.levels[grid.factors[0]]), against)
    pairs = [((a, *rest), (b, *rest)) for rest in rests for a, b in levels]
    rows = np.array([grid.rows[place[left]] - grid.rows[place[right]] for left, right in pairs])
    free = np.flatnonzero((rows != 0).sum(axis=1))
    return [pairs[k] for k in free], rows[free]


def compared(levels: list[Any], against: str | None) -> list[tuple[Any, Any]]:
    """Return the pairs (level, reference) to compare."""
    if against == PAIRWISE:
        return sorted(
            ((later, earlier) for earlier, later in combinations(levels, 2)),
            key=lambda pair: (levels.index(pair[1]), levels.index(pair[0])),
        )
    named = {str(level): level for level in levels}
    against = str(levels[0]) if against is None else against
    check_option("against", str(against), list(named))
    return [(level, named[str(against)]) for level in levels if str(level) != str(against)]


def first_level(values: pd.Series) -> str:
    """Return the reference level of a column: the first category, or the first in alphabetical order.

    Examples
    --------
    >>> first_level(pd.Series(["usual_care", "exercise"]))
    'exercise'
    """
    there = values.dropna()
    if isinstance(there.dtype, pd.CategoricalDtype):
        return str(there.cat.remove_unused_categories().cat.categories[0])
    return str(min(there))


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

    Examples
    --------
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aabbcc"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> joint_test(fit_ancova("y ~ arm", d), "arm").frame[["statistic", "df"]].round(6).to_dict("records")
    [{'statistic': 16.0, 'df': 3.0}]
    """
    check_fit(fit)
    check_kind("term", term, str, "the name of a term, such as 'arm:visit'")
    parts = {frozenset(name.split(":")): name for name in fit.design.terms}
    wanted = frozenset(part.strip() for part in term.split(":"))
    if wanted not in parts:
        raise OptionError(not_allowed("term", term, fit.design.terms))
    higher = [name for factors, name in parts.items() if wanted < factors]
    if higher:
        raise OptionError(
            f"'{term}' is part of '{higher[0]}', so that its coefficients are effects at a reference level. "
            f"Test '{higher[0]}', or compare marginal means with contrasts()."
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
