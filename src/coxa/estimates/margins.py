"""Tests of a difference against a margin: non-inferiority, superiority by a margin, equivalence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import OptionError, check_option
from coxa.estimates.simultaneous import WITH_LIMITS, simultaneous
from coxa.estimates.table import RATIOS, Estimates, null_value
from coxa.models.results.fit import Fit

MarginType = Literal["noninferiority", "superiority", "equivalence"]

ALPHA = {"noninferiority": 0.025, "superiority": 0.025, "equivalence": 0.05}
"""One-sided level where none is given; limits are then at 95%, and at 90% for equivalence."""

VERDICT = re.compile(rf"^({'|'.join(get_args(MarginType))}), (?:not )?shown: ")

TESTABLE = (
    "difference",
    "difference_in_average",
    "difference_in_slope",
    "difference_in_auc",
    "linear_combination",
    "subgroup_difference",
    "main_effect",
    "simple_effect",
    "risk_difference",
    "rate_difference",
    "difference_in_restricted_means",
    "win_probability",
    "net_benefit",
    *RATIOS,
)
"""Kinds of rows that compare two arms."""


def margin_test(
    differences: Estimates,
    margin: float,
    *,
    type: MarginType,
    higher_is_better: bool,
    alpha: float | None = None,
) -> Estimates:
    """Test differences or ratios against a margin.

    Parameters
    ----------
    differences : Estimates
        Comparisons of a model, each with its standard error, of a ratio that of the logarithm; `arm` less or over
        `reference`. Those without degrees of freedom are tested by the normal distribution.
    margin : float
        Of a difference, in units of its estimate (0.1 is ten percentage points of a difference in proportions), above
        0; for superiority it may be 0. Of a win probability, its distance from one half. Of a ratio, the ratio itself;
        1.25 and 0.8 are the same margin, and which side of 1 it is on follows from the direction.
    type : {"noninferiority", "superiority", "equivalence"}
        The arm is not worse than the reference by the margin or more; it is better by more than the margin; the
        difference lies within the margin either way (two one-sided tests).
    higher_is_better : bool
        Direction of the outcome: whether a positive difference, or a ratio above 1, favours the arm.
    alpha : float, optional
        Level of each one-sided test, below 0.5: 0.025, or 0.05 for equivalence, unless given.

    Returns
    -------
    Estimates
        One row for each difference, `term` the type of the test. `estimate`, `std_error` and `df` are those of
        the difference; `statistic` points in the direction of what is to be shown, `p_value` is one-sided (of the
        larger of the two for equivalence), the limits are at 1 - 2 alpha. `method` says it in a sentence. Limits
        and p-values are not adjusted for multiplicity: that is what `coxa.estimates.adjust_multiplicity` and
        `coxa.estimates.margins.simultaneous_margins` are for.

    Raises
    ------
    OptionError
        A row is no comparison or has no standard error, or an option is not allowed.

    Notes
    -----
    p_value < alpha exactly where the limits at 1 - 2 alpha stay on the right side of the margin. Sources:
    ICH E9 1998, section 3.3.2; Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 1987, 15:657-680.

    Examples
    --------
    >>> row = {"term": "difference", "arm": "a", "reference": "b", "estimate": -1.0, "std_error": 1.0, "df": 50.0}
    >>> tested = margin_test(Estimates.of([row]), 5.0, type="noninferiority", higher_is_better=True)
    >>> tested.frame[["statistic", "conf_level"]].to_dict("records")
    [{'statistic': 4.0, 'conf_level': 0.95}]
    """
    check_option("type", type, get_args(MarginType))
    check_margin(differences.frame["term"], margin, type)
    level = ALPHA[type] if alpha is None else alpha
    if not 0 < level < 0.5:
        raise OptionError(f"`alpha` is {alpha}. Give a one-sided level above 0 and below 0.5, such as 0.025.")
    wrong = sorted(set(differences.frame["term"]) - set(TESTABLE))
    if wrong:
        raise OptionError(
            f"The table has rows of a {wrong[0]}, which has no margin. Choose the differences by "
            "estimates.only(term='difference')."
        )
    if differences.frame["std_error"].isna().any():
        raise OptionError("Rows of the table have no standard error. Give differences that have one.")
    rows = [tested(row, margin, type, 1 if higher_is_better else -1, level) for _, row in differences.frame.iterrows()]
    return Estimates.of(rows)


def check_margin(terms: Iterable[str], margin: float, kind: MarginType) -> None:
    """Raise `OptionError` for a margin that is none of the rows that it is of."""
    ratio = any(term in RATIOS for term in terms)
    least = 1.0 if ratio else 0.0
    if 0 < margin < np.inf and margin != least:
        return
    if not (kind == "superiority" and margin == least):
        unit = "a ratio other than 1" if ratio else "a number above 0, in units of the outcome"
        raise OptionError(f"`margin` is {margin}. Give {unit}.")


def on_scale(term: str, value: float) -> float:
    """Return an estimate or limit on the scale on which it is tested, 0 where arms do not differ."""
    if term in RATIOS:
        return float(np.log(value)) if value > 0 else -np.inf
    return value - null_value(term)


def off_scale(term: str, value: float) -> float:
    """Return what `on_scale` was given."""
    return float(np.exp(value)) if term in RATIOS else value + null_value(term)


def distance(term: str, margin: float) -> float:
    """Return how far a margin is from no difference, on the scale of the test."""
    return abs(float(np.log(margin))) if term in RATIOS else margin


def tested(row: pd.Series, margin: float, kind: MarginType, sign: int, alpha: float) -> dict[str, Any]:
    """Return the row of one test; `sign` is -1 where lower is better."""
    term = str(row["term"])
    estimate, se, far = on_scale(term, row["estimate"]), row["std_error"], distance(term, margin)
    benefit = sign * estimate
    statistic = {
        "noninferiority": (benefit + far) / se,
        "superiority": (benefit - far) / se,
        "equivalence": (far - abs(benefit)) / se,
    }[kind]
    law = stats.norm() if pd.isna(row["df"]) else stats.t(row["df"])
    p_value = float(law.sf(statistic))
    half = law.isf(alpha) * se
    limits = (off_scale(term, estimate - half), off_scale(term, estimate + half))
    return as_tested(row, margin, kind, sign, alpha, {"statistic": statistic, "p_value": p_value}, limits)


def as_tested(
    row: pd.Series,
    margin: float,
    kind: MarginType,
    sign: int,
    alpha: float,
    found: Mapping[str, float],
    limits: tuple[float, float],
) -> dict[str, Any]:
    """Return the row of a test with statistic, p-value and limits, and the claim with its verdict in `method`."""
    said = sentence(row, margin, kind, sign, alpha, shown=found["p_value"] < alpha)
    return {
        **{str(column): value for column, value in row.items()},
        "term": kind,
        **found,
        "conf_low": limits[0],
        "conf_high": limits[1],
        "conf_level": 1 - 2 * alpha,
        "method": f"{said}; {row['method']}",
    }


def simultaneous_margins(tested: Estimates, fit: Fit, rows: pd.DataFrame, adjust: str) -> Estimates:
    """Adjust margin tests, so that they hold for all comparisons at a visit together.

    Parameters
    ----------
    tested : Estimates
        From `margin_test`, every comparison of a visit that belongs to the family.
    fit : Fit
        The model that the differences were estimated from.
    rows : DataFrame
        What the differences are of its coefficients: `coxa.estimates.contrast_rows`.
    adjust : {"dunnett", "tukey"}

    Returns
    -------
    Estimates
        Limits at 1 - 2 alpha that hold together, and p-values that are below alpha exactly where these limits stay on
        the right side of the margin: half of the two-sided adjusted ones, and never smaller than unadjusted. `method`
        has the verdict by them.
    """
    frame = tested.frame
    weights = rows.loc[list(frame[["arm", "reference", "visit"]].itertuples(index=False))].to_numpy()
    numbers = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    found = simultaneous(fit, weights, numbers, list(frame["visit"]), adjust, len(fit.design.levels["arm"]))
    for row, alone in zip(found, frame["p_value"], strict=True):
        row["p_value"] = max(row["p_value"] / 2, alone)  # against the claim the adjusted one is not one-sided
    said = f"; p and limits by {WITH_LIMITS[adjust]}, over the comparisons at a visit"
    return Estimates(with_verdicts(pd.DataFrame(found).assign(method=frame["method"].to_numpy() + said)))


def with_verdicts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which a test against a margin says whether it was shown by the p-value that is in the row."""
    return frame.assign(method=[_verdict(row) for row in frame.to_dict("records")])


