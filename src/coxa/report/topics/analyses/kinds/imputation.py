"""What is assumed of missing outcomes, and where the conclusion tips: every strategy from one model, and a map."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.imputed.assumed import assumes, delta_words, strategy_of, used
from coxa.analyses.imputed.means import imputed_means
from coxa.analyses.imputed.sets import imputed_sets
from coxa.errors import FitError
from coxa.impute import ConditionalMean, strategy_named, tipping_map, tipping_point
from coxa.impute.strategies import STRATEGIES
from coxa.models import Fit
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.branches import twigs
from coxa.report.topics.analyses.kinds.events_had import events_had
from coxa.report.topics.analyses.kinds.imputed_sets import imputed_counts, pooling_blocks
from coxa.report.topics.analyses.kinds.sensitivity_tree import tree_blocks
from coxa.report.topics.analyses.kinds.tipping_figure import exact_tip, key_words, plot_tipping_map
from coxa.report.topics.analyses.kinds.tipping_responders import responder_maps
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation
from coxa.tables.formats import NONE
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

ORDER = ("mar", "cir", "cr", "j2r", "lmcf")
"""Strategies from that which keeps most of a difference to those that keep less."""


def imputation_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return what was imputed, its tree, all strategies and tipping maps; none of another kind of model.

    All strategies and the maps are shown with the first of the analyses of an estimand in which outcomes are imputed.
    """
    if not isinstance(planned.analysis, Imputation):
        return []
    (fit,) = [fit for fit in report.fits[planned.name] if isinstance(fit, Fit)]
    blocks = [*events_had(report, planned), *imputed_counts(report, planned, fit)]
    maps: list[Block] = []
    if planned.analysis.by == "multiple":
        sets = imputed_sets(planned, fit, report.datasets[planned.estimand_name])
        blocks += pooling_blocks(planned, sets)
        maps = responder_maps(report, planned, fit, sets)
    if planned.analysis.branches:
        for arm in planned.compare:
            blocks += tree_blocks(planned, arm, twigs(report, planned, fit, arm))
    return [*blocks, *maps, *_strategies(report, planned, fit)]


def _strategies(report: ReportRecord, planned: PlannedAnalysis, fit: Fit) -> list[Block]:
    """Return the table of all strategies and a tipping map of each comparison of means."""
    alike = [
        one
        for one in planned.study.analyses_of(planned.estimand_name)
        if isinstance(one.analysis, Imputation) and one.name not in report.not_fitted
    ]
    if alike[0].name != planned.name or not planned.of_means:
        return []
    own = imputed_means(planned, fit, report.datasets[planned.estimand_name])
    found, without = under_each(planned, own)
    visit = str(planned.visits[-1])
    maps = [tipping_map(own, arm, against=planned.against, visit=visit) for arm in planned.compare]
    small = [
        tipping_map(
            own,
            one.arm,
            against=planned.against,
            visit=visit,
            arm_shifts=one.arm_shifts[::2].tolist(),
            against_shifts=one.against_shifts[::2].tolist(),
        )
        for one in maps
    ]
    return [
        TableBlock(assumptions_table(planned, found, visit, without)),
        *(FigureBlock(plot_tipping_map(planned, exact_tip(own, one), one)) for one in small),
        Paragraph(key_words(planned)),
    ]


def under_each(planned: PlannedAnalysis, own: ConditionalMean) -> tuple[dict[str, ConditionalMean], tuple[str, ...]]:
    """Return the estimates under each strategy that these data allow, and why there are none under the others."""
    found: dict[str, ConditionalMean] = {}
    without = []
    for word in ORDER:
        try:
            found[word] = own.under(dict.fromkeys(used(planned), strategy_of(planned, word)))
        except FitError as error:
            without.append(f"Not shown, {STRATEGIES[word].title}: {error.message}.")
    return found, tuple(without)


def assumptions_table(
    planned: PlannedAnalysis, found: dict[str, ConditionalMean], visit: str, without: tuple[str, ...] = ()
) -> Table:
    """Return the difference under each strategy, what it assumes, and where its conclusion changes.

    Parameters
    ----------
    planned
        An analysis in which outcomes are imputed.
    found
        Word of a strategy -> estimates under it, from the same model.
    visit
        At which the arms are compared.
    without
        Why there are no estimates under a strategy, a sentence each.
    """
    groups = tuple(
        RowGroup(_heading(planned, arm, visit), tuple(_rows(planned, found, arm, visit))) for arm in planned.compare
    )
    unit = f" ({planned.unit})" if planned.unit else ""
    deltas = delta_words(planned).strip()
    said = [
        f"All from the imputation model of {planned.label}, with its standard errors; the strategy is used after every "
        f"event. Tipping point{unit}: the smallest amount which, added to the imputed outcomes of the compared "
        f"{planned.study.words.arm} alone, changes whether the interval includes no difference; {NONE}, no amount does "
        "within 40 standard errors.",
        deltas,
        *without,
        "CI, confidence interval.",
    ]
    return Table(
        identifier("assumptions", planned.estimand_name),
        f"{planned.outcome_label}: what is assumed of missing outcomes",
        "Strategy",
        (Column("Difference (CI)"), Column("p"), Column("Tipping point"), Column("Assumption", "left")),
        groups,
        tuple(Footnote(text) for text in said if text),
    )


def _heading(planned: PlannedAnalysis, arm: str, visit: str) -> str:
    study = planned.study
    return f"{study.label('arms', arm)} minus {study.label('arms', planned.against)}, {study.label('visits', visit)}"


def _rows(planned: PlannedAnalysis, found: dict[str, ConditionalMean], arm: str, visit: str) -> Iterator[Row]:
    """Yield a row for each strategy; that of the analysis is strong."""
    level, own = planned.analysis.conf_level, {one.word for one in used(planned).values()}
    for word, one in found.items():
        every = one.differences(against=planned.against, conf_level=level).only(arm=arm, visit=visit).frame
        term = f"difference, {word}"
        (record,) = records(every.assign(estimand=planned.estimand_name, analysis=planned.name, term=term))
        cells = (
            estimate_cell("estimate_interval", record, *INTERVAL, decimals=planned.decimals),
            estimate_cell("p_value", record, "p_value"),
            _tip(planned, one, arm, visit, record),
            Cell(assumes(planned, strategy_named(word))),
        )
        yield Row(sentence_case(STRATEGIES[word].title), cells, strong=own == {word})


def _tip(planned: PlannedAnalysis, found: ConditionalMean, arm: str, visit: str, record: Record) -> Cell:
    """Return the tipping point of a comparison; a dash where there is none in reach."""
    alpha = 1 - planned.analysis.conf_level
    tip = tipping_point(found, arm, against=planned.against, visit=visit, alpha=alpha)
    if tip.shift != tip.shift:
        return Cell(NONE)
    named = {**record, "estimate": tip.shift, "term": f"tipping point, {record['term']}"}
    return estimate_cell("estimate", named, "estimate", decimals=planned.decimals)
