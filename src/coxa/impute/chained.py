"""Missing covariates and baseline values by chained equations, without arm or outcome.

Each incomplete column is regressed on the others in turn, and a missing value is taken from one of the participants
whose prediction is nearest (predictive mean matching): imputed values are values that occur. In a randomised trial what
was measured before is independent of the arm, so that the arm has no part in it and one imputed set is enough for the
difference of the arms.

Sources: White & Thompson, Stat Med 2005, 24:993-1007, for baseline values in trials; White, Royston & Wood, Stat Med
2011, 30:377-399, for chained equations; Little, J Bus Econ Stat 1988, 6:287-296, for matching; Morris, White & Royston,
BMC Med Res Methodol 2014, 14:75, for the number of donors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_known
from coxa.models.design.rows import check_frame

RIDGE = 1e-5
"""Part of the mean square of a column that is added to it, so that columns may repeat each other."""


@dataclass(frozen=True, slots=True, repr=False)
class ImputedCovariates(Carded):
    """One row per participant without missing covariates, and what was imputed.

    data    : the rows that were given, with imputed values in their place
    table   : one row per column: `column, kind, n_imputed, share, method`
    where   : bool, of the same shape as the imputed columns, True where a value was imputed

    Examples
    --------
    >>> done = impute_covariates(pd.DataFrame({"age": [60.0, 61, 62, 63, 64, None, 66]}), ["age"], donors=2)
    >>> done.sentence.split(": ")[1], int(done.where["age"].sum())
    ('age (1).', 1)
    """

    data: pd.DataFrame = field(repr=False)
    table: pd.DataFrame
    where: pd.DataFrame = field(repr=False)

    @property
    def sentence(self) -> str:
        """What a methods section says."""
        imputed = self.table[self.table["n_imputed"] > 0]
        if not len(imputed):
            return "No covariate was missing."
        named = ", ".join(f"{row['column']} ({row['n_imputed']})" for row in imputed.to_dict("records"))
        return (
            f"Missing covariates were imputed once by chained equations with predictive mean matching, without arm and "
            f"outcome: {named}."
        )


@kinds(data=FRAME)
def impute_covariates(
    data: pd.DataFrame,
    columns: Sequence[str],
    *,
    arm: str = "arm",
    cycles: int = 10,
    donors: int = 5,
    seed: int = 1,
) -> ImputedCovariates:
    """Impute missing covariates and baseline values by chained equations.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    columns : sequence of str
        Covariates measured before randomisation: all that help to predict each other, with gaps or without. Numbers are
        numbers, anything else is a category.
    arm : str
        Column that is never used, and refused among the columns.
    cycles : int
        Rounds over all incomplete columns.
    donors : int
        Participants with the nearest predictions, of whom one gives the value.
    seed : int

    Returns
    -------
    ImputedCovariates

    Raises
    ------
    OptionError
        A column is unknown or the arm, or an option is below 1.
    FitError
        A column has fewer values than donors.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"age": rng.normal(60, 8, 50), "sex": rng.choice(["female", "male"], 50)})
    >>> d["baseline"] = 0.5 * d["age"] + rng.normal(size=50)
    >>> d.loc[[3, 7], "baseline"] = np.nan
    >>> d.loc[9, "sex"] = None
    >>> done = impute_covariates(d, ["age", "sex", "baseline"])
    >>> done.table["n_imputed"].tolist(), int(done.data.isna().sum().sum())
    ([0, 1, 2], 0)
    """
    data = check_frame(data)
    for name in columns:
        check_known("column", name, [str(column) for column in data.columns])
        if name == arm:
            raise OptionError(f"`columns` names the arm, '{arm}'. Leave it out: covariates are imputed without it.")
    if cycles < 1 or donors < 1:
        raise OptionError(f"`cycles` is {cycles} and `donors` {donors}. Give 1 or more of both.")
    coded = {name: coded_column(data[name], name, donors) for name in columns}
    rng = np.random.default_rng(seed)
    order = sorted((name for name in columns if coded[name].missing.any()), key=lambda name: coded[name].missing.sum())
    for name in order:
        column = coded[name]
        column.take(np.flatnonzero(column.missing), rng.choice(np.flatnonzero(~column.missing), column.missing.sum()))
    for _ in range(cycles if order else 0):
        for name in order:
            others = [coded[other].values for other in columns if other != name]
            match(coded[name], np.column_stack([np.ones(len(data)), *others]), donors, rng)
    filled = data.copy()
    for name in order:
        column = coded[name]
        filled[name] = data[name].array.take(column.source)
    rows = [
        {
            "column": name,
            "kind": coded[name].kind,
            "n_imputed": int(coded[name].missing.sum()),
            "share": float(coded[name].missing.mean()),
            "method": f"matching, {donors} donors" if name in order else "",
        }
        for name in columns
    ]
    where = pd.DataFrame({name: coded[name].missing for name in columns}, index=data.index)
    return ImputedCovariates(filled, pd.DataFrame(rows), where)


@dataclass(slots=True)
class CodedColumn:
    """A column as numbers, for which donors are looked for.

    values  : (n, d) the standardised number, or indicators of all levels but the first
    missing : (n,) bool
    source  : (n,) the row that each value comes from: its own where it was observed
    kind    : ``number`` or ``category``
    """

    values: np.ndarray
    missing: np.ndarray
    source: np.ndarray
    kind: str

    def take(self, rows: np.ndarray, donors: np.ndarray) -> None:
        """Give rows the values of others."""
        self.source[rows] = donors
        self.values[rows] = self.values[donors]


def coded_column(values: pd.Series, name: str, donors: int) -> CodedColumn:
    """Return a column as numbers; FitError where it has too few values."""
    missing = values.isna().to_numpy()
    if (~missing).sum() <= donors:
        raise FitError(
            f"column '{name}' has {int((~missing).sum())} values, from which {int(missing.sum())} cannot be imputed",
            ["Leave the column out.", "Use fewer donors."],
        )
    number = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
    if number:
        observed = values.to_numpy(dtype=float, na_value=np.nan)
        spread = float(np.nanstd(observed)) or 1.0
        coded = ((observed - np.nanmean(observed)) / spread)[:, None]
    else:
        codes, levels = pd.factorize(values)
        coded = (codes[:, None] == np.arange(1, len(levels))).astype(float)
    return CodedColumn(coded, missing, np.arange(len(values)), "number" if number else "category")


def match(column: CodedColumn, x: np.ndarray, donors: int, rng: np.random.Generator) -> None:
    """Give each missing value that of a participant with a near prediction.

    Predictions of those with a value are by the estimates, of those without by a draw of the coefficients: values are
    then as uncertain as the regression.

    x : (n, q) the other columns, with a constant
    """
    seen, gone = np.flatnonzero(~column.missing), np.flatnonzero(column.missing)
    gram = x[seen].T @ x[seen]
    gram[np.diag_indices_from(gram)] *= 1 + RIDGE
    lower = np.linalg.cholesky(gram)
    estimate = np.linalg.solve(gram, x[seen].T @ column.values[seen])
    left = column.values[seen] - x[seen] @ estimate
    free = max(1, len(seen) - x.shape[1])
    spread = left.T @ left / rng.chisquare(free)
    spread[np.diag_indices_from(spread)] += RIDGE
    noise = np.linalg.solve(lower.T, rng.standard_normal(estimate.shape)) @ np.linalg.cholesky(spread).T
    predicted, drawn = x[seen] @ estimate, x[gone] @ (estimate + noise)
    metric = np.linalg.inv(spread)
    for row, own in zip(gone, drawn, strict=True):
        away = predicted - own
        distance = np.einsum("ij,jk,ik->i", away, metric, away)
        nearest = np.argpartition(distance, donors - 1)[:donors]
        donor = seen[nearest[rng.integers(donors)]]
        column.take(np.array([row]), np.array([donor]))