def without_verdicts(estimates: Estimates) -> Estimates:
    """Return estimates whose tests against a margin do not say in `method` whether it was shown: a level is shared."""
    frame = estimates.frame
    method = [VERDICT.sub(lambda found: f"{found[1]}: ", str(one)) for one in frame["method"]]
    return Estimates(frame.assign(method=method))


def is_shown(row: Mapping[str, Any]) -> bool:
    """Return whether a test against a margin shows what was to be shown, at its one-sided level."""
    return bool(row["p_value"] < (1 - row["conf_level"]) / 2)


def _verdict(row: Mapping[Any, Any]) -> str:
    words = "shown" if is_shown(row) else "not shown"
    return VERDICT.sub(lambda found: f"{found[1]}, {words}: ", str(row["method"]))


def sentence(row: pd.Series, margin: float, kind: MarginType, sign: int, alpha: float, *, shown: bool) -> str:
    """Return in words what was to be shown, and whether it was."""
    arm, reference = row["arm"] or "the combination", row["reference"] or "0"
    direction = "higher" if sign > 0 else "lower"
    much = f"a factor of {np.exp(distance(row['term'], margin)):.4g}" if row["term"] in RATIOS else f"{margin:g}"
    claim = {
        "noninferiority": f"{arm} is worse than {reference} by less than {much}",
        "superiority": f"{arm} is better than {reference} by more than {much}",
        "equivalence": f"{arm} and {reference} differ by less than {much} either way",
    }[kind]
    letter = "z" if pd.isna(row["df"]) else "t"
    tests = f"two one-sided {letter} tests" if kind == "equivalence" else f"one-sided {letter} test"
    verdict = "shown" if shown else "not shown"
    at = f"{tests} at {alpha:g}, {100 * (1 - 2 * alpha):g}% limits"
    return f"{kind}, {verdict}: {claim} ({direction} is better; {at})"
