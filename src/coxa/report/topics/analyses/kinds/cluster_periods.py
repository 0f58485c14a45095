"""What a report has of clusters in periods: the effect of time, how alike clusters are, and the robust test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.cluster_periods import Alike, alike, permuted, since_step
from coxa.analyses.methods.cluster_periods import SINCE
from coxa.analyses.periods import period_effects
from coxa.models import Fit
from coxa.report.document import Block, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.cluster_periods import ClusterPeriodModel
from coxa.study.wording import factor_words
from coxa.tables.formats import NONE, cell
from coxa.tables.phrases import abbreviations, sentence_case
from coxa.tables.prose import prose
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

WITHIN = "Two participants in one period (ICC)"
BETWEEN = "Two participants in two periods"
RATIO = "Over each other (CAC)"


def cluster_period_blocks(report: ReportRecord, planned: PlannedAnalysis, fits: Sequence[Fit]) -> list[Block]:
    """Return the effects of periods and of the time since the step, the correlations, and the permutation test."""
    blocks: list[Block] = []
    for fit in fits:
        blocks += [
            TableBlock(effects_table(report, planned, fit)),
            TableBlock(alike_table(planned, alike(planned, fit))),
        ]
    if (options := _options(planned)) and options.permutation and options.effect == "immediate":
        blocks += list(_permutation(report, planned))
    return blocks


def _options(planned: PlannedAnalysis) -> ClusterPeriodModel | None:
    """Return the options of the mixed model; None of another model."""
    return planned.analysis if isinstance(planned.analysis, ClusterPeriodModel) else None


def effects_table(report: ReportRecord, planned: PlannedAnalysis, fit: Fit) -> Table:
    """Return each period less the first, and the effect after each number of periods since the step."""
    study, periods = planned.study, planned.study.received_in_periods
    assert periods is not None
    groups = []
    since = since_step(planned, report.estimates.frame)
    if len(since):
        rows = [
            _effect(planned, record, SINCE, f"{record['since']} {'period' if record['since'] == '1' else 'periods'}")
            for record in records(since)
        ]
        groups.append(RowGroup("Treatment, by time since the step", tuple(rows)))
    labels = {str(place): _period_label(planned, name) for place, name in enumerate(periods.order, 1)}
    rows = [
        _effect(planned, record, "period effect", f"{labels[record['arm']]} minus {labels[record['reference']]}")
        for record in records(period_effects(planned, fit).frame)
    ]
    groups.append(RowGroup("Period", tuple(rows)))
    columns = (
        Column(f"Difference ({100 * planned.analysis.conf_level:g}% CI)"),
        Column("SE"),
        Column("df"),
        Column("p"),
    )
    said = "A period has its own mean under any treatment: what changes with time in all clusters."
    return Table(
        identifier("period-effects", planned.name),
        f"{planned.outcome_label}: effects of time",
        "Effect",
        columns,
        tuple(groups),
        (Footnote(said), Footnote(f"In {planned.unit}. {abbreviations(str(column.label) for column in columns)}")),
        subtitle=study.label("analyses", planned.name),
    )


def _period_label(planned: PlannedAnalysis, name: str) -> str:
    """Return what a period is called."""
    study, periods = planned.study, planned.study.received_in_periods
    assert periods is not None
    if periods.by_visit:
        return study.label("visits", name)
    return study.covariates["period"].level_labels()[name]


def _effect(planned: PlannedAnalysis, record: Record, term: str, label: str) -> Row:
    """Return the row of a difference with its test."""
    named: Record = {**record, "estimand": planned.estimand_name, "analysis": planned.name, "term": term, "visit": ""}
    if term == SINCE:
        named["analysis"] = f"{planned.name}[since={record['since']}]"
    if record["std_error"] != record["std_error"]:
        return Row(label, (Cell(NONE),) * 4)
    decimals = planned.decimals
    return Row(
        label,
        (
            estimate_cell("estimate_interval", named, *INTERVAL, decimals=decimals),
            estimate_cell("std_error", named, "std_error", decimals=decimals),
            estimate_cell("df", named, "df"),
            estimate_cell("p_value", named, "p_value"),
        ),
    )


def alike_table(planned: PlannedAnalysis, found: Alike) -> Table:
    """Return the variances of the random effects and the correlations that follow from them, with words."""
    cluster = factor_words(planned.study, found.cluster)

    def sd(label: str, value: float, term: str) -> Row:
        at = Statistic("", float("nan"), planned.estimand_name, planned.name, f"{term} random effect")
        return Row(label, (cell("sd", {"sd": value**0.5}, at, planned.decimals),))

    def share(label: str, value: float | None, term: str) -> Row:
        at = Statistic("", float("nan"), planned.estimand_name, planned.name, term)
        return Row(label, (Cell(NONE) if value is None else cell("number", {"n": value}, at, 3),))

    spreads = [sd(sentence_case(cluster), found.between, found.cluster)]
    if found.passing is not None:
        spreads.append(sd(f"{sentence_case(cluster)} in a period", found.passing, "cluster_period"))
    if found.participants is not None:
        spreads.append(sd("Participant", found.participants, "participant"))
    spreads.append(sd("Residual", found.residual, "residual"))
    correlations = [share(WITHIN, found.icc, "icc"), share(BETWEEN, found.between_periods, "icc between periods")]
    correlations.append(share(RATIO, found.autocorrelation, "cluster autocorrelation"))
    said = (
        f"Correlations are of the values of two participants of one {cluster}, given treatment and period. The third "
        "(cluster autocorrelation) is the second over the first: 1 where a cluster is the same in all periods, and "
        "lower the more it changes."
    )
    return Table(
        identifier("alike", planned.name),
        "How alike clusters are",
        "",
        (Column("Estimate"),),
        (
            RowGroup(f"Standard deviation, in {planned.unit}", tuple(spreads)),
            RowGroup(f"Correlation within a {cluster}", tuple(correlations)),
        ),
        (Footnote(said), *_edge(found)),
        subtitle=planned.study.label("analyses", planned.name),
    )


def _edge(found: Alike) -> Iterator[Footnote]:
    """Yield a note where a variance was estimated at zero."""
    if found.between == 0 or found.passing == 0:
        yield Footnote(
            "A variance was estimated at zero, the smallest value that it can have; few clusters say little of it."
        )


def _permutation(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Block]:
    """Yield the permutation test in a sentence."""
    found = permuted(planned, report.datasets[planned.estimand_name])
    if found is None:
        return
    at = {"estimand": planned.estimand_name, "analysis": planned.name, "visit": ""}
    pair = {"arm": planned.compare[0], "reference": planned.against}
    record: Record = {
        **at,
        **pair,
        "term": "permutation",
        "estimate": found.estimate,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
        "conf_level": found.conf_level,
        "p_value": found.p_value,
    }
    drawn = f"all {found.possible:,} allocations" if found.every else f"{found.used - 1:,} allocations drawn by chance"
    yield Paragraph(
        prose(
            "Permutation of the clusters among the sequences, which rests on no model of what clusters have in "
            "common: ",
            estimate_cell("estimate_interval", record, *INTERVAL, decimals=planned.decimals),
            f" {planned.unit}, ",
            estimate_cell("p_words", record, "p_value"),
            f", from {drawn}. The limits are the effects that the test does not reject.",
        )
    )
