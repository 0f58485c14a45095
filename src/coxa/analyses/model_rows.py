"""The rows that models of an analysis are fitted to, what they adjust for, and what is said where an arm has none."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coxa.analyses.rows import AnalysisRows
from coxa.errors import EmptyCellError
from coxa.models import Fit
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.lmm import DAY

NOT_COVARIATES = frozenset(("arm", "visit", DAY))
"""Variables of a formula that are what is compared, and when."""


def rows_of_model(planned: PlannedAnalysis, dataset: AnalysisRows) -> pd.DataFrame:
    """Return the rows with a response at the visits of the model, without categories of visits that have none."""
    rows = dataset.analysed
    rows = rows[rows["visit"].isin(planned.model_visits)]
    return rows.assign(visit=rows["visit"].cat.remove_unused_categories())


def check_arms(planned: PlannedAnalysis, dataset: AnalysisRows) -> None:
    """Raise EmptyCellError where an arm that is compared has no outcome at any visit."""
    present = set(map(str, dataset.analysed["arm"].dropna().unique()))
    absent = [arm for arm in planned.arms if arm not in present]
    if absent:
        raise EmptyCellError(
            f"analysis {planned.name}: no outcome in arm {', '.join(absent)}",
            (
                "Look at the table of what was left out: `coxa check`.",
                "Check the value map of `arm` in the plan.",
                "Take the arm out of the estimand, if it was never meant to be compared.",
            ),
        )


def check_arms_at(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> None:
    """Raise EmptyCellError where an arm that is compared has no outcome at a visit."""
    absent = [arm for arm in planned.arms if not (rows["arm"] == arm).any()]
    if absent:
        raise EmptyCellError(f"no outcome of arm {', '.join(absent)} at {visit}")


def check_cells(planned: PlannedAnalysis, rows: pd.DataFrame) -> None:
    """Raise EmptyCellError where an arm of a repeated-measures model has no outcome at one of its visits."""
    cells = rows[["arm", "visit"]].drop_duplicates().astype(str)
    present = set(zip(cells["arm"], cells["visit"], strict=True))
    arms, seen = sorted({arm for arm, _ in present}), sorted({visit for _, visit in present})
    empty = [(arm, visit) for arm in arms for visit in seen if (arm, visit) not in present]
    if not empty:
        return
    visits = list(rows["visit"].cat.categories)
    said = join_words([f"no outcome of arm {arm} at {visit}" for arm, visit in empty])
    without = {visit for _, visit in empty}
    kept = [visit for visit in visits if visit not in without]
    named = [visit for visit in planned.visits if visit in without]
    raise EmptyCellError(
        f"analysis {planned.name}: {said}, and the model has an effect of each arm at each visit",
        (
            *(
                [f"Take {join_words(named)} out of the estimand, if the arms were not meant to be compared there."]
                if named
                else [
                    f"Write `visits: [{', '.join(kept)}]` in analysis {planned.name}, which fits its model to "
                    "these visits."
                ]
            ),
            "Look at the rows that were left out: `coxa check`.",
            "Check the value maps of `arm` and `visit`, and the windows of the visits, in the plan.",
        ),
    )


def has_covariates(planned: PlannedAnalysis, fits: Sequence[AnyFit] | None = None) -> bool:
    """Return whether the models of an analysis, or its plan where there are none, adjust for anything."""
    if planned.analysis.of_blocks:
        return False
    models = [fit for fit in fits or () if isinstance(fit, Fit)]
    if not models:
        return bool(planned.analysis.names_used())
    return any(set(fit.design.formula.variables) - NOT_COVARIATES for fit in models)
