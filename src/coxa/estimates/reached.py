"""What a participant has to reach to be a responder, as a bound on a weighted sum of the outcomes at the visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_option, not_allowed
from coxa.estimates.reference_grid import own_covariates
from coxa.models.results.fit import Fit
from coxa.models.spec import CLDASpec

Measure = Literal["change", "value", "percent_change"]
Response = Literal["change", "value"]


@dataclass(frozen=True, slots=True)
class Responder:
    """What makes a responder.

    threshold        : the smallest improvement that counts (above 0; for `value` the mark to reach)
    higher_is_better : direction of improvement
    measure          : improvement of the value, in percent of the baseline, or the value itself
    response         : what the outcome of the model is: the value, or its change from baseline
    baseline         : column of the baseline
    """

    threshold: float
    higher_is_better: bool
    measure: Measure
    response: Response
    baseline: str

    def __post_init__(self) -> None:
        check_option("measure", self.measure, get_args(Measure))
        check_option("response", self.response, get_args(Response))
        if not np.isfinite(self.threshold):
            raise OptionError(f"`threshold` is {self.threshold}. Give a number.")
        if self.measure != "value" and self.threshold <= 0:
            raise OptionError(
                f"`threshold` is {self.threshold:g}, and an improvement is above 0 in either direction. Give its size, "
                "and the direction as `higher_is_better`."
            )

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def needs_baseline(self) -> bool:
        """Whether the bound depends on the participant's baseline."""
        return self.measure == "percent_change" or self.measure != self.response

    def bounds(self, baseline: np.ndarray) -> np.ndarray:
        """Return what `sign` times the outcome has to reach, of participants with these baselines (n,)."""
        if self.measure == "value":
            bound = np.full(len(baseline), self.sign * self.threshold)
            return bound if self.response == "value" else bound - self.sign * baseline
        gain = np.full(len(baseline), self.threshold)
        if self.measure == "percent_change":
            gain = self.threshold * baseline / 100
        return gain if self.response == "change" else gain + self.sign * baseline

    def words(self, baseline_visit: str = "") -> str:
        """Return what makes a responder, for a footnote.

        Examples
        --------
        >>> Responder(10, True, "change", "change", "baseline").words()
        'an improvement of 10 or more'
        """
        side = "or more" if self.higher_is_better or self.measure != "value" else "or less"
        what = {
            "value": f"a value of {self.threshold:g} {side}",
            "change": f"an improvement of {self.threshold:g} or more",
            "percent_change": f"an improvement of {self.threshold:g}% of the baseline or more",
        }[self.measure]
        return f"{what} since {baseline_visit}" if baseline_visit and self.measure != "value" else what


@dataclass(frozen=True, slots=True)
class People:
    """The participants over whom probabilities are averaged.

    frame    : (n rows) their own covariates
    bounds   : (n,) what the sign times the weighted outcome has to reach
    group    : (n,) code of the covariance that each one has
    """

    frame: pd.DataFrame
    bounds: np.ndarray
    group: np.ndarray


def visit_weights(fit: Fit, responder: Responder, visit: Any) -> dict[Any, float]:
    """Return visit -> weight of the outcome that is to reach the bound.

    Where the baseline is the first visit of the model (cLDA) a change is a difference of two outcomes.
    """
    first = baseline_visit(fit)
    if not first or responder.measure == "value":
        return {visit: 1.0}
    share = responder.threshold / 100 if responder.measure == "percent_change" else 0.0
    return {visit: 1.0, first: -1.0 - responder.sign * share}


def baseline_visit(fit: Fit) -> str:
    """Return what the baseline is called as a visit; empty where it is none."""
    return fit.spec.baseline_visit if isinstance(fit.spec, CLDASpec) else ""


def people_of(fit: Fit, responder: Responder, kept: Mapping[str, Any]) -> People:
    """Return the analysed participants with their bounds; `kept` are the columns that they are all given.

    Raises
    ------
    OptionError
        The baseline is needed and is no covariate of the model, or a percent of it is asked and it is not above 0.
    """
    own = [name for name in fit.design.formula.variables if name not in kept]
    frame = own_covariates(fit, own)
    if baseline_visit(fit):
        improvement = 0.0 if responder.measure == "percent_change" else responder.threshold
        bound = responder.sign * responder.threshold if responder.measure == "value" else improvement
        return People(frame, np.full(len(frame), bound), own_groups(fit))
    if not responder.needs_baseline:
        return People(frame, responder.bounds(np.zeros(len(frame))), own_groups(fit))
    baseline = baselines(fit, responder, frame)
    return People(frame, responder.bounds(baseline), own_groups(fit))


def baselines(fit: Fit, responder: Responder, frame: pd.DataFrame) -> np.ndarray:
    """Return the baseline of each participant (n,), checked."""
    name = responder.baseline
    numeric = [column for column in frame.columns if column not in fit.design.levels]
    if name not in numeric:
        raise OptionError(
            f"A {responder.measure.replace('_', ' ')} of an outcome that is a {responder.response} needs each "
            f"participant's baseline. {not_allowed('numeric covariate of the model', name, numeric)}"
        )
    baseline = frame[name].to_numpy(dtype=float)
    if responder.measure == "percent_change" and (baseline <= 0).any():
        raise OptionError(
            f"{int((baseline <= 0).sum())} participants have a '{name}' that is not above 0, of which there is no "
            "percent. Use measure='change'."
        )
    return baseline


def own_groups(fit: Fit) -> np.ndarray:
    """Return the code of each participant's covariance (n,), as `own_covariates` has them; zeros where it is one."""
    first = ~pd.Series(fit.sample.participant).duplicated().to_numpy()
    if fit.sample.group is None:
        return np.zeros(int(first.sum()), dtype=int)
    return group_levels(fit).get_indexer(pd.Index(fit.sample.group[first]))


def group_levels(fit: Fit) -> pd.Index:
    """Return the groups that have a covariance each, in the order of the fit's covariance."""
    return pd.unique(fit.covariance.index.get_level_values(0))
