"""Tipping maps of responders: amounts added to imputed outcomes before it is counted who responds."""

from __future__ import annotations

import numpy as np

from coxa.analyses.imputed.formula import formula_of
from coxa.analyses.imputed.means import imputed_means
from coxa.analyses.imputed.sets import ImputedSets, marks
from coxa.analyses.imputed.tips import first_sets
from coxa.figures.figure import Figure
from coxa.impute import TippingMap, tipping_responders
from coxa.impute.tipping import plausible_shifts
from coxa.models import Fit
from coxa.report.document import Block, FigureBlock, Paragraph
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.tipping_figure import Tip, key_words, plot_tipping_map
from coxa.study.comparative import PlannedAnalysis

AMOUNTS = 9
"""Amounts of each arm: every pair of them has a logistic regression of each data set."""


def responder_maps(report: ReportRecord, planned: PlannedAnalysis, fit: Fit, sets: ImputedSets) -> list[Block]:
    """Return a tipping map of each comparison; none of a yes or no and of scores on steps."""
    if planned.response != "responder" or sets.imputed.steps is not None:
        return []
    return [
        *(FigureBlock(_figure(report, planned, fit, sets, arm)) for arm in planned.compare),
        Paragraph(key_words(planned)),
    ]


def _figure(report: ReportRecord, planned: PlannedAnalysis, fit: Fit, sets: ImputedSets, arm: str) -> Figure:
    shown = responder_map(report, planned, fit, sets, arm)
    return plot_tipping_map(planned, tip_of(shown), shown)


def responder_map(report: ReportRecord, planned: PlannedAnalysis, fit: Fit, sets: ImputedSets, arm: str) -> TippingMap:
    """Return the comparison at the last visit of the estimand for amounts in both arms."""
    visit, imputed = str(planned.visits[-1]), first_sets(sets.imputed)
    means = imputed_means(planned, fit, report.datasets[planned.estimand_name])
    region = plausible_shifts(means, arm, visit), plausible_shifts(means, planned.against, visit)
    sd = float(means.spread[:, means.outcomes.visits.index(visit)].mean())
    wanted = max(1.2 * max(abs(value) for pair in region for value in pair), sd)
    step = 10.0 ** np.floor(np.log10(wanted))
    amounts = np.linspace(-1, 1, AMOUNTS) * step * np.ceil(wanted / step)
    threshold, better = marks(planned, imputed.outcomes)
    return tipping_responders(
        imputed,
        f"~ {formula_of(planned, imputed.outcomes.visits)}",
        arm,
        against=planned.against,
        visit=visit,
        threshold=threshold,
        better=better,
        term=planned.effect.term,
        arm_shifts=amounts.tolist(),
        against_shifts=amounts.tolist(),
        plausible=region,
        alpha=1 - planned.analysis.conf_level,
    )


def tip_of(shown: TippingMap) -> Tip:
    """Return the amount in the arm alone at which the conclusion changes, by interpolation, and the conclusion."""
    middle = len(shown.against_shifts) // 2, len(shown.arm_shifts) // 2
    alone = shown.line.loc[shown.line["against_shift"] == shown.against_shifts[middle[0]], "arm_shift"]
    shift = float(min(alone, key=abs)) if len(alone) else float("nan")
    return Tip(shift, bool(shown.p_value[middle] < shown.alpha), exact=False)
