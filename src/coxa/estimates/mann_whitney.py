"""The probability that a participant of one arm has a higher value than one of another, as Mann and Whitney count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from coxa.arguments import FRAME, kinds
from coxa.errors import FitError, OptionError, check_level, check_option, not_allowed
from coxa.estimates.table import Estimates
from coxa.estimates.win_ratio import MeasuredEndpoint, pair_shares
from coxa.models.design.columns import coded, label_text
from coxa.models.design.rows import check_unique
from coxa.models.ordinal.data import category_numbers, declared_levels

Method = Literal["brunner_munzel", "delong"]
METHODS: tuple[Method, ...] = get_args(Method)

WORDS = {
    "brunner_munzel": "Brunner and Munzel's test and limits, t distribution",
    "delong": "DeLong's variance, normal on the logit scale",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """Two groups compared by pairs.

    value     : P(higher) + P(same) / 2
    std_error : from the variances of the placements, with n - 1
    df        : by Satterthwaite
    """

    value: float
    std_error: float
    df: float


@kinds(data=FRAME)
def win_probability(
    data: pd.DataFrame,
    outcome: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    levels: Sequence[Any] | None = None,
    method: Method = "brunner_munzel",
    higher_is_better: bool = True,
    participant: str = "participant_id",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the probability that a participant of an arm has a better value than one of the reference.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed; rows without outcome or arm are left out and counted in `warning`.
    outcome : str
        Column of numbers, or of categories.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first.
    levels : sequence, optional
        Categories from the lowest to the highest; needed unless the outcome is a number or ordered categorical.
    method : {"brunner_munzel", "delong"}
        Both have the same estimate and standard error. Brunner and Munzel's limits and test are of the t distribution
        with Satterthwaite's degrees of freedom; DeLong's are normal, on the logit scale so that no limit is outside 0
        and 1.
    higher_is_better : bool
        Which of two values wins.
    participant : str
        Column that says whose row it is; where there is one, no participant may have two rows.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        Rows `win_probability`: P(better) + P(same) / 2, which is Mann and Whitney's U over the number of pairs, and the
        area under the ROC curve; 0.5 where neither has the better values. `std_error` is that of the probability, and
        `statistic` and `p_value` are of the test against 0.5, which holds also where spreads differ. Rows `win_odds`
        have that probability over its complement, the standard error of its logarithm, and the same test.

    Raises
    ------
    FitError
        An arm has one participant, or all pairs are decided for one arm, which leaves no variance.
    OptionError
        A column or an option is not allowed.

    Notes
    -----
    Sources: Brunner & Munzel, Biometrical Journal 2000, 42:17-25; DeLong, DeLong & Clarke-Pearson, Biometrics 1988,
    44:837-845.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": ["none", "mild", "severe", "mild"] + ["none", "mild"] * 2})
    >>> e = win_probability(d, "pain", levels=["none", "mild", "severe"])
    >>> e.frame[["term", "estimate", "std_error", "df"]].round(3).values.tolist()
    [['win_probability', 0.312, 0.191, 5.321], ['win_odds', 0.455, 0.889, 5.321]]
    """
    check_level(conf_level)
    check_option("method", method, METHODS)
    values, arms, names, left_out = two_columns(data, outcome, arm, levels, participant)
    reference = names[0] if against is None else check_option("against", label_text(against), names)
    shared: dict[str, Any] = {
        "outcome": outcome,
        "reference": reference,
        "conf_level": conf_level,
        "method": f"Mann and Whitney's probability; {WORDS[method]}",
        "warning": f"{left_out} rows without {outcome} or {arm} are left out" if left_out else "",
    }
    rows = []
    for name in names:
        if name != reference:
            both = np.isin(arms, [names.index(name), names.index(reference)])
            signed = values[both] if higher_is_better else -values[both]
            found = limits(compared(signed, arms[both] == names.index(name)), method, conf_level)
            behind = {"arm": name, "n_participants": int(both.sum()), "n_observations": int(both.sum())}
            rows += [{**shared, **behind, **row} for row in wins_and_odds(found)]
    return Estimates.of(rows)


