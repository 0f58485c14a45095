"""From a checked cohort to the data of one estimand, with everything left out listed by reason."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.arguments import kinds
from coxa.cohort.cohort import COHORT, Cohort
from coxa.cohort.disposition import COUNT_COLUMNS, LEFT_OUT_COLUMNS, Disposition
from coxa.derive.analysis_sets import FLAGS, derive_analysis_sets
from coxa.derive.answers import answers_of
from coxa.derive.change import baseline_values, uses_percent_change, with_changes, zero_baselines
from coxa.derive.covariates import with_covariates
from coxa.derive.dataset import AnalysisDataset
from coxa.derive.event_days import event_days
from coxa.derive.events import (
    after_strategies,
    before_at_risk,
    before_start,
    competing_days,
    end_of_observation,
    event_findings,
    events_until,
    horizons,
    on_one_day,
    stated_end,
)
from coxa.derive.exposures import with_exposures
from coxa.derive.groups import participants_by_group
from coxa.derive.intercurrent import apply_strategies, deciding_events, undated, with_time_since, worst_value
from coxa.derive.once import once
from coxa.derive.responder import responder_status
from coxa.derive.scores import derive_scores
from coxa.derive.sources.daily_diary import with_window_days
from coxa.derive.study_day import study_days
from coxa.errors import DataError
from coxa.findings import Findings
from coxa.study import Study
from coxa.study.comparative import with_arms
from coxa.study.estimand import Estimand
from coxa.study.events import Composite, EventOutcome
from coxa.study.outcome import Outcome
from coxa.study.outcome_sources.daily_diary import DailyDiarySource
from coxa.study.scales import outcome_scale
from coxa.study.words import AnalysisSet

LINEAGE = ("source_table", "source_file", "source_row", "source_column")


@kinds(cohort=COHORT)
def derive_dataset(cohort: Cohort, estimand: str) -> AnalysisDataset:
    """Derive the rows that an estimand is estimated from.

    Parameters
    ----------
    cohort
        Checked tables.
    estimand
        Name in the plan.

    Returns
    -------
    AnalysisDataset
        One row per participant of the estimand's analysis set and per visit after baseline at which the outcome
        was measured in anybody; `disposition` lists each participant and value left out, and why.

    Raises
    ------
    CoxaError
        If the plan has no such estimand.
    DataError
        If an event that the estimand acts on has no date.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> derive_dataset(coxa.read_cohort(trial.study, trial.tables), "primary")
    Data of estimand primary
      Response      change
      Participants  39 with a response, 40 in all
      Rows          115 with a response, 120 in all
      Left out      nothing
      Findings      none
      participants at  usual_care  manual_therapy  exercise  both
               week_9          10               9        10    10
              month_6          10               9         9    10
               year_1          10               9         9    10
    """
    study = with_arms(cohort.study, "An estimand")
    plan: Estimand = study.part("estimands", estimand)
    people, left_out_people = people_of_set(cohort, plan.population)
    found = _estimand_rows(cohort, estimand, plan)
    response = plan.endpoint.measure
    disposition = _participants_left_out(estimand, people, left_out_people)
    disposition += _values_left_out(estimand, found.rows, found.observed, response)
    items = any(one.option("items") == "impute" for one in study.analyses.values() if one.estimand == estimand)
    answers = answers_of(cohort, plan.endpoint.outcome) if items and plan.endpoint.outcome in study.outcomes else None
    return AnalysisDataset(estimand, found.rows, response, found.findings, disposition, answers)


@dataclass(frozen=True, slots=True)
class EstimandRows:
    """Rows of an estimand, which of them have something recorded, and what was odd."""

    rows: pd.DataFrame
    observed: pd.Series
    findings: Findings


def _estimand_rows(cohort: Cohort, estimand: str, plan: Estimand) -> EstimandRows:
    part = with_arms(cohort.study, "An estimand").outcome_part(plan.endpoint.outcome)
    if isinstance(part, EventOutcome):
        return _event_rows(cohort, estimand, plan, part)
    if isinstance(part, Composite):
        return _ranked_rows(cohort, estimand, plan, part)
    return _measured_rows(cohort, estimand, plan, part)


def _measured_rows(cohort: Cohort, estimand: str, plan: Estimand, part: Outcome) -> EstimandRows:
    """Return the rows of an outcome that is measured at visits."""
    study, outcome = with_arms(cohort.study, "An estimand"), plan.endpoint.outcome
    assessments, findings = derive_scores(cohort)
    rows = _skeleton(cohort, outcome, plan.population)
    decided = deciding_events(rows, _dated_events(cohort, estimand, plan), plan.intercurrent_events)
    observed = rows["value"].notna()
    rows["value"], rows["handled"] = apply_strategies(
        rows, decided, plan.intercurrent_events, worst_value(study, outcome)
    )
    rows = with_changes(rows)
    if uses_percent_change(study, plan):
        findings += Findings.of(zero_baselines(rows, outcome))
    rows["responder"] = _responder(study, plan, rows, decided)
    if any(one.estimand == estimand and one.option("retrieved", "no") != "no" for one in study.analyses.values()):
        rows = with_time_since(rows, _dated_events(cohort, estimand, plan), plan.intercurrent_events)
    if part.exposure in study.outcomes:
        given = assessments[assessments["outcome"] == part.exposure]
        keyed = given.set_index(["participant_id", "visit"])["value"]
        index = pd.MultiIndex.from_frame(rows[["participant_id", "visit"]].astype("str"))
        rows["exposure"] = keyed.groupby(level=[0, 1]).first().reindex(index).to_numpy()
    elif part.exposure:
        rows["exposure"] = rows[part.exposure]
    if isinstance(part.source, DailyDiarySource) and any(
        one.estimand == estimand and one.of_days for one in study.analyses.values()
    ):
        rows = with_window_days(cohort, part.source, rows)
    return EstimandRows(with_exposures(cohort, estimand, rows), observed, findings)


def _event_rows(cohort: Cohort, estimand: str, plan: Estimand, event: EventOutcome) -> EstimandRows:
    """Return, for each participant and visit of the estimand, the events until its planned day."""
    study, name = with_arms(cohort.study, "An estimand"), plan.endpoint.outcome
    people, _ = people_of_set(cohort, plan.population)
    own, end = event_days(cohort, name), end_of_observation(cohort, name)
    findings = event_findings(name, own, end, stated_end(cohort, name))
    happened = _dated_events(cohort, estimand, plan)
    counted, until, handled = after_strategies(own, end, happened, plan.intercurrent_events, event.higher_is_better)
    visits = sorted(plan.endpoint.visit, key=lambda visit: study.visits[visit].day)
    others = competing_days(cohort, event)
    for other in event.competing:
        days = event_days(cohort, other)
        findings += before_start(other, days) + on_one_day(name, own, other, days)
    parts = []
    start = None
    if event.after is not None:
        start = event_days(cohort, event.after).query("day >= 0").groupby("participant_id")["day"].min()
        findings += before_at_risk(name, event.after, own, start, pd.Index(people["participant_id"]))
    for visit, day in horizons(study, visits).items():
        until_then = events_until(people["participant_id"].tolist(), day, counted, others, until, start)
        parts.append(people.merge(until_then, left_on="participant_id", right_index=True).assign(visit=visit))
    rows = pd.concat(parts, ignore_index=True)
    first = own.sort_values("day", kind="stable").drop_duplicates("participant_id").set_index("participant_id")
    for column in ("source_table", "source_file", "source_row"):
        rows[column] = rows["participant_id"].map(first[column])
    rows["study_day"] = rows["visit"].map(horizons(study, visits))
    rows["visit"] = pd.Categorical(rows["visit"], categories=visits, ordered=False)
    empty = dict.fromkeys(("baseline", "change", "percent_change", "responder"), float("nan"))
    rows = rows.assign(
        outcome=name,
        value=rows["event"],
        handled=[handled.get(person, "") for person in rows["participant_id"]],
        **empty,
    )
    rows = rows.sort_values(["participant_id", "visit"], kind="stable", ignore_index=True)
    return EstimandRows(rows, rows["event_days"].map(len) > 0, findings)


def _ranked_rows(cohort: Cohort, estimand: str, plan: Estimand, composite: Composite) -> EstimandRows:
    """Return rows with the steps of a composite: `step_1` and, of a time, `step_1_event`, then `step_2`."""
    joined, known, findings = pd.DataFrame(), None, Findings()
    keys = ["participant_id", "visit"]
    for place, step in enumerate(composite.order, 1):
        endpoint = plan.endpoint.model_copy(update={"outcome": step.outcome, "measure": step.measure})
        found = _estimand_rows(cohort, estimand, plan.model_copy(update={"endpoint": endpoint}))
        rows = found.rows[found.rows["visit"].astype("str").isin(plan.endpoint.visit)]
        columns: dict[str, str] = {step.measure: f"step_{place}"}
        if step.measure == "time":
            columns["status"] = f"step_{place}_event"
        own = rows[[*keys, *columns]].rename(columns=columns).astype({"visit": "str"})
        if joined.empty:
            joined = rows.drop(columns=list(columns)).astype({"visit": "str"})
        joined = joined.merge(own, on=keys, how="left")
        has_value = joined[f"step_{place}"].notna()
        known = has_value if known is None else known | has_value
        findings += found.findings
    assert known is not None
    visits = sorted(plan.endpoint.visit, key=lambda visit: cohort.study.visits[visit].day)
    joined["visit"] = pd.Categorical(joined["visit"], categories=visits, ordered=False)
    rows = joined.assign(outcome=plan.endpoint.outcome, ranking=known.astype(float).where(known))
    return EstimandRows(rows, known, findings)


def _dated_events(cohort: Cohort, estimand: str, plan: Estimand) -> pd.DataFrame:
    """Return the intercurrent events with their days; those that a strategy acts on have to have one."""
    events = _events(cohort)
    if problems := undated(events, plan.intercurrent_events):
        raise DataError(f"intercurrent events of estimand {estimand} cannot be placed in time", problems)
    return events


def observed_dataset(cohort: Cohort, outcome: str) -> AnalysisDataset:
    """Return the rows of an outcome as recorded, of everybody in an arm or a group, without an estimand.

    Parameters
    ----------
    cohort
        Checked tables.
    outcome
        Name in the plan.

    Returns
    -------
    AnalysisDataset
        As of `derive_dataset`, with an empty `estimand`; no strategy is applied to any value.
    """
    rows = _skeleton(cohort, outcome, "randomised_set")
    return AnalysisDataset("", with_changes(rows).assign(handled=""), "value", Findings(), Disposition())


@once
def people_of_set(cohort: Cohort, population: AnalysisSet) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split participants into an analysis set and those left out, with the reason.

    Those of the safety set are in the arm they received, all others in that of the cohort.
    """
    study = cohort.study
    people = with_covariates(cohort, participants_by_group(cohort))
    people = people.merge(derive_analysis_sets(cohort), on="participant_id")
    flag = FLAGS[population]
    inside = people[people[flag]].copy()
    outside = people[~people[flag]]
    outside = outside.assign(reason=outside[f"{flag}_reason"])
    if population == "safety_set" and "arm_received" in inside:
        inside["arm"] = inside["arm_received"].fillna(inside["arm"])
    inside["arm"] = pd.Categorical(inside["arm"], categories=list(study.groups))
    for name, covariate in study.covariates.items():
        if covariate.type == "category" and name in inside:
            inside[name] = pd.Categorical(inside[name], categories=list(covariate.level_labels()))
    return inside, outside


