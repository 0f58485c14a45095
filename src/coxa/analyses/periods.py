"""The rows of an estimand whose treatments are received in periods: a row is of a treatment, not of a sequence."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coxa.analyses.blocks import in_blocks
from coxa.analyses.rows import AnalysisRows, SimulatedRows
from coxa.errors import FitError
from coxa.estimates import Estimates, contrasts
from coxa.models import Fit, fit_lmm
from coxa.study.cluster_periods import PERIOD, ClusterPeriods
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.models.crossover import BETWEEN, WITHIN
from coxa.study.periods import NO_TREATMENT, Periods, treatment_at


def in_periods(study: ComparativeStudy, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the ends of periods with `arm` as the treatment received there.

    Parameters
    ----------
    study
        A plan.
    frame
        One row per participant and visit, with `arm` as allocated and `visit`, both categorical.

    Returns
    -------
    DataFrame
        The rows of the periods, with `arm` (the treatment), `sequence` (the arm allocated), `period` ("1", "2") and
        `carried`, the treatment of the period before; in the first period, where there is none, the first treatment,
        so that the effect of the period takes it up. Unchanged where an arm has one treatment. Of clusters also
        `cluster_period` and `exposure_time`.
    """
    periods = study.received_in_periods
    if periods is None:
        return frame
    if isinstance(periods, ClusterPeriods):
        return clusters_in_periods(periods, frame)
    if periods.own_sequences:
        return in_blocks(study, frame)
    here = frame["visit"].astype(str).isin(periods.visits) & frame["arm"].notna()
    rows = frame[here]
    cells = treatment_at(periods, rows["arm"].astype(str).tolist(), rows["visit"].astype(str).tolist())
    treatments, first = list(periods.treatment_order), periods.treatment_order[0]
    there = [visit for visit in periods.visits if visit in set(rows["visit"].astype(str))]
    return with_baselines(periods, frame, rows).assign(
        sequence=rows["arm"].cat.remove_unused_categories(),
        arm=pd.Categorical([treatment for treatment, _, _ in cells], categories=treatments),
        period=pd.Categorical([period for _, period, _ in cells], categories=list(periods.names)),
        carried=pd.Categorical([first if c == NO_TREATMENT else c for _, _, c in cells], categories=treatments),
        visit=pd.Categorical(rows["visit"].astype(str), categories=there),
    )


def with_baselines(periods: Periods, frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of periods with the value at the start of each, as deviation and mean of the participant.

    The mean is over the periods whose start is known; unchanged where the plan names no starts.
    """
    if not periods.baselines:
        return rows
    person, visit = frame["participant_id"], frame["visit"].astype(str)
    at = pd.Series(frame["value"].to_numpy(dtype=float), index=[person, visit])
    first = frame.drop_duplicates("participant_id").set_index("participant_id")["baseline"].astype(float)
    known: dict[str, pd.Series] = {}
    for end, start in zip(periods.visits, periods.baselines, strict=True):
        here = at[at.index.get_level_values(1) == start].droplevel(1)
        known[end] = here if len(here) else first
    table = pd.DataFrame({end: values.reindex(first.index) for end, values in known.items()})
    average = table.mean(axis=1)
    own = [table.at[one, end] for one, end in zip(rows["participant_id"], rows["visit"].astype(str), strict=True)]
    mean = rows["participant_id"].map(average).astype(float)
    columns: dict[str, pd.Series] = {WITHIN: pd.Series(own, index=rows.index, dtype=float) - mean, BETWEEN: mean}
    return rows.assign(**columns)


def clusters_in_periods(periods: ClusterPeriods, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of clusters in periods: of a visit of the cohort, or of the period of a participant."""
    when = frame["visit" if periods.by_visit else PERIOD].astype("object")
    here = when.isin(periods.order) & frame["arm"].notna()
    rows, when = frame[here], when[here].astype(str)
    cells = list(zip(rows["arm"].astype(str), when, strict=True))
    known = {cell: (periods.received(*cell), periods.exposure(*cell)) for cell in dict.fromkeys(cells)}
    treatments, first = list(periods.treatment_order), periods.treatment_order[0]
    since = [0 if known[cell][0] == first else known[cell][1] for cell in cells]
    place = when.map({name: str(k) for k, name in enumerate(periods.order, 1)})
    cluster = rows[periods.cluster].astype("object") if periods.cluster in rows else pd.Series(pd.NA, rows.index)
    both = cluster.astype(str) + ", period " + place
    visits = [name for name in rows["visit"].cat.categories if (rows["visit"] == name).any()]
    return rows.assign(
        sequence=rows["arm"].cat.remove_unused_categories(),
        arm=pd.Categorical([known[cell][0] for cell in cells], categories=treatments),
        period=_levels(place, periods.names),
        cluster_period=both.where(cluster.notna()),
        exposure_time=_levels(pd.Series(since, rows.index).astype(str), ("0", *map(str, periods.exposures))),
        visit=pd.Categorical(rows["visit"].astype(str), categories=visits),
    )


def _levels(values: pd.Series, order: Sequence[str]) -> pd.Categorical:
    """Return values as a category, with the levels that there are, in order."""
    there = set(values)
    return pd.Categorical(values, categories=[one for one in order if one in there])


def rows_in_periods(study: ComparativeStudy, dataset: AnalysisRows) -> AnalysisRows:
    """Return the rows of an estimand as its analyses take them: those of treatments, where they are of periods."""
    if study.received_in_periods is None:
        return dataset
    return SimulatedRows(in_periods(study, dataset.frame), dataset.response)


def period_effects(planned: PlannedAnalysis, fit: Fit) -> Estimates:
    """Return each period less the first, as the model has it; `arm` and `reference` are visits, or periods."""
    level = planned.analysis.conf_level
    over = PERIOD if isinstance(planned.study.received_in_periods, ClusterPeriods) else "visit"
    return contrasts(fit, over, by=None, conf_level=level)


def carry_over(planned: PlannedAnalysis, dataset: AnalysisRows) -> tuple[Estimates, bool] | None:
    """Return the estimated carry-over, and whether it is estimated within participants; None without a model of it.

    Where the design can tell carry-over from the treatments it is the effect of the treatment of the period before.
    In two sequences of two periods it is the difference between sequences in the mean of a participant, twice which is
    the difference in carry-over: between participants, and only where nothing else differs between the sequences.
    """
    periods = planned.study.received_in_periods
    assert periods is not None
    rows = rows_in_periods(planned.study, dataset)
    used = rows.analysed
    within = periods.carry_over_is_estimable()
    over = "carried" if within else "sequence"
    formula = f"{planned.response} ~ arm + visit + {over} + (1 | participant_id)"
    try:
        fit = fit_lmm(formula, used, participant="participant_id", ddf="kenward-roger")
    except FitError:
        return None
    return contrasts(fit, over, by=None, conf_level=planned.analysis.conf_level), within
