"""Any linear combination, by the names of marginal means or of coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coxa.errors import OptionError, check_level, not_allowed
from coxa.estimates.means import described, kept, numbers
from coxa.estimates.reference_grid import Averaging, check_fit, reference_grid
from coxa.estimates.table import Estimates
from coxa.models.results.fit import Fit


def linear_combination(
    fit: Fit,
    combination: Mapping[str, float] | Mapping[str, Mapping[str, float]],
    *,
    over: str = "arm",
    by: str | None = "visit",
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate linear combinations of marginal means, of coefficients, or of both.

    Parameters
    ----------
    fit : Fit
    combination : mapping
        Name -> weight, or label -> (name -> weight) for several. A name is a marginal mean, ``exercise@week_12``
        (level of `over`, at, level of `by`; the level alone where `by` is None or the model has one visit), or a
        coefficient: ``baseline``, ``arm[exercise]:visit[week_12]``.
    over, by, at, conf_level
        As in `coxa.estimates.marginal_means`.
    averaging : {"equal", "proportional", "counterfactual"}
        `averaging` of the marginal means.

    Returns
    -------
    Estimates
        One row for each combination, its label in `arm`; without a label that is the combination itself.

    Raises
    ------
    OptionError
        A name is neither a marginal mean nor a coefficient, or is both; or all weights are zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aabbcc"), "y": [1.0, 2, 3, 4, 6, 7]})
    >>> e = linear_combination(fit_ancova("y ~ arm", d), {"a": -1, "b": 0.5, "c": 0.5})
    >>> e.frame[["arm", "estimate"]].round(6).to_dict("records")
    [{'arm': '-1 a + 0.5 b + 0.5 c', 'estimate': 3.5}]
    """
    check_level(conf_level)
    check_fit(fit)
    grid = reference_grid(fit, kept(fit, over, by), averaging=averaging, at=at)
    known = {"@".join(map(str, key)): row for key, row in zip(grid.keys, grid.rows, strict=True)}
    coefficients = dict(zip(fit.params.index, np.eye(len(fit.params)), strict=True))
    both = [name for name in known if name in coefficients]
    known |= {name: row for name, row in coefficients.items() if name not in known}
    labelled = labelled_combinations(combination)
    rows = []
    for label, combination in labelled.items():
        for name in combination:
            if name not in known:
                raise OptionError(not_allowed("mean or coefficient", name, known))
            if name in both:
                raise OptionError(f"'{name}' is both a mean and a coefficient; rename the level or the column")
        row = sum((weight * known[name] for name, weight in combination.items()), np.zeros(len(fit.params)))
        if not row.any():
            raise OptionError(f"the combination '{label}' is zero for all coefficients")
        rows.append(row)
    method = described(fit, over, by, averaging, at)
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "arm": label,
            "term": "linear_combination",
            "n_participants": fit.n_participants,
            "n_observations": fit.n_observations,
            "method": f"{in_words(combination)}; {method}",
            "warning": "; ".join(fit.warnings),
        }
        for (label, combination), row in zip(labelled.items(), numbers(fit, np.array(rows), conf_level), strict=True)
    )


def labelled_combinations(weights: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return label -> (name -> weight), whichever of the two ways they were given."""
    nested = [isinstance(value, Mapping) for value in weights.values()]
    if not nested or (any(nested) and not all(nested)):
        raise OptionError("weights are name -> weight, or label -> {name: weight}, at least one and not mixed")
    if all(nested):
        return {str(label): {str(n): float(w) for n, w in inner.items()} for label, inner in weights.items()}
    single = {str(name): float(weight) for name, weight in weights.items()}
    return {in_words(single): single}


def in_words(combination: Mapping[str, float]) -> str:
    """Return a combination as text.

    Examples
    --------
    >>> in_words({"a": 1, "b": -0.5})
    '1 a - 0.5 b'
    """
    parts = [f"{'-' if w < 0 else '+'} {abs(w):g} {name}" for name, w in combination.items()]
    return " ".join(parts).removeprefix("+ ").replace("- ", "-", 1 if parts[0].startswith("-") else 0)
