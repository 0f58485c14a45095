"""A series of n-of-1 trials: the mean effect, how it differs between people, and what to expect of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded
from coxa.errors import OptionError, check_level
from coxa.frames import Frame, as_pandas
from coxa.models import Fit, fit_ancova, fit_lmm, variance_intervals
from coxa.n_of_1.person import person_effect

PERSON = "participant_id"
BETWEEN, WITHIN = f"sd[{PERSON}: Intercept]", "sd[residual]"
"""What the spreads are called in the model."""
OF_PERSON = ("n_blocks", "estimate", "std_error", "df", "p_value", "conf_low", "conf_high", "randomisation_p")


@dataclass(frozen=True, slots=True, repr=False)
class SeriesEffect(Carded):
    """The effects of a treatment in a series of n-of-1 trials, in units of the outcome.

    estimate            : mean effect
    std_error, df       : of it
    p_value             : two-sided
    conf_low, conf_high : limits at `conf_level`
    order               : what a treatment that comes second in its block has more; not a number where it is not in the
                          model
    sd_between          : SD of the true effects between people, and `sd_between_low`, `sd_between_high`
    sd_within           : SD of the differences of the blocks of one person
    prediction_low, prediction_high : limits of the true effect in the next person
    people              : one row per participant: `participant_id`, `n_blocks`, own `estimate` with limits, t test
                          `p_value` and exact `randomisation_p`; `shrunken` effect with its error and limits
    fit                 : the model

    Examples
    --------
    >>> rows = pd.DataFrame({"participant_id": list("aabbcc"), "difference": [1.0, 2, 4, 5, 9, 8], "order": 0.5})
    >>> found = pool_series(rows, order=False)
    >>> round(found.estimate, 3), found.people["n_blocks"].tolist()
    (4.833, [2, 2, 2])
    """

    estimate: float
    std_error: float
    df: float
    p_value: float
    conf_low: float
    conf_high: float
    conf_level: float
    order: float
    sd_between: float
    sd_between_low: float
    sd_between_high: float
    sd_within: float
    prediction_low: float
    prediction_high: float
    people: pd.DataFrame
    fit: Fit

    def card(self) -> Card:
        """Return what a terminal and a notebook show: the mean effect, and how it differs between people."""

        def between(value: float, low: float, high: float) -> str:
            return f"{value:.4g} ({low:.4g} to {high:.4g})"

        facts = {
            "People": f"{len(self.people)}, {int(self.people['n_blocks'].sum())} blocks",
            "Mean effect": between(self.estimate, self.conf_low, self.conf_high),
            "SD between people": between(self.sd_between, self.sd_between_low, self.sd_between_high),
            "SD of a block": f"{self.sd_within:.4g}",
            "Next person": f"{self.prediction_low:.4g} to {self.prediction_high:.4g}",
        }
        shown = [
            "participant_id",
            "n_blocks",
            "estimate",
            "randomisation_p",
            "shrunken",
            "shrunken_low",
            "shrunken_high",
        ]
        rows = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
                for row in self.people[shown].itertuples(index=False)]  # fmt: skip
        return Card("Series of n-of-1 trials", facts, shown, rows[:20], max(len(rows) - 20, 0))


@kinds(differences=FRAME)
def pool_series(
    differences: Frame, *, order: bool = True, ddf: str = "kenward-roger", reml: bool = True, conf_level: float = 0.95
) -> SeriesEffect:
    """Pool a series of n-of-1 trials by a mixed model of the differences of blocks.

    Parameters
    ----------
    differences : frame
        From `block_differences`: `participant_id`, `difference`, `order`; one row per block. Not changed.
    order : bool
        Whether the model has an effect of coming second in a block, as a trend over the periods makes it.
    ddf : {"kenward-roger", "satterthwaite"}
        Degrees of freedom.
    reml : bool
        Restricted maximum likelihood; False is full maximum likelihood.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    SeriesEffect
        Mean, spread between people with a profile interval, shrunken effects, and the interval of the next person.

    Raises
    ------
    OptionError
        Fewer than two people, or no person with two blocks.
    FitError
        The model cannot be fitted.

    Notes
    -----
    difference = mean + b (person) + order + error, both normal. With as many blocks of everybody and without `order`
    it is the t test of the means of people, and the shrunken effects are empirical Bayes estimates: the mean of all and
    a person's own mean, weighted by what each is known by. The interval of the next person is that of a new level of
    the random effect, by t. Sources: Zucker and others, Journal of Clinical Epidemiology 2010, 63:1312-1323; Araujo,
    Julious & Senn, PLoS ONE 2016, 11:e0167167.

    Examples
    --------
    >>> rows = pd.DataFrame({"participant_id": list("aabbcc"), "difference": [1.0, 2, 4, 5, 9, 8], "order": 0.5})
    >>> pool_series(rows, order=False).people["shrunken"].round(2).tolist()
    [1.57, 4.51, 8.43]
    """
    check_level(conf_level)
    frame = as_pandas(differences).dropna(subset=["difference"])
    fit = series_model(frame, order=order, ddf=ddf, reml=reml)
    return series_of(fit, frame, conf_level=conf_level)


def series_model(frame: pd.DataFrame, *, order: bool, ddf: Any, reml: bool) -> Fit:
    """Return the model of the differences: with one person least squares, else with an effect of each.

    Raises
    ------
    OptionError
        No block has both treatments, or every person has one such block.
    """
    people = frame[PERSON].nunique()
    if people == 0:
        raise OptionError("No block has both treatments. Give differences of at least two blocks.")
    if len(frame) <= people:
        raise OptionError(
            f"{people} people have {len(frame)} blocks with both treatments. Give two blocks or more of a "
            "person, so that what differs between people can be separated from what differs between blocks."
        )
    both = frame["order"].nunique() > 1 and len(frame) > 2
    fixed = "1 + order" if order and both else "1"
    if people == 1:
        rows = frame.assign(row=range(len(frame)))
        return fit_ancova(f"difference ~ {fixed}", rows, participant="row")
    return fit_lmm(f"difference ~ {fixed} + (1 | {PERSON})", frame, participant=PERSON, ddf=ddf, reml=reml)


def series_of(fit: Fit, frame: pd.DataFrame, *, conf_level: float) -> SeriesEffect:
    """Return what the model of a series says; with one person nothing between people is known."""
    weights = fit.weights({"Intercept": 1.0})
    tested = fit.test(weights)
    estimate, error, df = (float(np.squeeze(each)) for each in (tested.estimate, tested.std_error, tested.df))
    half = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
    spread = spreads(fit, conf_level)
    return SeriesEffect(
        estimate=estimate,
        std_error=error,
        df=df,
        p_value=float(np.squeeze(tested.p_value)),
        conf_low=estimate - half,
        conf_high=estimate + half,
        conf_level=conf_level,
        order=float(fit.params["order"]) if "order" in fit.params.index else math.nan,
        **spread,
        **_next_person(fit, conf_level),
        people=_people(fit, frame, conf_level),
        fit=fit,
    )


def spreads(fit: Fit, conf_level: float) -> dict[str, float]:
    """Return the SD between people with its limits, and that of a block; not numbers where the model has no people."""
    if fit.random is None:
        within = math.sqrt(float((fit.resid**2).sum()) / fit.df_resid)
        return dict.fromkeys(("sd_between", "sd_between_low", "sd_between_high"), math.nan) | {"sd_within": within}
    table = variance_intervals(fit, conf_level=conf_level)
    rows = {str(row["name"]): row for row in table.to_dict("records")}
    between, residual = rows[BETWEEN], rows[WITHIN]
    return {
        "sd_between": float(between["estimate"]),
        "sd_between_low": float(between["conf_low"]),
        "sd_between_high": float(between["conf_high"]),
        "sd_within": float(residual["estimate"]),
    }


def _next_person(fit: Fit, conf_level: float) -> dict[str, float]:
    if fit.random is None:
        return {"prediction_low": math.nan, "prediction_high": math.nan}
    rows = pd.DataFrame({PERSON: ["a person who is not among them"], "order": [0.0]})
    found = fit.predict(rows, conf_level=conf_level).iloc[0]
    return {"prediction_low": float(found["conf_low"]), "prediction_high": float(found["conf_high"])}


def _people(fit: Fit, frame: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Return one row per participant: own effect, tests, and shrunken effect."""
    rows = []
    for person, own in frame.groupby(PERSON, observed=True, sort=True):
        found = person_effect(own["difference"].to_numpy(), conf_level=conf_level)
        rows.append({PERSON: person} | {name: getattr(found, name) for name in OF_PERSON})
    people = pd.DataFrame(rows)
    if fit.random is None:
        return people.assign(**dict.fromkeys(("shrunken", "shrunken_error", "shrunken_low", "shrunken_high"), math.nan))
    new = pd.DataFrame({PERSON: people[PERSON], "order": 0.0})
    predicted = fit.predict(new, conf_level=conf_level)
    return people.assign(
        shrunken=predicted["estimate"].to_numpy(),
        shrunken_error=predicted["std_error"].to_numpy(),
        shrunken_low=predicted["conf_low"].to_numpy(),
        shrunken_high=predicted["conf_high"].to_numpy(),
    )
