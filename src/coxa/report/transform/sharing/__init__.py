"""The report as it may leave the house: one protected set of numbers, from which all that is shared is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coxa.disclosure import counts_to_hide
from coxa.figures.blank import blank_figure
from coxa.report.document import (
    Block,
    Card,
    Document,
    FigureBlock,
    Paragraph,
    Section,
    TableBlock,
    with_blocks,
    with_texts,
)
from coxa.report.record import ReportRecord
from coxa.report.topics.answer.people import IN_PEOPLE
from coxa.report.transform.sharing.collect import Collector
from coxa.report.transform.sharing.figures import OF_FEW, OF_PEOPLE, shared_figure
from coxa.report.transform.sharing.protect import Protection
from coxa.report.transform.sharing.silent import is_silent, without_signs
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.transport import transport_of
from coxa.tables.hidden import ALL, Address, Protected
from coxa.tables.prose import with_cells


def shared(document: Document, report: ReportRecord[Study]) -> Document:
    """Return a document without small counts, and without what would give them away.

    Parameters
    ----------
    document
        From the sections of `coxa.report.build`, of a report without rare words (`without_rare_words`).
    report
        The same report; `report: small_cells` of its plan is the smallest count that is shown, beside 0.

    Returns
    -------
    Document
        Tables, headings, notes, sentences and figures show the counts of one record (`protected_counts`) and no
        others. docs/reports.md says what is protected, and from whom.

    Examples
    --------
    >>> shared(build_document(report), report)  # doctest: +SKIP
    """
    estimands = report.study.estimands if isinstance(report.study, ComparativeStudy) else {}
    outcomes = {name: estimand.endpoint.outcome for name, estimand in estimands.items()}
    protected = protected_counts(document, report.study.report.small_cells, outcomes)
    models = frozenset(name for name, fits in report.fits.items() if fits and of_means(report.study, name))
    models |= carried_means(report.study)
    protection = Protection(protected, models).after(document)

    def block(one: Block) -> Block:
        match one:
            case TableBlock(table) if table.of_people:
                return Paragraph(f"{table.title}. {OF_PEOPLE}.")
            case TableBlock(table):
                return replace(one, table=protection.table(table))
            case FigureBlock(figure):
                few = protection.compared_in(figure)
                return FigureBlock(blank_figure(figure, OF_FEW) if few else shared_figure(figure, protected))
        return with_texts(one, lambda text: without_signs(with_cells(text, protection.cell), protected.k))

    said = ("Shared", f"without small counts. {protected.note()}")
    safe = _without_silent(with_blocks(document, block))
    return replace(safe, facts=(*document.facts, said), small_cells=protected.k)


def carried_means(study: Study) -> frozenset[str]:
    """Return under which name the numbers of a clinic are that a trial's result is carried to, where they are means."""
    plan = transport_of(study)
    if plan is None or not isinstance(study, ComparativeStudy):
        return frozenset()
    name = plan.estimand or study.main_analysis.estimand_name
    return frozenset({"transport"} if study.endpoint_kind(name) == "mean" else ())


def of_means(study: Study, name: str) -> bool:
    """Say whether an analysis is of means; a model of a yes or no, or of events, can be a function of their counts."""
    return not isinstance(study, ComparativeStudy) or study.planned(name).of_means


def _without_silent(document: Document) -> Document:
    """Return a document without the fact and the page on people, where every number of them is hidden."""

    def block(one: Block) -> Block:
        if not isinstance(one, Card):
            return one
        facts = ((name, text) for name, text in one.facts if name != IN_PEOPLE or not is_silent([text]))
        return replace(one, facts=tuple(facts))

    def is_shown(section: Section) -> bool:
        texts = [one.text for one in section.blocks if isinstance(one, Paragraph)]
        return section.part != "people" or not is_silent(texts)

    kept = tuple(section for section in document.sections if is_shown(section))
    return with_blocks(replace(document, sections=kept), block)


def protected_counts(document: Document, k: int, outcomes: Mapping[str, str] | None = None) -> Protected:
    """Return which counts of a document are shown, so that no small one can be worked out from all of them together.

    Parameters
    ----------
    document
        With all numbers.
    k
        Counts from 1 to k - 1 are small.
    outcomes
        Estimand -> outcome: those analysed for one estimand of an outcome can be among those of another.

    Raises
    ------
    CoxaError
        If a small count cannot be protected even where all others are hidden.
    """
    collector = Collector(k, document, outcomes)
    collector.document(document)
    lines = collector.lines
    sums = lines.builder.sums()
    hidden = counts_to_hide(sums, k)
    gone = {address for at, addresses in lines.published.items() if hidden[at] for address in addresses}
    shown = {address for addresses in lines.published.values() for address in addresses} - gone
    numbers = {(_arm(addresses), int(sums.values[at])) for at, addresses in lines.published.items() if not hidden[at]}
    numbers -= {(_arm(addresses), int(sums.values[at])) for at, addresses in lines.published.items() if hidden[at]}
    return Protected(k, frozenset(shown), frozenset(numbers))


def _arm(addresses: set[Address]) -> str:
    """Return whose count is published under some addresses, empty for all arms together."""
    arm = next(iter(addresses))[4]
    return "" if arm in ALL else arm
