"""What the options of generalised estimating equations may be."""

from __future__ import annotations

from typing import Literal, get_args

from coxa.errors import check_kind, check_option

GEEFamily = Literal["binomial", "poisson", "gaussian"]
FAMILIES: tuple[str, ...] = get_args(GEEFamily)

WorkingCorrelation = Literal["independence", "exchangeable", "ar1", "unstructured"]
WORKING: tuple[str, ...] = get_args(WorkingCorrelation)
ORDERED = ("ar1", "unstructured")
"""Working correlations that need the order of the rows of a cluster."""

ALIASES = {
    "ind": "independence",
    "exch": "exchangeable",
    "cs": "exchangeable",
    "ar": "ar1",
    "ar(1)": "ar1",
    "ar-1": "ar1",
    "un": "unstructured",
    "us": "unstructured",
    "unstr": "unstructured",
}
"""SAS's words, and short ones."""

AlphaEstimator = Literal["geepack", "sas"]
ALPHA_ESTIMATORS: tuple[str, ...] = get_args(AlphaEstimator)

GEEVcov = Literal["LZ", "KC", "MD", "FG"]
VCOVS: tuple[str, ...] = get_args(GEEVcov)

GEEDf = Literal["residual", "satterthwaite", "fay-graubard", "normal"]
DFS: tuple[str, ...] = get_args(GEEDf)


def working_named(word: object) -> str:
    """Return the name of a working correlation, also from SAS's word for it.

    Raises
    ------
    OptionError
        There is none of that name.

    Examples
    --------
    >>> working_named("AR(1)"), working_named("exchangeable")
    ('ar1', 'exchangeable')
    """
    check_kind("working", word, str, f"one of {', '.join(WORKING)}")
    lower = str(word).lower()
    return check_option("working", ALIASES.get(lower, lower), WORKING)