def wins_and_odds(row: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Yield the row of a win probability, and that of its odds: the same test, and limits taken to their scale."""
    yield {**row, "term": "win_probability"}
    value = row["estimate"]
    odds: dict[str, Any] = {name: of_odds(row[name]) for name in ("estimate", "conf_low", "conf_high") if name in row}
    yield {**row, **odds, "std_error": row["std_error"] / (value * (1 - value)), "term": "win_odds"}


def of_odds(share: float) -> float:
    """Return a probability over its complement, which of 1 is infinite."""
    return share / (1 - share) if share < 1 else float("inf")


def two_columns(
    data: pd.DataFrame, outcome: str, arm: str, levels: Sequence[Any] | None, participant: str
) -> tuple[np.ndarray, np.ndarray, list[str], int]:
    """Return values and arms (n,) of the rows that have both, the names of the arms, and how many rows have not."""
    for column in (outcome, arm):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    complete = data[[outcome, arm]].notna().all(axis=1).to_numpy()
    if participant in data.columns:
        check_unique(data, complete, (participant,))
    values = data.loc[complete, outcome]
    if levels is None and pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=float)
    else:
        numbers = category_numbers(data[outcome], declared_levels(data[outcome], levels))[complete]
    arms = data.loc[complete, [arm]]
    if pd.api.types.is_numeric_dtype(arms[arm].dtype):
        arms = arms.astype(pd.CategoricalDtype(sorted(arms[arm].unique())))
    frame, known, _ = coded(arms, [arm], arms.index)
    names = [label_text(level) for level in known[arm]]
    if len(names) < 2:
        raise FitError(f"'{arm}' has one level, {names[0] if names else 'none'}", ["Give two arms or more."])
    return numbers, frame[arm].cat.codes.to_numpy().astype(int), names, int((~complete).sum())


def compared(values: np.ndarray, treated: np.ndarray) -> Compared:
    """Return the comparison of the treated (n,) with the others."""
    sizes = np.array([treated.sum(), (~treated).sum()])
    if sizes.min() < 2:
        raise FitError("an arm has one participant, and no variance", ["Leave the arm out."])
    won, lost, _ = pair_shares([MeasuredEndpoint(values)], treated.astype(int))
    placements = [(1 + win - loss) / 2 for win, loss in zip(won, lost, strict=True)]
    parts = np.array([each.var(ddof=1) for each in placements]) / sizes
    if not parts.sum() > 0:
        raise FitError(
            "all pairs are decided for the same arm, or all are tied, so that there is no variance",
            ["Report the probability, 0, 0.5 or 1, and the two distributions."],
        )
    df = parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum()
    return Compared(float(placements[0].mean()), float(np.sqrt(parts.sum())), float(df))


def limits(found: Compared, method: Method, conf_level: float) -> dict[str, float]:
    """Return the row's numbers: limits and a test that agree with each other."""
    value, error = found.value, found.std_error
    row = {"estimate": value, "std_error": error}
    if method == "brunner_munzel":
        t, half = (value - 0.5) / error, float(stats.t.ppf((1 + conf_level) / 2, found.df)) * error
        p = float(2 * stats.t.sf(abs(t), found.df))
        ends = max(value - half, 0.0), min(value + half, 1.0)
        return {**row, "df": found.df, "statistic": t, "p_value": p, "conf_low": ends[0], "conf_high": ends[1]}
    slope = value * (1 - value)
    centre, half = float(logit(value)), float(stats.norm.ppf((1 + conf_level) / 2)) * error / slope
    z = centre * slope / error
    low, high = float(expit(centre - half)), float(expit(centre + half))
    return {**row, "statistic": z, "p_value": float(2 * stats.norm.sf(abs(z))), "conf_low": low, "conf_high": high}
