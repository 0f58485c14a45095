"""What a report has of treatments that are received in periods: means by sequence and period, period and carry-over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.periods import carry_over, in_periods, period_effects
from coxa.estimates import Estimates
from coxa.models import Fit
from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.cluster_periods import cluster_period_blocks
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.comparative import PlannedAnalysis
from coxa.study.periods import EVERY_PERIOD
from coxa.tables.by_arm import summarised
from coxa.tables.formats import NONE, cell
from coxa.tables.phrases import abbreviations
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

BETWEEN = (
    "Carry-over: the difference between the sequences in the mean of a participant is half the difference in "
    "carry-over, if nothing else differs between them. It is between participants, has little power, and was not used "
    "to choose the analysis."
)

WITHIN = (
    "Carry-over: what the treatment of the period before adds, less what the first treatment adds, from a model with "
    "treatment and period. It was not used to choose the analysis."
)


def period_blocks(report: ReportRecord, planned: PlannedAnalysis, fits: Sequence[Fit]) -> list[Block]:
    """Return the means by sequence and period and, of the mixed model, the effects of period and carry-over."""
    blocks: list[Block] = [TableBlock(cell_means_table(report, planned))]
    if isinstance(planned.study.received_in_periods, ClusterPeriods):
        return [*blocks, *cluster_period_blocks(report, planned, fits)]
    mixed = [fit for fit in fits if fit.random is not None]
    return [*blocks, *(TableBlock(period_table(report, planned, fit)) for fit in mixed)]


def cell_means_table(report: ReportRecord, planned: PlannedAnalysis) -> Table:
    """Return n and mean (SD) of the observed values of each sequence in each period, with its treatment."""
    study, decimals = planned.study, planned.scale.decimals
    periods = study.received_in_periods
    assert periods is not None
    rows = in_periods(study, report.datasets[planned.estimand_name].analysed)
    groups = []
    for sequence in study.arm_order:
        shown = []
        for place, visit in enumerate(periods.order, 1):
            here = rows[(rows["sequence"].astype(str) == sequence) & (rows["period"].astype(str) == str(place))]
            treatment = periods.received(sequence, visit)
            at = Statistic(
                estimand=planned.estimand_name, analysis="periods", term="value", visit=visit, arm=sequence
            )  # fmt: skip
            known = here["value"].dropna().to_numpy(dtype=float)
            cells = (cell("count", {"n": len(known)}, at), summarised("mean_sd", known, at, decimals))
            shown.append(Row(f"Period {place}: {study.label('arms', treatment)}", cells))
        groups.append(RowGroup(study.label("arms", sequence), tuple(shown)))
    columns = (Column("n"), Column("Mean (SD)"))
    return Table(
        identifier("periods", planned.name),
        f"{planned.outcome_label} by sequence and period, as observed",
        "Sequence and period",
        columns,
        tuple(groups),
        (Footnote(f"{_when(planned)} {abbreviations(str(column.label) for column in columns)}"),),
    )


def _when(planned: PlannedAnalysis) -> str:
    """Say when the values are from."""
    periods = planned.study.received_in_periods
    if periods is None or periods.by_visit:
        return "Values at the end of each period."
    return f"Values {planned.at(EVERY_PERIOD)} of the participants of each period."


def period_table(report: ReportRecord, planned: PlannedAnalysis, fit: Fit) -> Table:
    """Return each period less the first, and carry-over, each with its test."""
    study = planned.study
    effects = period_effects(planned, fit)
    groups = [RowGroup("Period", tuple(_rows(planned, effects, "visits", "period effect")))]
    notes = []
    if found := carry_over(planned, report.datasets[planned.estimand_name]):
        estimates, within = found
        title = "Carry-over" if within else "Carry-over: sequence"
        groups.append(RowGroup(title, tuple(_rows(planned, estimates, "arms", "carry-over"))))
        notes.append(WITHIN if within else BETWEEN)
    columns = (
        Column(f"Difference ({100 * planned.analysis.conf_level:g}% CI)"),
        Column("SE"),
        Column("df"),
        Column("p"),
    )
    return Table(
        identifier("period-effects", planned.name),
        f"{planned.outcome_label}: period and carry-over",
        "Effect",
        columns,
        tuple(groups),
        tuple(
            Footnote(text)
            for text in (*notes, f"In {planned.unit}. {abbreviations(str(column.label) for column in columns)}")
        ),
        subtitle=f"{study.label('analyses', planned.name)}",
    )


def _rows(planned: PlannedAnalysis, found: Estimates, kind: str, term: str) -> Iterator[Row]:
    """Yield the rows of differences between periods, sequences or treatments."""
    study, decimals = planned.study, planned.decimals
    for record in records(found.frame):
        named: Record = {
            **record,
            "estimand": planned.estimand_name,
            "analysis": planned.name,
            "term": term,
            "visit": "",
        }
        label = f"{study.label(kind, record['arm'])} minus {study.label(kind, record['reference'])}"
        if record["std_error"] != record["std_error"]:
            yield Row(label, (Cell(NONE),) * 4)
            continue
        cells = (
            estimate_cell("estimate_interval", named, *INTERVAL, decimals=decimals),
            estimate_cell("std_error", named, "std_error", decimals=decimals),
            estimate_cell("df", named, "df"),
            estimate_cell("p_value", named, "p_value"),
        )
        yield Row(label, cells)
