"""The number needed to treat, with an interval that is right where a difference may be none."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import pandas as pd

from coxa.arguments import kinds
from coxa.cards import Carded
from coxa.errors import OptionError
from coxa.estimates.table import ESTIMATES, Estimates


@dataclass(frozen=True, slots=True, repr=False)
class NumberNeeded(Carded):
    """How many have to be treated for one more response, or for one less.

    estimate    : `1 / abs(difference)`; infinite where the arms do not differ
    benefit     : whether the treated arm has more responses; where False, `estimate` is a number needed to harm
    nearest     : the limit of the interval on the estimate's own side that is nearest to 1
    farthest    : the other limit; on the other side where `through_infinity`
    through_infinity : the interval of the difference has zero in it, so that this one goes through infinity to the
                  other side

    Examples
    --------
    >>> number_needed(0.2, 0.1, 0.25).nearest
    4.0
    """

    estimate: float
    benefit: bool
    nearest: float
    farthest: float
    through_infinity: bool


def number_needed(difference: float, conf_low: float, conf_high: float) -> NumberNeeded:
    """Return the number needed to treat of a risk difference, with the limits of the difference inverted.

    Parameters
    ----------
    difference, conf_low, conf_high : float
        Share of responders in the treated arm less that in the reference arm, and its confidence limits, -1 to 1.

    Notes
    -----
    The numbers needed of a difference from -5 to 25 percentage points are not those from -20 to 4, and they do not hold
    -1 to 3: zero difference is an infinite number, so the interval runs from 4 (to benefit) up to infinity and from
    there down to 20 (to harm). Source: Altman, BMJ 1998, 317:1309-1312.

    Examples
    --------
    >>> number_needed(0.10, -0.05, 0.25)
    NumberNeeded
      estimate          10
      benefit           True
      nearest           4
      farthest          20
      through_infinity  True
    >>> number_needed(0.10, 0.05, 0.20).through_infinity
    False
    """
    benefit = difference >= 0
    own, other = (conf_high, conf_low) if benefit else (-conf_low, -conf_high)
    return NumberNeeded(_inverse(abs(difference)), benefit, _inverse(own), _inverse(abs(other)), other <= 0)


def _inverse(share: float) -> float:
    return 1 / share if share else math.inf


@kinds(estimates=ESTIMATES)
def numbers_needed(estimates: Estimates) -> pd.DataFrame:
    """Return the number needed to treat of every risk difference of a table of estimates.

    Parameters
    ----------
    estimates : Estimates
        With rows `risk_difference` of shares of responders, from any of these: `compare_proportions`,
        `standardised_risks` or `responder_by_model`.

    Returns
    -------
    DataFrame
        `analysis`, `visit`, `arm`, `reference`, and the fields of a `NumberNeeded`.

    Raises
    ------
    OptionError
        There is no risk difference.

    Examples
    --------
    >>> row = {"term": "risk_difference", "arm": "exercise", "reference": "usual_care"}
    >>> e = Estimates.of([{**row, "estimate": 0.2, "conf_low": 0.05, "conf_high": 0.4}])
    >>> numbers_needed(e)[["arm", "estimate", "nearest", "farthest"]].values.tolist()
    [['exercise', 5.0, 2.5, 20.0]]
    """
    rows = estimates.only(term="risk_difference").frame
    if not len(rows):
        raise OptionError(
            "The table has no risk difference. Estimate one, such as by `standardised_risks` or `responder_by_model`."
        )
    keys = ["analysis", "visit", "arm", "reference"]
    found = [number_needed(*values) for values in rows[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)]
    return pd.concat([rows[keys].reset_index(drop=True), pd.DataFrame([asdict(each) for each in found])], axis=1)
