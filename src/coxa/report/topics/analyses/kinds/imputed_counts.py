"""What a report shows of imputed events: the time not seen by arm, what it cost, and the sensitivity tree."""

from __future__ import annotations

import pandas as pd

from coxa.analyses.imputed.count_words import assumes, factor_words, title_of
from coxa.analyses.imputed.counts import CountSets, conditional_events, count_sets, factor_of
from coxa.errors import FitError
from coxa.impute import CountImputations
from coxa.models.results.run import AnyFit
from coxa.report.document import Block, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.branches import OWN, Twig
from coxa.report.topics.analyses.kinds.events_had import events_had
from coxa.report.topics.analyses.kinds.imputed_sets import pooling_table
from coxa.report.topics.analyses.kinds.sensitivity_tree import tree_blocks
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputed_counts import CountAssumption, ImputedCounts
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table, identifier

WHOLE = 1e-9
"""Share of the planned time below which what is lacking is rounding."""


def imputed_count_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return what was imputed at each visit of the estimand, what it cost, and the tree; none of another model."""
    if not isinstance(planned.analysis, ImputedCounts):
        return []
    fits = [fit for fit in report.fits[planned.name] if fit.sample.visits[0] in planned.visits]
    blocks: list[Block] = events_had(report, planned)
    for fit in fits:
        found = count_sets(planned, fit, report.datasets[planned.estimand_name])
        blocks.append(TableBlock(seen_table(planned, found.imputed, str(fit.sample.visits[0]))))
        if found.enough is not None:
            blocks.append(Paragraph(found.enough.sentence, found=True))
        blocks.append(TableBlock(pooling_table(planned, found)))
    if planned.analysis.branches and fits:
        for arm in planned.compare:
            blocks += tree_blocks(planned, arm, count_twigs(report, planned, fits[-1], arm))
    return blocks


def seen_table(planned: PlannedAnalysis, imputed: CountImputations, visit: str) -> Table:
    """Return for each arm who was seen for the whole planned time, the events seen, and those imputed.

    Parameters
    ----------
    planned
        An analysis that imputes events.
    imputed
        Its data sets at a visit.
    visit
        The visit.
    """
    study = planned.study
    numbers = seen_numbers(imputed)
    arms = [arm for arm in study.arm_order if arm in numbers]

    def at(arm: str, term: str) -> Statistic:
        return Statistic(estimand=planned.estimand_name, analysis=planned.name, visit=visit, arm=arm, term=term)

    def counts(label: str, name: str, level: int = 0) -> Row:
        cells = [cell("count", {"n": numbers[arm][name]}, at(arm, f"imputed: {name}")) for arm in arms]
        return Row(label, tuple(cells), level=level)

    def shares(label: str, name: str) -> Row:
        cells = []
        for arm in arms:
            n, total = numbers[arm][name], numbers[arm]["total"]
            given = {"n": n, "share": n / total}
            cells.append(cell("count_percent", given, at(arm, f"imputed: {name}")))
        return Row(label, tuple(cells), level=1)

    lacking = [cell("share", {"share": numbers[arm]["lacking"]}, at(arm, "imputed: time not seen")) for arm in arms]
    more = [cell("number", {"n": numbers[arm]["more"]}, at(arm, "imputed: events"), 1) for arm in arms]
    rows = (
        counts("In the analysis", "total"),
        shares("Seen for the whole planned time", "whole"),
        shares("Seen for a part of it", "part"),
        shares("Not seen", "never"),
        Row("Planned time that was not seen", tuple(lacking)),
        counts("Events seen", "events"),
        Row("Events imputed, on average", tuple(more)),
    )
    return Table(
        identifier("imputed", planned.name, visit),
        f"{planned.outcome_label}: time seen and events imputed, {study.label('visits', visit)}",
        "Participants",
        tuple(Column(study.label("arms", arm)) for arm in arms),
        (RowGroup("", rows),),
        (
            Footnote(
                "n (%) of the participants in the analysis. Events imputed: the mean over the data sets of the sum in "
                f"the {study.words.arm}."
            ),
        ),
        subtitle=planned.label,
    )


def seen_numbers(imputed: CountImputations) -> dict[str, dict[str, float]]:
    """Return of each arm `total, whole, part, never, lacking` (a share of the time), `events` and `more`."""
    _, seen, whole = imputed.columns
    time, planned = imputed.data[seen].to_numpy(dtype=float), imputed.data[whole].to_numpy(dtype=float)
    lacks = imputed.rest > WHOLE * planned
    mean, _ = conditional_events(imputed)
    frame = pd.DataFrame(
        {
            "arm": imputed.data[imputed.arm].astype(str),
            "total": 1,
            "whole": ~lacks,
            "part": lacks & (time > 0),
            "never": lacks & (time <= 0),
            "rest": imputed.rest,
            "planned": planned,
            "events": imputed.counts,
            "more": mean,
        }
    )
    sums = frame.groupby("arm").sum()
    found = sums.assign(lacking=sums["rest"] / sums["planned"])
    return {
        str(arm): {str(name): float(value) for name, value in row.items()}
        for arm, row in found.to_dict("index").items()
    }


def branches_of(planned: PlannedAnalysis) -> dict[str, CountAssumption]:
    """Return the analysis itself and its branches, those with a factor behind the one that they differ from."""
    analysis = planned.analysis
    assert isinstance(analysis, ImputedCounts)
    every: dict[str, CountAssumption] = {OWN: analysis, **analysis.branches}
    above = {name: parent_of(every, name) for name in every}
    roots = [name for name in every if above[name] is None]
    return {name: every[name] for root in roots for name in (root, *(one for one in every if above[one] == root))}


def parent_of(every: dict[str, CountAssumption], name: str) -> str | None:
    """Return the first branch with the same strategies and no factor; None for such a branch itself."""
    own = every[name]
    if not own.multiply:
        return None
    same = (own.strategy, own.strategies, own.keeps)
    alike = [
        other for other, one in every.items() if (one.strategy, one.strategies, one.keeps) == same and not one.multiply
    ]
    return alike[0] if alike else None


def count_twigs(report: ReportRecord, planned: PlannedAnalysis, fit: AnyFit, arm: str) -> list[Twig]:
    """Return the analysis and its branches at the visit of a model, for one compared arm."""
    every = branches_of(planned)
    found = []
    for name, assumed in every.items():
        parent = parent_of(every, name)
        said = f"As above.{factor_words(planned, assumed)}" if parent is not None else assumes(planned, assumed)
        label = planned.label if name == OWN else _label(assumed)
        try:
            sets = count_sets(planned, fit, report.datasets[planned.estimand_name], None if name == OWN else assumed)
            record = _record(planned, sets, arm, name)
            tip = float("nan") if assumed.multiply else factor_of(planned, sets.imputed, arm).factor
            words = "" if tip != tip else f"{tip:.2f} times the rate"
            found.append(Twig(name, label, said, parent, record, "", tip, words))
        except FitError as error:
            found.append(Twig(name, label, said, parent, None, error.message))
    return found


def _label(assumed: CountAssumption) -> str:
    title = title_of(assumed)
    return getattr(assumed, "label", None) or sentence_case(f"{title}, with a factor" if assumed.multiply else title)


def _record(planned: PlannedAnalysis, sets: CountSets, arm: str, name: str) -> Record:
    rows = sets.results.estimates.only(arm=arm, reference=planned.against, term=planned.effect.term)
    (record,) = records(rows.frame.assign(estimand=planned.estimand_name, analysis=planned.name))
    return {**record, "branch": name}
