"""What an imputed value is made of: its distribution given what was observed, participant by participant."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.impute.imputations import means_of, regression
from coxa.impute.outcomes import IncompleteOutcomes
from coxa.models import Fit
from coxa.models.numerics.one_thread import one_thread
from coxa.models.numerics.reml import visit_covariances
from coxa.models.results.rebuilt import rebuilt

TRACED = (
    "participant_id",
    "visit",
    "arm",
    "reference",
    "strategy",
    "kind",
    "event",
    "observed",
    "strategy_mean",
    "mean",
    "sd",
)


def trace_imputed(fit: Fit, outcomes: IncompleteOutcomes) -> pd.DataFrame:
    """Return the distribution from which each missing outcome is imputed, at the estimates of the model.

    Parameters
    ----------
    fit : Fit
        The imputation model.
    outcomes : IncompleteOutcomes
        What is missing, and the strategy of each participant.

    Returns
    -------
    DataFrame
        One row per missing outcome: `participant_id, visit, arm, reference, strategy, kind, event, observed,
        strategy_mean, mean, sd`. `kind` is the kind of event, empty for a gap; `event` the first visit after it;
        `observed` the visits and outcomes that were seen; `strategy_mean` the mean of the strategy with the
        participant's covariates; `mean` and `sd` the expectation and standard deviation given what was seen, in units
        of the outcome.

    Raises
    ------
    FitError
        The model cannot be made again from its rows.

    Examples
    --------
    >>> from coxa.impute import incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> found = trace_imputed(fit, incomplete_outcomes(fit, d, reference="b", strategy="j2r"))
    >>> found[["participant_id", "visit", "strategy"]].to_dict("records")[0]
    {'participant_id': 0, 'visit': 'week_2', 'strategy': 'jump to reference'}
    """
    with one_thread():
        made = rebuilt(fit)
        covariance = visit_covariances(made.sums, made.structure, made.theta)[None]
    beta, visits = fit.params.to_numpy(dtype=float)[None], outcomes.visits
    own, of_reference = outcomes.own_design, outcomes.reference_design
    rows = []
    for alike in outcomes.alike():
        who, u, o = alike.members, np.flatnonzero(alike.missing), np.flatnonzero(~alike.missing)
        means = means_of(own[who], beta), means_of(of_reference[who], beta)
        mean, spread = alike.strategy.marginal(
            *means, covariance[:, alike.own], covariance[:, alike.of_reference], alike.event
        )
        slopes, root = regression(spread, u, o)
        given = mean[0][:, u] + (outcomes.y[who[:, None], o] - mean[0][:, o]) @ slopes[0].T
        sd = np.sqrt(np.diagonal(root[0] @ root[0].T))
        late = u >= alike.event
        for k, person in enumerate(who):
            seen = "; ".join(f"{visits[v]} {outcomes.y[person, v]:g}" for v in o)
            for j, v in enumerate(u):
                after = bool(late[j])
                rows.append(
                    (
                        outcomes.participants[person],
                        visits[v],
                        outcomes.arms[outcomes.arm[person]],
                        outcomes.arms[outcomes.reference[person]] if alike.strategy.needs_reference else "",
                        alike.strategy.title,
                        outcomes.kind[person] if after else "",
                        visits[alike.event] if alike.event < len(visits) else "",
                        seen,
                        float(mean[0][k, v]),
                        float(given[k, j]),
                        float(sd[j]),
                    )
                )
    frame = pd.DataFrame(rows, columns=list(TRACED))
    place = frame["visit"].map({visit: v for v, visit in enumerate(visits)})
    return (
        frame.assign(_place=place).sort_values(["participant_id", "_place"], ignore_index=True).drop(columns="_place")
    )
