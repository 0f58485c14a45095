"""A whole trial from its plan: raw tables, where they are for the plan, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coxa.arguments import WHOLE, kinds
from coxa.cards import Card, Carded, counted
from coxa.simulate.from_plan.calendar import visit_days
from coxa.simulate.from_plan.clinic import clinic_table
from coxa.simulate.from_plan.conditions import conditions_table
from coxa.simulate.from_plan.design import TrialDesign, check_seed, trial_design
from coxa.simulate.from_plan.diary_table import diary_tables
from coxa.simulate.from_plan.draw import draw_outcomes
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.exercise_log import exercise_log_table
from coxa.simulate.from_plan.measured import measures_at_baseline
from coxa.simulate.from_plan.questionnaires import item_table
from coxa.simulate.from_plan.red_flags import red_flags_table
from coxa.simulate.from_plan.returns import returns_table
from coxa.simulate.from_plan.sources import Sourced, sourced_tables
from coxa.simulate.from_plan.sport import sport_table
from coxa.simulate.from_plan.tables import (
    adverse_events_table,
    assessments_table,
    calendar_of,
    events_table,
    happenings_table,
    participants_table,
    screening_table,
    with_date,
    with_goals,
)
from coxa.simulate.from_plan.treatment import (
    co_interventions_table,
    sessions_table,
    with_fidelity,
    with_soreness,
)
from coxa.simulate.from_plan.truths import SIZE, true_values
from coxa.simulate.truth import Truth
from coxa.study import Study
from coxa.study.comparative import COMPARATIVE, ComparativeStudy
from coxa.study.source import DataSource, TableSource

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedTrial(Carded):
    """A trial simulated from its plan.

    design  : what it was drawn from
    seed    : its seed
    tables  : table of the cohort -> raw rows under coxa's names; dates as ISO text, missing cells empty
    sources : the `data: tables:` of a study file, without the file names
    truth   : what was planted, and the value of each estimand
    drawn   : the same as arrays, with what a trial does not see
    at_home : sessions at home asked for, done and reported, by participant; no part of a trial's data
    clinic  : the file of the patients that the result is carried to, in the columns of the plan; None without

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> trial.allocated
    {'usual_care': 10, 'manual_therapy': 10, 'exercise': 10, 'both': 10}
    >>> sorted(trial.tables)
    ['assessments', 'participants', 'treatment_sessions']
    """

    design: TrialDesign
    seed: int
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    sources: Mapping[str, dict[str, Any]] = field(repr=False)
    truth: Truth = field(repr=False)
    drawn: DrawnTrial = field(repr=False)
    at_home: pd.DataFrame = field(repr=False)
    clinic: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def data(self) -> dict[str, pd.DataFrame]:
        """The tables, and the patients of a clinic under `clinic`: all that `read_cohort` takes."""
        return {**self.tables, **({} if self.clinic is None else {"clinic": self.clinic})}

    @property
    def study(self) -> Study:
        """The plan, with these tables as its data; `coxa.analyse(trial)` reads them without a file."""
        sources = {name: TableSource(file=name, **source) for name, source in self.sources.items()}
        return self.design.study.model_copy(update={"data": DataSource(tables=sources)})

    @property
    def allocated(self) -> dict[str, int]:
        """Arm -> participants allocated to it."""
        return {arm: int((self.drawn.arm == place).sum()) for place, arm in enumerate(self.design.arms)}

    def card(self) -> Card:
        """Return what a terminal and a notebook show: who is in which arm, the tables, and what was planted."""
        facts = {
            "Seed": str(self.seed),
            "Participants": ", ".join(f"{self.design.study.arms[arm].label} {n}" for arm, n in self.allocated.items()),
            "Tables": ", ".join(f"{name} ({counted(len(rows), 'row')})" for name, rows in self.tables.items()),
        }
        truth = self.truth.card()
        note = "`.truth` has what was planted; `coxa.analyse` takes the trial as it is"
        return Card(f"Simulated trial {self.design.study.study}", facts, truth.head, truth.rows, note=note)


@kinds(study=COMPARATIVE, seed=WHOLE)
def simulate_study(
    study: ComparativeStudy, *, seed: int, participants: int | Mapping[str, int] | None = None, truth_size: int = SIZE
) -> SimulatedTrial:
    """Simulate a trial from its plan alone.

    Parameters
    ----------
    study
        A checked plan with `assumptions`.
    seed
        Not negative. The same plan and seed give the same tables, whatever else is asked for.
    participants
        Instead of the plan's number: by arm, or of all arms together.
    truth_size
        Participants of the large run for estimands without a closed form.

    Returns
    -------
    SimulatedTrial
        Tables as a trial would hand them over, and the truth, which depends on the plan only, not on `seed`.

    Raises
    ------
    PlanError
        The plan has no assumptions, or they leave no variance to participants.
    OptionError
        A negative seed, or too few participants.

    Examples
    --------
    >>> import coxa
    >>> trial = simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> len(trial.tables["participants"])
    40
    >>> trial.truth.to_frame()[["arm", "reference", "visit"]].iloc[0].tolist()
    ['manual_therapy', 'usual_care', 'year_1']
    """
    check_seed(seed)
    design = trial_design(study, participants)
    drawn = draw_outcomes(design, seed, day=visit_days(design, design.n, seed))
    tables, at_home = raw_tables(design, drawn, seed)
    truth = true_values(design, n=truth_size)
    sources = {name: table_source(design, name, frame) for name, frame in tables.items()}
    return SimulatedTrial(design, seed, tables, sources, truth, drawn, at_home, clinic_table(design, seed))


def raw_tables(design: TrialDesign, drawn: DrawnTrial, seed: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables of a drawn trial, and what was really done at home; tables without a row are left out."""
    import pandas as pd

    when, part = calendar_of(design, len(drawn.arm), seed), design.assumptions
    tables = {"participants": participants_table(design, drawn, when)}
    if part.screening is not None:
        tables["screening"] = screening_table(part.screening, tables["participants"], when, seed)
    if drawn.codes:
        tables["item_responses"] = item_table(design, drawn, when, seed)
    sourced = [name for name in design.outcomes if design.study.outcomes[name].source is not None]
    if len(drawn.codes) + len(sourced) < len(design.outcomes):
        tables["assessments"] = assessments_table(design, drawn, when)
    if part.sessions is not None:
        sessions = sessions_table(design, drawn, when)
        tables["treatment_sessions"] = with_fidelity(design, drawn, sessions, seed)
    tables["daily_diary"], at_home = diary_tables(design, drawn, when)
    if design.events:
        tables["intercurrent_events"] = events_table(drawn, when)
    adverse = adverse_events_table(design, drawn, when, seed)
    tables["adverse_events"] = with_soreness(design, drawn, adverse, tables.get("treatment_sessions"), seed)
    tables["co_interventions"] = co_interventions_table(design, drawn, when, seed)
    tables["exercise_log"] = exercise_log_table(design, drawn, when)
    tables["red_flag_screening"] = red_flags_table(design, drawn, when, seed)
    tables["conditions"] = conditions_table(design, drawn, seed)
    tables["sport_training"] = sport_table(design, drawn, seed)
    tables["return_to_sport"] = returns_table(design, drawn, when)
    for name, event in design.study.events.items():
        if event.source.table == "return_to_sport" or event.source.flare:
            continue
        rows = happenings_table(design, drawn, when, name)
        held = tables.get(event.source.table)
        if event.source.table == "participants":
            tables["participants"] = with_date(tables["participants"], rows)
        elif event.source.table == "goals":
            tables["goals"] = with_goals(held, rows)
        elif len(rows):
            tables[event.source.table] = rows if held is None or held.empty else pd.concat([held, rows])
    sourced_trial = Sourced(design, drawn, when, seed)
    tables |= sourced_tables(sourced_trial, tables)
    tables["clinical_measures"] = measures_at_baseline(sourced_trial, tables.get("clinical_measures", pd.DataFrame()))
    return {name: frame for name, frame in tables.items() if len(frame)}, at_home


def table_source(design: TrialDesign, table: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Return what a study file says of a table beside its file; columns have coxa's names and need no line."""
    if table == "assessments":
        return {"outcomes": {name: name for name in design.outcomes if name in frame}}
    if table == "item_responses" and "item" not in frame:
        names = {str(design.study.outcomes[name].instrument) for name in design.outcomes}
        instrument = next(name for name in sorted(names) if any(str(column).startswith(f"{name}_") for column in frame))
        return {"instrument": instrument, "items": f"{instrument}_{{item}}"}
    return {}
