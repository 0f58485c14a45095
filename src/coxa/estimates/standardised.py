"""Differences in units of a standard deviation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import FitError, OptionError, check_level, not_allowed
from coxa.estimates.table import ESTIMATES, Estimates


@kinds(differences=ESTIMATES, data=FRAME)
def standardised_effect(
    differences: Estimates,
    data: pd.DataFrame,
    *,
    response: str,
    arm: str = "arm",
    visit: str | None = "visit",
    conf_level: float = 0.95,
) -> Estimates:
    """Divide differences by the pooled standard deviation of a column: Hedges' g, with its limits by pingouin.

    Parameters
    ----------
    differences : Estimates
        Rows with term ``difference``; each gives its arm, reference and visit.
    data : DataFrame
        The rows from which the standard deviation comes. Not changed.
    response : str
        Column whose standard deviation is the unit: the outcome itself, or for instance the baseline score.
    arm : str
        Column of the arms in `data`.
    visit : str or None
        Column of the visits in `data`: only rows of the difference's own visit are used. None uses all rows.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        g has the sign of the difference. `method` names the standard deviation and its value.

    Raises
    ------
    OptionError
        A row is no difference, or a column is not in the data.
    FitError
        An arm has fewer than two values.

    Notes
    -----
    Source: Hedges, Journal of Educational Statistics 1981, 6:107-128. The small-sample correction and the limits
    are those of pingouin's `convert_effsize` and `compute_esci`; the limits take the difference as one of two
    plain means, so they do not profit from covariates.

    Examples
    --------
    >>> from coxa.estimates.differences import contrasts
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> e = standardised_effect(contrasts(fit_ancova("y ~ arm", d), against="a"), d, response="y", visit=None)
    >>> e.frame["estimate"].round(3).to_list()
    [2.4]
    """
    check_level(conf_level)
    columns = [response, arm] + ([visit] if visit is not None else [])
    for column in columns:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    if set(differences.frame["term"]) - {"difference"}:
        raise OptionError("only differences can be standardised: estimates.only(term='difference')")
    used = data[columns].dropna()
    rows = []
    for _, row in differences.frame.iterrows():
        here = used if visit is None else used[used[visit].astype(str) == row["visit"]]
        named = here[arm].astype(str)
        groups = [here.loc[named == row[side], response].to_numpy(dtype=float) for side in ("arm", "reference")]
        rows.append(hedges(row, groups, response, conf_level))
    return Estimates.of(rows)


def hedges(row: pd.Series, groups: list[np.ndarray], response: str, conf_level: float) -> dict[str, Any]:
    """Return the row of one standardised difference."""
    import pingouin

    n, m = (len(values) for values in groups)
    if min(n, m) < 2:
        raise FitError(
            f"'{response}' has {n} values in {row['arm']} and {m} in {row['reference']} at visit '{row['visit']}'; "
            "a standard deviation needs two in each",
            ["Give the data that hold this visit, or visit=None for a column without visits."],
        )
    sd = float(np.sqrt(((n - 1) * groups[0].var(ddof=1) + (m - 1) * groups[1].var(ddof=1)) / (n + m - 2)))
    g = float(pingouin.convert_effsize(row["estimate"] / sd, "cohen", "hedges", nx=n, ny=m))
    low, high = pingouin.compute_esci(g, nx=n, ny=m, eftype="hedges", confidence=conf_level, decimals=12)
    kept = ("estimand", "analysis", "outcome", "visit", "arm", "reference", "warning")
    return {
        **{key: row[key] for key in kept},
        "term": "standardised_difference",
        "estimate": g,
        "conf_low": low,
        "conf_high": high,
        "conf_level": conf_level,
        "n_participants": n + m,
        "n_observations": n + m,
        "method": f"Hedges' g: difference over the pooled SD of {response} ({sd:.6g}); {row['method']}",
    }
