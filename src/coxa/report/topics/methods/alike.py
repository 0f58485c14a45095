"""Analyses that are done in almost the same way: the second is described by what differs from the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.methods import method_of
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.footnotes import POPULATION, population_words
from coxa.report.topics.methods.analyses import analysis_methods, method_sentences
from coxa.study.comparative import PlannedAnalysis
from coxa.study.parts import readable
from coxa.study.words import STRATEGY_NAMES
from coxa.tables.prose import Prose, Text, joined, prose

UNADJUSTED = "P-values were not adjusted for multiplicity."
OPENING = 2
"""Words at the beginning of a sentence that say what it is about: "Fixed effects", "Degrees of", "P-values were"."""
SHARED = 3
"""Sentences that two analyses must share for one to be described by the other."""


def methods_in_words(report: ReportRecord) -> Iterator[Prose]:
    """Yield a paragraph on each analysis of a plan, in its order, without saying again what one before it has said.

    The population of all analyses is in a paragraph of its own (`population_of_all`).

    Returns
    -------
    Iterator of Prose
        MMRM of function (secondary). As for “MMRM”, except as follows. ..., where every sentence on the earlier
        analysis holds or has one in its place; else the whole description.
    """
    before: dict[PlannedAnalysis, list[Text]] = {}
    shared = _shared_population(report)
    for planned in report.study.planned_analyses:
        sentences = [] if planned.name in report.not_fitted else _told_apart(report, planned)
        alike = {
            earlier: differences
            for earlier, other in before.items()
            if method_of(earlier.analysis) is method_of(planned.analysis)
            and (differences := differing(sentences, other)) is not None
        }
        if planned.name in report.not_fitted:
            yield prose(f"{planned.title}. ", analysis_methods(report, planned))
        elif alike:
            like = min(alike, key=lambda earlier: len(alike[earlier]))
            yield _compared(planned, like, alike[like])
        else:
            said = [one for one in method_sentences(report, planned) if str(one) != str(shared)]
            yield prose(f"{planned.title}. ", joined(" ", said))
        before[planned] = sentences


def population_of_all(report: ReportRecord) -> Prose | None:
    """Return the sentence on the population that all analyses have; None where there are several populations."""
    if (shared := _shared_population(report)) is None:
        return None
    beginning, *others = shared.pieces
    return prose(str(beginning).replace(POPULATION, f"{POPULATION} of all analyses", 1), *others)


def _shared_population(report: ReportRecord) -> Prose | None:
    """Return who is in the analysis set of every analysis that was fitted; None where there are several sets."""
    fitted = [planned for planned in report.study.planned_analyses if planned.name not in report.not_fitted]
    said = [population_words(planned, report.datasets.get(planned.estimand_name)) for planned in fitted]
    return said[0] if len(said) > 1 and len({str(one) for one in said}) == 1 else None


def differing(sentences: Sequence[Text], others: Sequence[Text]) -> list[Text] | None:
    """Return the sentences that others do not have; None where one of the others holds no longer and has none instead.

    Examples
    --------
    >>> others = ["Terms of it: arm.", "A model was fitted.", "Degrees of freedom: t.", "Missing values: left out."]
    >>> differing(["Terms of it: arm, sex.", *others[1:]], others)
    ['Terms of it: arm, sex.']
    >>> differing(others[1:], others) is None
    True
    """
    here, there = set(map(str, sentences)), set(map(str, others))
    own = [sentence for sentence in sentences if str(sentence) not in there]
    gone = [_opening(sentence) for sentence in others if str(sentence) not in here]
    replaced = [_opening(sentence) for sentence in own]
    if len(here & there) < SHARED or any(gone.count(opening) > replaced.count(opening) for opening in gone):
        return None
    return own


def _opening(sentence: Text) -> str:
    return " ".join(str(sentence).split()[:OPENING])


def _told_apart(report: ReportRecord, planned: PlannedAnalysis) -> list[Text]:
    """Return the sentences on an analysis, one on multiplicity among them whether or not it was adjusted for."""
    own = method_sentences(report, planned)
    return [*own, UNADJUSTED] if planned.analysis.multiplicity == "none" else own


def _strategies(planned: PlannedAnalysis, like: PlannedAnalysis) -> list[str]:
    """Say which intercurrent events the estimand of an analysis handles otherwise than that of another."""
    study, there = planned.study, like.estimand.intercurrent_events
    changed = {event: how for event, how in planned.estimand.intercurrent_events.items() if how != there.get(event)}
    return [
        f"{study.label('intercurrent_events', event)}: {readable(how.strategy).lower()} "
        f"({STRATEGY_NAMES[how.strategy]})."
        for event, how in changed.items()
    ]


def _compared(planned: PlannedAnalysis, like: PlannedAnalysis, differences: Sequence[Text]) -> Prose:
    differences = [*_strategies(planned, like), *differences]
    beginning = f"{planned.title}. As for \N{LEFT DOUBLE QUOTATION MARK}{like.label}\N{RIGHT DOUBLE QUOTATION MARK}"
    return joined(" ", (f"{beginning}, except as follows.", *differences)) if differences else prose(f"{beginning}.")
