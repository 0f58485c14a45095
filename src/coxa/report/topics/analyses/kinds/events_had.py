"""Who had which intercurrent event, by arm, next to an analysis that imputes what comes after it."""

from __future__ import annotations

from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.by_arm import share_cell
from coxa.tables.cells import Statistic
from coxa.tables.formats import counted
from coxa.tables.prose import with_n
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier


def events_had(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of the events of an estimand; none where the plan or the data have no event."""
    handled, rows = planned.estimand.intercurrent_events, report.cohort.table("intercurrent_events")
    if not handled or not len(rows):
        return []
    study = planned.study
    people = report.datasets[planned.estimand_name].frame.drop_duplicates("participant_id")
    arm = dict(zip(people["participant_id"].astype(str), people["arm"].astype(str), strict=True))
    arms = [one for one in study.arm_order if one in arm.values()]
    sizes = {one: sum(own == one for own in arm.values()) for one in arms}

    def cells(events: set[str], term: str) -> tuple[Cell, ...]:
        with_event = set(rows.loc[rows["event"].astype(str).isin(events), "participant_id"].astype(str))
        found = []
        for one in arms:
            at = Statistic(estimand=planned.estimand_name, analysis=planned.name, arm=one, term=f"event: {term}")
            found.append(share_cell(sum(arm.get(person) == one for person in with_event), sizes[one], at))
        return tuple(found)

    shown = []
    for event, how in handled.items():
        strategy = how.strategy.replace("_", " ")
        shown.append(Row(f"{study.label('intercurrent_events', event)} ({strategy})", cells({event}, event)))
    if len(handled) > 1:
        shown.append(Row("Any of them", cells(set(handled), "any")))
    columns = tuple(
        Column(
            with_n(
                study.label("arms", one),
                counted(sizes[one], planned.name, "participants", one, planned.estimand_name),
            )
        )
        for one in arms
    )
    table = Table(
        identifier("events-had", planned.name),
        f"{planned.outcome_label}: participants with intercurrent events",
        "Event (strategy of the estimand)",
        columns,
        (RowGroup("", tuple(shown)),),
        (Footnote("n (%) of the participants in the analysis set. A participant can be in several rows."),),
        subtitle=planned.label,
    )
    return [TableBlock(table)]