@once
def _skeleton(cohort: Cohort, outcome: str, population: AnalysisSet) -> pd.DataFrame:
    """Return one row per participant and measured visit after baseline, with value, baseline and lineage."""
    study, (people, _) = cohort.study, people_of_set(cohort, population)
    assessments, _ = derive_scores(cohort)
    mine = assessments[assessments["outcome"] == outcome]
    visits = [visit for visit in study.post_visits if (mine["visit"] == visit).any()]
    measured = [name for name in ("value", "assessment_date", "study_day", "carried_forward", *LINEAGE) if name in mine]
    grid = people.merge(pd.DataFrame({"visit": visits}), how="cross")
    rows = grid.drop(columns=[name for name in LINEAGE if name in grid]).merge(
        mine[["participant_id", "visit", *measured]], on=["participant_id", "visit"], how="left"
    )
    planned = rows["visit"].map({name: visit.day for name, visit in study.visits.items()})
    rows["study_day"] = study_days(rows, people, "assessment_date", planned)
    rows["outcome"] = outcome
    rows["baseline"] = rows["participant_id"].map(baseline_values(assessments, outcome, study.baseline_visit))
    rows["visit"] = pd.Categorical(rows["visit"], categories=visits, ordered=False)
    return rows.sort_values(["participant_id", "visit"], kind="stable", ignore_index=True)


