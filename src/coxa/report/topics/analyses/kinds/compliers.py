"""Compliers: who received what, the effect in those who comply, and what is left of it without its assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from coxa.analyses.causal_rows import compliance_of, found_in
from coxa.causal import ComplierEffect
from coxa.causal.assumptions import COMPLIER_ASSUMPTIONS
from coxa.figures.figure import Figure
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.causal_parts import (
    address,
    assumptions_card,
    interval_cell,
    intervals_figure,
    limits_cell,
    notes_of,
    plain_cell,
    value_cell,
)
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.cace import CACE
from coxa.study.wording import compliance_words
from coxa.tables.formats import cell, share
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Prose, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

WEAK = "The instrument is weak (first-stage F below 10): rely on the Anderson-Rubin set and not on the interval."


def complier_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of compliers, what it says, its figure and its assumptions; none of another kind of model."""
    if not isinstance(planned.analysis, CACE):
        return []
    each = [
        (str(fit.sample.visits[0]), arm, found)
        for fit in report.fits[planned.name]
        for arm, found in found_in(fit).items()
    ]
    blocks: list[Block] = [TableBlock(compliers_table(planned, each, notes_of(report, planned)))]
    blocks += [Paragraph(_said(planned, visit, arm, found), found=True) for visit, arm, found in each]
    visit, arm, found = each[-1]
    blocks.append(FigureBlock(_figure(planned, visit, arm, found)))
    blocks.append(assumptions_card("What the effect in compliers assumes", COMPLIER_ASSUMPTIONS))
    return blocks


def compliers_table(
    planned: PlannedAnalysis, each: list[tuple[str, str, ComplierEffect]], made: Sequence[Footnote]
) -> Table:
    """Return who received the treatment in each arm, both stages, the effect in compliers, and its bounds."""
    groups = tuple(
        RowGroup(_heading(planned, visit, arm), tuple(_rows(planned, visit, arm, found))) for visit, arm, found in each
    )
    rule = compliance_words(compliance_of(planned))
    level = f"{100 * planned.analysis.conf_level:g}%"
    notes = [
        f"Received: the treatment of the arm, {rule}. Of participants with an outcome.",
        "Bounds keep allocation by chance and monotonicity, and drop the exclusion restriction; they are of the data, "
        "without sampling error and not adjusted.",
        f"CI, {level} confidence interval.",
    ]
    if any(found.effect.is_weak for _, _, found in each):
        notes.insert(0, WEAK)
    return Table(
        identifier("compliers", planned.name),
        f"{planned.outcome_label}: treatment received, and its effect in compliers",
        "Quantity",
        (Column("Estimate (CI)"),),
        groups,
        (*made, *(Footnote(text) for text in notes)),
    )


def _heading(planned: PlannedAnalysis, visit: str, arm: str) -> str:
    study = planned.study
    return f"{study.label('arms', arm)} against {study.label('arms', planned.against)}, {study.label('visits', visit)}"


def _rows(planned: PlannedAnalysis, visit: str, arm: str, found: ComplierEffect) -> Iterator[Row]:
    effect, study = found.effect, planned.study
    for name in (arm, planned.against):
        total, n = found.received[name]
        values = {"n": n, "total": total, "share": share(n, total)}
        counted = cell("count_of_percent", values, address(planned, visit, name, "received"))
        yield Row(f"Received the treatment, allocated to {study.label('arms', name)}", (counted,))
    t = _quantile(found)
    yield Row("Effect of allocation on what was received (share of compliers)", (_share(planned, visit, arm, found),))
    yield Row("First-stage F", (plain_cell(address(planned, visit, arm, "first-stage F"), effect.first_f, 1),))
    low, high = (effect.reduced + side * t * effect.reduced_error for side in (-1, 1))
    itt = interval_cell(planned, address(planned, visit, arm, "effect of allocation"), effect.reduced, low, high)
    yield Row("Effect of allocation in all participants", (itt,))
    own = address(planned, visit, arm, "effect in compliers")
    yield Row(
        "Effect in compliers",
        (interval_cell(planned, own, effect.estimate, effect.conf_low, effect.conf_high),),
        strong=True,
    )
    yield _region(planned, visit, arm, found)
    bounds = limits_cell(planned, address(planned, visit, arm, "bounds"), *found.bounds)
    yield Row("Bounds without the exclusion restriction", (bounds,))
    if not np.isnan(found.direct):
        direct = value_cell(planned, address(planned, visit, arm, "direct effect"), found.direct)
        yield Row("Effect of allocation in all others at which compliers would have none", (direct,))


def _quantile(found: ComplierEffect) -> float:
    effect = found.effect
    return (effect.conf_high - effect.estimate) / effect.std_error


def _share(planned: PlannedAnalysis, visit: str, arm: str, found: ComplierEffect) -> Cell:
    """Return the share of compliers, adjusted, with its interval."""
    effect, margin = found.effect, _quantile(found) * found.effect.first_error
    values = {"share": effect.first, "conf_low": effect.first - margin, "conf_high": effect.first + margin}
    return cell("share_interval", values, address(planned, visit, arm, "share of compliers"))


def _region(planned: PlannedAnalysis, visit: str, arm: str, found: ComplierEffect) -> Row:
    region = found.effect.anderson_rubin
    if region.region == "line":
        return Row("Anderson-Rubin set", (Cell("every number"),))
    label = "Anderson-Rubin set" if region.region == "interval" else "Anderson-Rubin set: all numbers outside of"
    return Row(label, (limits_cell(planned, address(planned, visit, arm, "Anderson-Rubin"), region.low, region.high),))


def _said(planned: PlannedAnalysis, visit: str, arm: str, found: ComplierEffect) -> Prose:
    """Return in a sentence what the effect in compliers is, of how many, and how far it may be trusted."""
    study, effect = planned.study, found.effect
    own = address(planned, visit, arm, "effect in compliers")
    shown = interval_cell(planned, own, effect.estimate, effect.conf_low, effect.conf_high)
    of = _share(planned, visit, arm, found)
    unit = f" {planned.unit}" if planned.unit else ""
    sided = (
        f"no participant of {study.label('arms', planned.against)} received the treatment"
        if found.one_sided
        else f"some participants of {study.label('arms', planned.against)} received the treatment too"
    )
    return prose(
        f"{_heading(planned, visit, arm)}: in compliers, ",
        of,
        f" of the participants, the effect on {planned.variable} is ",
        shown,
        f"{unit}; {sided}. {WEAK if effect.is_weak else ''}".rstrip(),
    )


def _figure(planned: PlannedAnalysis, visit: str, arm: str, found: ComplierEffect) -> Figure:
    effect, t = found.effect, _quantile(found)
    ar = effect.anderson_rubin
    margin = t * effect.reduced_error
    rows = [
        ("Allocation, all participants", effect.reduced, effect.reduced - margin, effect.reduced + margin),
        ("Compliers", effect.estimate, effect.conf_low, effect.conf_high),
    ]
    if ar.region == "interval":
        rows.append(("Compliers, Anderson-Rubin set", np.nan, ar.low, ar.high))
    rows.append(("Compliers, without the exclusion restriction", np.nan, *found.bounds))
    frame = pd.DataFrame(rows, columns=["label", "estimate", "conf_low", "conf_high"])
    points = planned.effect.scale == "points"
    quantity = sentence_case(f"effect on {planned.variable}") + (f" ({planned.unit})" if planned.unit else "")
    title = f"{planned.outcome_label}: effect of allocation and effect in compliers, {_heading(planned, visit, arm)}"
    return intervals_figure(planned, "complier-intervals", title, frame, quantity, 100.0 if points else 1.0)
