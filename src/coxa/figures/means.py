"""The numbers of a mean profile: observed means of the data, or adjusted means of a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import Estimates
from coxa.study import Study
from coxa.study.comparative import PlannedAnalysis
from coxa.study.words import Measure

MEAN_COLUMNS = ("visit", "day", "arm", "mean", "conf_low", "conf_high", "n")


def observed_means(
    study: Study, dataset: AnalysisDataset, measure: Measure = "value", conf_level: float = 0.95
) -> pd.DataFrame:
    """Return the mean of the observed values by visit and arm, with t-intervals.

    Parameters
    ----------
    study
        The plan, for planned days and the order of the arms.
    dataset
        Rows of an estimand, after its strategies for intercurrent events.
    measure
        Column to average; `value` begins at the baseline visit, the others after it.
    conf_level
        Between 0 and 1.

    Returns
    -------
    DataFrame
        MEAN_COLUMNS, by day and arm, reference first; limits are missing where only one value is known.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> dataset = coxa.derive_dataset(coxa.read_cohort(trial.study, trial.tables), "primary")
    >>> observed_means(trial.study, dataset)[["visit", "arm"]].iloc[0].tolist()
    ['baseline', 'usual_care']
    """
    frame = dataset.frame[["participant_id", "arm", "visit", measure]].rename(columns={measure: "y"})
    frame = frame.astype({"arm": str, "visit": str})
    if measure == "value":
        start = dataset.frame.drop_duplicates("participant_id")
        first = pd.DataFrame({"arm": start["arm"].astype(str), "visit": study.baseline_visit, "y": start["baseline"]})
        frame = pd.concat([first, frame], ignore_index=True)
    found = frame.dropna(subset=["y"]).groupby(["visit", "arm"])["y"].agg(["mean", "std", "count"]).reset_index()
    n = found["count"]
    half = stats.t.ppf((1 + conf_level) / 2, (n - 1).clip(lower=1)) * found["std"] / n**0.5
    found = found.assign(conf_low=found["mean"] - half, conf_high=found["mean"] + half, n=n)
    return _ordered(study, found)


def observed_shares(study: Study, dataset: AnalysisDataset, conf_level: float = 0.95) -> pd.DataFrame:
    """Return the share with a yes by visit and arm, with Wilson's intervals.

    Parameters are those of `observed_means`.

    Returns
    -------
    DataFrame
        MEAN_COLUMNS and `count`, the participants with a yes, by day and arm, reference first.
    """
    means = observed_means(study, dataset)
    yes = (means["mean"] * means["n"]).round().astype(int)
    low, high = proportion_confint(yes, means["n"], 1 - conf_level, method="wilson")
    return means.assign(conf_low=np.asarray(low), conf_high=np.asarray(high), count=yes)


def model_means(planned: PlannedAnalysis, estimates: Estimates) -> pd.DataFrame:
    """Return the adjusted means of an analysis in the columns MEAN_COLUMNS, by day and arm, reference first.

    Examples
    --------
    >>> import coxa
    >>> mean = {"term": "marginal_mean", "estimand": "primary", "analysis": "primary", "outcome": "womac"}
    >>> row = {**mean, "arm": "exercise", "visit": "year_1", "estimate": -12.5, "n_observations": 48}
    >>> means = model_means(coxa.preset("moa-2013").planned("primary"), coxa.Estimates.of([row]))
    >>> means[["day", "mean", "n"]].to_dict("list")
    {'day': [365], 'mean': [-12.5], 'n': [48]}
    """
    mine = planned.rows(estimates.frame, "marginal_mean")
    return _ordered(planned.study, mine.rename(columns={"estimate": "mean", "n_observations": "n"}))


def _ordered(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    days = found["visit"].map({name: visit.day for name, visit in study.visits.items()})
    place = found["arm"].map({arm: index for index, arm in enumerate(study.groups)})
    placed = found.assign(day=days, n=found["n"].astype(int), _place=place)
    return placed.sort_values(["day", "_place"], ignore_index=True)[list(MEAN_COLUMNS)]