@once
def _events(cohort: Cohort) -> pd.DataFrame:
    """Return the intercurrent events with their study day."""
    events = cohort.table("intercurrent_events")
    if events.empty:
        return pd.DataFrame(columns=["participant_id", "event", "study_day", "source_row"])
    day = study_days(events, cohort.table("participants"), "event_date")
    return events.assign(study_day=day)[["participant_id", "event", "study_day", "source_row"]]


def _responder(study: Study, plan: Estimand, rows: pd.DataFrame, decided: pd.DataFrame) -> pd.Series:
    """Return responder status; after an event with a composite strategy nobody is a responder."""
    outcome = study.outcomes[plan.endpoint.outcome]
    if outcome.response is None:
        return pd.Series(float("nan"), index=rows.index)
    status = responder_status(rows, outcome.response, outcome_scale(outcome).higher_is_better)
    composite = [name for name, how in plan.intercurrent_events.items() if how.strategy == "composite"]
    return status.mask(decided["event"].isin(composite), 0.0)


def _participants_left_out(estimand: str, inside: pd.DataFrame, outside: pd.DataFrame) -> Disposition:
    stage = f"analysis set of {estimand}"
    left_out = outside.reindex(columns=list(LEFT_OUT_COLUMNS)).assign(stage=stage, table="participants")
    counts = _counts(stage, "participants", len(inside) + len(outside), len(inside), 0, len(outside))
    return Disposition(left_out.assign(source_file=""), counts)


