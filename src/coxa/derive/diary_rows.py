"""The days of a diary as the rows of a model of the plan: yesterday's values, split within and between participants."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.diary import derive_diary
from coxa.derive.flare_days import flare_days
from coxa.derive.flare_events import flare_rule
from coxa.derive.lag import lagged
from coxa.derive.once import once
from coxa.derive.within_person import within_between
from coxa.errors import CoxaError, not_allowed
from coxa.study.diary import FLARE, DiaryModel, diary_of


@once
def diary_rows(cohort: Cohort, name: str) -> pd.DataFrame:
    """Return the days that a model of `diary: models` is fitted to.

    Parameters
    ----------
    cohort
        Checked tables, `daily_diary` among them.
    name
        One of the models of the plan.

    Returns
    -------
    DataFrame
        One row per participant and day with every value that the model needs: participant_id, study_day, week, arm
        (where the plan has arms), its covariates, the outcome, and of each column asked about, divided by its `per`,
        <column>_within and <column>_between; a column of yesterday is <column>_yesterday. The between part is the mean
        of the participant's rows less the mean of these means.

    Raises
    ------
    CoxaError
        The plan has no such model, or the diary has no values of a column.

    Examples
    --------
    >>> diary_rows(cohort, "pain_and_load")  # doctest: +SKIP
    """
    plan = diary_of(cohort.study.diary)
    if name not in plan.models:
        raise CoxaError(not_allowed("model", name, plan.models))
    model = plan.models[name]
    days = derive_diary(cohort)
    _check_columns(days, name, model)
    if model.outcome == FLARE:
        days = flare_days(days, flare_rule(plan.flares))
    if model.yesterday:
        days = lagged(days, list(model.yesterday))
    sizes = {str(column): size for column, size in model.per.items()}
    asked: dict[str, pd.Series] = {
        **{f"{column}_yesterday": days[f"{column}_lag1"] / sizes.get(column, 1.0) for column in model.yesterday},
        **{column: days[column] / sizes.get(column, 1.0) for column in model.same_day},
    }
    kept = ["participant_id", "study_day", "week", *(["arm"] if "arm" in days else []), *model.adjust]
    rows = days[kept].assign(**asked, **{str(model.outcome): days[model.outcome].astype(float)})
    whole = rows.dropna().reset_index(drop=True)
    if whole.empty:
        raise CoxaError(f"No day of the diary has all values that model '{name}' needs. Ask about fewer columns.")
    return within_between(whole, list(asked), centre="grand_mean")


def _check_columns(days: pd.DataFrame, name: str, model: DiaryModel) -> None:
    needed = ["pain" if model.outcome == FLARE else model.outcome, *model.yesterday, *model.same_day, *model.adjust]
    for column in needed:
        if column not in days:
            raise CoxaError(
                f"Model '{name}' of the diary needs `{column}`, of which the data have no value. Map the column, or "
                "remove it from the model."
            )
