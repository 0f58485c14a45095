"""The rows of an analysis with imputed outcomes: what is modelled, events before each visit, and missing covariates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.analyses.imputed.assumed import ENDED, EVENT, modelled
from coxa.analyses.imputed.items import with_items
from coxa.analyses.methods.method import options_of
from coxa.analyses.model_rows import rows_of_model
from coxa.analyses.rows import AnalysisRows, SimulatedRows
from coxa.errors import FitError
from coxa.impute import ImputedCovariates, impute_covariates
from coxa.models import Fit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows of an analysis with the column that is imputed as response.

    rows       : the rows, missing covariates imputed where the plan asks for it
    covariates : what was imputed of them; None where the plan does not ask
    """

    rows: SimulatedRows
    covariates: ImputedCovariates | None


def prepared(planned: PlannedAnalysis, dataset: AnalysisRows) -> Prepared:
    """Return the rows of an analysis as the imputation model takes them; levels by their number from 0."""
    frame = with_items(planned, dataset)
    if planned.kind == "ordered":
        places = {code: float(place) for place, code in enumerate(level_codes(planned))}
        frame = frame.assign(value=frame["value"].astype(float).map(places))
    rows = SimulatedRows(frame, modelled(planned))
    if options_of(planned, Imputation).covariates == "leave_out":
        return Prepared(rows, None)
    filled, found = with_covariates(planned, rows.frame)
    return Prepared(replace(rows, frame=filled), found)


def level_codes(planned: PlannedAnalysis) -> list[float]:
    """Return the codes of the levels of an ordered outcome, the lowest first."""
    return [float(code) for code in getattr(planned.outcome, "levels", None) or {}]


def with_covariates(planned: PlannedAnalysis, frame: pd.DataFrame) -> tuple[pd.DataFrame, ImputedCovariates]:
    """Return rows with missing covariates of the model imputed, and what was imputed; one value per participant.

    All covariates of the plan help. A change is that from the imputed baseline.
    """
    wanted = [name for name in planned.analysis.names_used() if name not in ("arm", "visit")]
    if modelled(planned) == "change":
        wanted.append("baseline")
    others = [name for name in planned.study.covariates if name in frame and frame[name].notna().any()]
    names = list(dict.fromkeys([*wanted, *others]))
    people = frame.groupby("participant_id", sort=False, observed=True)[names].first().reset_index()
    seed = options_of(planned, Imputation).seed
    found = impute_covariates(people, names, seed=seed)
    known = found.data.set_index("participant_id")
    filled = frame.assign(**{name: _as_before(frame, known, name) for name in wanted})
    if modelled(planned) == "change":
        filled["change"] = filled["value"] - filled["baseline"]
    used = found.table[found.table["column"].isin(wanted)].reset_index(drop=True)
    return filled, replace(found, table=used)


def _as_before(frame: pd.DataFrame, known: pd.DataFrame, name: str) -> pd.Series:
    """Return a covariate of all rows, with the categories that it had."""
    values = pd.Series(known[name].astype(object).reindex(frame["participant_id"]).to_numpy(), index=frame.index)
    return values.astype(frame[name].dtype)


def with_events(planned: PlannedAnalysis, dataset: AnalysisRows) -> pd.DataFrame:
    """Return the rows at the visits of the model, with the kind of event that is before each.

    An intercurrent event that sets outcomes to missing is one by its name; outcomes that end without one are another.
    """
    fitted = rows_of_model(planned, dataset)["visit"].cat.categories
    frame = dataset.frame[dataset.frame["visit"].isin(fitted)].sort_values(["participant_id", "visit"])
    gone = frame[dataset.response].isna()
    seen_later = (~gone).iloc[::-1].groupby(frame["participant_id"].iloc[::-1]).cummax().iloc[::-1]
    kind = np.where(seen_later, "", ENDED).astype(object)
    if "handled" in frame:
        named = options_of(planned, Imputation).strategies
        strategy = frame["handled"].fillna("").astype(str).str.partition(": ")
        acts = (strategy[0] == "hypothetical") & gone
        kind = np.where(acts, strategy[2].where(strategy[2].isin(list(named)), ENDED), kind)
    return frame.assign(**{EVENT: kind}, visit=frame["visit"].cat.remove_unused_categories())


def complete_rows(fit: Fit, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows of participants who have all covariates of the model, and how many have not."""
    names = [name for name in fit.design.formula.variables if name != fit.sample.visit_column]
    whole = rows[names].notna().all(axis=1).groupby(rows["participant_id"]).transform("all")
    left = rows.loc[~whole, "participant_id"].nunique()
    if not whole.any():
        raise FitError("no participant has all covariates of the model", ["Take a covariate out of `adjust`."])
    verb = "participant without a covariate of the model is" if left == 1 else (
        "participants without a covariate of the model are")  # fmt: skip
    return rows[whole], f"{left} {verb} left out" if left else ""