def _values_left_out(estimand: str, rows: pd.DataFrame, observed: pd.Series, response: str) -> Disposition:
    """List observed values that do not reach the analysis: set missing by a strategy, or without a baseline."""
    stage = f"values of {estimand}"
    usable = rows[response].notna()
    lost = rows[observed & ~usable]
    kept, empty = int(usable.sum()), int((~observed & ~usable).sum())
    counts = _counts(stage, "assessments", len(rows), kept, empty, len(lost), "values")
    if lost.empty:
        return Disposition(counts=counts)
    zero = (lost["baseline"] == 0).map({True: "baseline is 0", False: "baseline missing"})
    if response not in ("change", "percent_change", "responder", "value"):
        zero = pd.Series("observation ended before the visit", index=lost.index)
    reason = lost["handled"].where(lost["handled"] != "", f"no {response}: " + zero)
    reason = reason.where(lost["handled"] == "", "intercurrent event, " + lost["handled"])
    left_out = lost.reindex(columns=list(LEFT_OUT_COLUMNS)).assign(
        stage=stage, table="assessments", source_file="", visit=lost["visit"].astype(str), reason=reason
    )
    return Disposition(left_out, counts)


def _counts(
    stage: str, table: str, entered: int, kept: int, empty: int, left_out: int, counted: str = "participants"
) -> pd.DataFrame:
    row = (stage, table, "", counted, entered, kept, empty, left_out)
    return pd.DataFrame([row], columns=list(COUNT_COLUMNS))
