"""What was imputed in an analysis, of whom and when; and what the imputation cost, where there are data sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.imputed.counts import CountSets
from coxa.analyses.imputed.items import imputed_items
from coxa.analyses.imputed.rows import prepared
from coxa.analyses.imputed.sets import ImputedSets, laid_out
from coxa.impute import IncompleteOutcomes
from coxa.models import Fit
from coxa.report.document import Block, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import comparison_label
from coxa.report.topics.analyses.written import written
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

PARTS = {
    "observed": "Observed",
    "gap": "Imputed, a later value is known",
    "after_event": "Imputed, after the event",
}
"""Part of the participants of an arm at a visit -> what its row is called."""


def imputed_counts(report: ReportRecord, planned: PlannedAnalysis, fit: Fit) -> list[Block]:
    """Return how many outcomes were observed and imputed by arm and visit, and which covariates were imputed."""
    outcomes, _ = laid_out(planned, fit, report.datasets[planned.estimand_name])
    blocks: list[Block] = [TableBlock(counts_table(planned, outcomes))]
    if table := covariates_table(planned, report):
        blocks.append(TableBlock(table))
    if items := items_table(planned, report):
        blocks.append(TableBlock(items))
    return blocks


def counts_table(planned: PlannedAnalysis, outcomes: IncompleteOutcomes) -> Table:
    """Return the participants of each arm at each visit by what became of their outcome.

    Parameters
    ----------
    planned
        An analysis in which outcomes are imputed.
    outcomes
        Its outcomes with their gaps.
    """
    study = planned.study
    counts = counted_parts(outcomes)
    arms = [arm for arm in study.arm_order if arm in outcomes.arms]
    groups = tuple(
        RowGroup(study.label("visits", visit), tuple(_rows(planned, counts[counts["visit"] == visit], arms)))
        for visit in outcomes.visits
    )
    return Table(
        identifier("imputed", planned.name),
        f"{planned.outcome_label}: observed and imputed outcomes",
        "Participants",
        tuple(Column(study.label("arms", arm)) for arm in arms),
        groups,
        (
            Footnote(
                "n (%) of the participants in the analysis. The event is an intercurrent event that the estimand "
                "handles as hypothetical, or that outcomes end."
            ),
        ),
        subtitle=planned.label,
    )


def counted_parts(outcomes: IncompleteOutcomes) -> pd.DataFrame:
    """Return one row per arm and visit: `arm, visit, total, observed, gap, after_event`."""
    rows = []
    for a, arm in enumerate(outcomes.arms):
        own = outcomes.arm == a
        for v, visit in enumerate(outcomes.visits):
            gone = outcomes.missing[own, v]
            late = gone & (outcomes.event[own] <= v)
            total, missing, after = int(own.sum()), int(gone.sum()), int(late.sum())
            rows.append((arm, visit, total, total - missing, missing - after, after))
    return pd.DataFrame(rows, columns=["arm", "visit", "total", "observed", "gap", "after_event"])


def _rows(planned: PlannedAnalysis, counts: pd.DataFrame, arms: list[str]) -> Iterator[Row]:
    by_arm: dict[str, dict[str, Any]] = {str(row["arm"]): row for row in records(counts)}

    def at(arm: str, term: str) -> Statistic:
        visit = str(by_arm[arm]["visit"])
        return Statistic(estimand=planned.estimand_name, analysis=planned.name, visit=visit, arm=arm, term=term)

    totals = [cell("count", {"n": float(by_arm[arm]["total"])}, at(arm, "imputed: all")) for arm in arms]
    yield Row("In the analysis", tuple(totals))
    for part, label in PARTS.items():
        cells = []
        for arm in arms:
            n, total = float(by_arm[arm][part]), float(by_arm[arm]["total"])
            numbers = {"n": n, "share": n / total if total else float("nan")}
            cells.append(cell("count_percent", numbers, at(arm, f"imputed: {part}")))
        yield Row(label, tuple(cells), level=1)


def covariates_table(planned: PlannedAnalysis, report: ReportRecord) -> Table | None:
    """Return of how many participants each covariate was imputed; None where the plan imputes none."""
    found = prepared(planned, report.datasets[planned.estimand_name]).covariates
    if found is None:
        return None
    rows = []
    for row in found.table.to_dict("records"):
        name = str(row["column"])
        at = Statistic(estimand=planned.estimand_name, analysis=planned.name, term=f"imputed covariate: {name}")
        numbers = {"n": float(row["n_imputed"]), "share": float(row["share"])}
        label = "Baseline" if name == "baseline" else planned.study.label("covariates", name)
        rows.append(Row(label, (cell("count_percent", numbers, at),)))
    return Table(
        identifier("imputed-covariates", planned.name),
        "Imputed covariates",
        "Covariate",
        (Column("Imputed"),),
        (RowGroup("", tuple(rows)),),
        (
            Footnote(
                "n (%) of all participants. Imputed once by chained equations with predictive mean matching from the "
                "covariates of the plan and the baseline, without arm and outcome."
            ),
        ),
        subtitle=planned.label,
    )


def items_table(planned: PlannedAnalysis, report: ReportRecord) -> Table | None:
    """Return how many forms of each visit had imputed items, and how many items; None where the plan imputes none."""
    found = imputed_items(planned, report.datasets[planned.estimand_name])
    if found is None:
        return None
    rows = []
    for row in records(found.table):
        cells = []
        for part, of in (("n_forms", "forms"), ("n_items", "items")):
            at = Statistic(
                estimand=planned.estimand_name,
                analysis=planned.name,
                visit=str(row["visit"]),
                term=f"imputed {of}",
            )
            numbers = {"n": float(row[part]), "share": float(row[part]) / max(float(row[of]), 1.0)}
            shown = cell("count_percent", numbers, at)
            cells.append(shown if of == "forms" else replace(shown, of_people=False))
        rows.append(Row(planned.study.label("visits", str(row["visit"])), tuple(cells)))
    return Table(
        identifier("imputed-items", planned.name),
        f"{planned.outcome_label}: items imputed before scores",
        "Visit",
        (Column("Questionnaires"), Column("Answers")),
        (RowGroup("", tuple(rows)),),
        (
            Footnote(
                "n (%) of the questionnaires with a score, and of their answers. Questionnaires with fewer answers "
                "than the rule asks for have no score."
            ),
        ),
        subtitle=planned.label,
    )


def pooling_blocks(planned: PlannedAnalysis, found: ImputedSets) -> list[Block]:
    """Return how parameters were drawn, how many data sets there are and why, and the cost of what is missing."""
    said = [found.draws.sentence]
    if found.enough is not None:
        said.append(found.enough.sentence)
    return [Paragraph(" ".join(said), found=True), TableBlock(pooling_table(planned, found))]


def pooling_table(planned: PlannedAnalysis, found: ImputedSets | CountSets) -> Table:
    """Return for each comparison of the estimand what is missing of its information, and its Monte Carlo errors."""
    pooled = found.results.pooled
    frame = found.results.estimates.frame.assign(
        estimand=planned.estimand_name,
        analysis=planned.name,
        fmi=pooled.fmi,
        mc_error=pooled.mc_error / pooled.std_error,
        mc_std_error=pooled.mc_std_error / pooled.std_error,
    )
    mine = frame["term"].eq(planned.effect.term) & frame["visit"].isin(planned.visits)
    mine &= frame["arm"].isin(planned.compare) & frame["reference"].eq(planned.against)
    rows = tuple(_pooled_row(planned, record) for record in records(frame[mine]))
    parts = (planned.name, *frame["visit"].astype(str).unique()) if isinstance(found, CountSets) else (planned.name,)
    return Table(
        identifier("pooled", *parts),
        f"{planned.outcome_label}: what missing outcomes cost",
        "Comparison",
        (
            Column("Estimate (CI)"),
            Column("Missing information"),
            Column("Monte Carlo error: estimate"),
            Column("Monte Carlo error: its SE"),
        ),
        (RowGroup("", rows),),
        (
            Footnote(
                f"{pooled.m:,} imputed data sets. Missing information: the share of the information of complete data "
                "that is lost with the missing outcomes. Monte Carlo errors, by which another seed would change the "
                "numbers, in percent of the standard error. CI, confidence interval; SE, standard error."
            ),
        ),
        subtitle=planned.label,
    )


def _pooled_row(planned: PlannedAnalysis, record: Record) -> Row:
    def part(name: str) -> Cell:
        at = Statistic(
            estimand=planned.estimand_name,
            analysis=planned.name,
            visit=record["visit"],
            arm=record["arm"],
            reference=record["reference"],
            term=f"{record['term']}: {name}",
        )
        return replace(cell("share", {"share": float(record[name])}, at), of_people=False)

    visit = planned.study.label("visits", record["visit"])
    return Row(
        f"{visit}: {comparison_label(planned.study, record)}",
        (written(planned, "estimate_interval", record), part("fmi"), part("mc_error"), part("mc_std_error")),
    )
