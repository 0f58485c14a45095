"""What the hypotheses of a plan show: the graph, the looks with their boundaries, and inference after the looks."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.tested import Conclusions, plan_graph, rises
from coxa.hypotheses.words import BOUNDARY_NAMES, INTERSECTION_NAMES, PROCEDURE_NAMES
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.interim import conclusions
from coxa.report.record import ReportRecord
from coxa.report.topics.hypotheses.boundaries import plot_boundaries
from coxa.report.topics.hypotheses.diagram import plot_graph
from coxa.report.topics.hypotheses.margin_looks import margin_sentences, plot_margin_looks
from coxa.report.topics.hypotheses.tables import hypotheses_table, inference_table, looks_table, planned_of
from coxa.sentences import join_words
from coxa.study.comparative import ComparativeStudy
from coxa.study.hypotheses import Hypotheses
from coxa.study.margin import claim_words
from coxa.study.tested import hypothesis_label, tested
from coxa.tables.phrases import sentence_case


def hypotheses_section(report: ReportRecord) -> Section | None:
    """Return what the hypotheses of a plan show; None where the plan shares no level and has no looks."""
    found = conclusions(report)
    return None if found is None else Section("hypotheses", _title(report.study), tuple(_blocks(report, found)))


def _title(study: ComparativeStudy) -> str:
    if study.interim is None:
        return "Hypotheses"
    return "Hypotheses and interim looks" if study.hypotheses else "Interim looks"


def _blocks(report: ReportRecord, found: Conclusions) -> Iterator[Block]:
    study = report.study
    plan = tested(study)
    assert plan is not None
    yield Paragraph(shown_words(study, found), kind="lead", found=True)
    for text in margin_sentences(study, found):
        yield Paragraph(text)
    yield Paragraph(" ".join(_methods(study, plan)))
    if len(plan.tested) > 1:
        yield TableBlock(hypotheses_table(study, found), stacked=True)
        yield FigureBlock(plot_graph(study, plan_graph(plan), found))
    if study.interim is None:
        return
    for warning in _warnings(report, found):
        yield Paragraph(warning, kind="warning", found=True)
    yield TableBlock(looks_table(study, found), stacked=True)
    yield FigureBlock(plot_boundaries(study, found))
    for name in found.of:
        if planned_of(study, name).analysis.margin is not None:
            yield FigureBlock(plot_margin_looks(study, found, name))
    yield TableBlock(inference_table(study, found), stacked=True)


def shown_words(study: ComparativeStudy, found: Conclusions) -> str:
    """Say in a sentence for which hypotheses a benefit is shown, and for which not."""
    names = {name: hypothesis_label(study, name) for name in found.of}
    shown: dict[str, list[str]] = {}
    for name, one in found.of.items():
        if one.rejected:
            shown.setdefault(claim_words(planned_of(study, name)), []).append(names[name])
    others = [names[name] for name, one in found.of.items() if not one.rejected]
    plan = tested(study)
    assert plan is not None
    level = f"at a one-sided level of {plan.alpha:g}"
    level += " for all of them together" if len(names) > 1 else ""
    parts = [f"{sentence_case(claim)} is shown {level}: {join_words(which)}." for claim, which in shown.items()]
    if others:
        parts.append(f"Not shown{'' if shown else ' ' + level}: {join_words(others)}.")
    return " ".join(parts)


def _methods(study: ComparativeStudy, plan: Hypotheses) -> Iterator[str]:
    """Yield how the level is shared, and what the looks do to it."""
    if len(plan.tested) > 1:
        yield (
            f"{len(plan.tested)} hypotheses share the level by {PROCEDURE_NAMES[plan.procedure]}, with "
            f"{INTERSECTION_NAMES[plan.test]} of each intersection."
        )
    if study.interim is not None:
        shares = join_words([f"{share:g}" for share in study.interim.fractions[:-1]])
        name = BOUNDARY_NAMES[study.interim.boundary]
        yield f"Interim looks are planned at {shares} of the information, with boundaries by {name}."
        if any(look.futility is not None for look in study.interim.looks):
            yield "Boundaries for futility are not binding: the level holds whether or not the study stops for it."
        if len(plan.tested) > 1:
            yield (
                "A hypothesis enters the graph with its sequential p-value, the smallest level at which it is rejected "
                "at some look so far."
            )
    against = [planned_of(study, name).analysis.margin is not None for name in plan.tested]
    if any(against):
        who = "A hypothesis with a margin" if not all(against) else "The hypothesis" if len(against) == 1 else "Each"
        yield (
            f"{who} is tested against its margin: Z is how many standard errors the effect is from the margin, and "
            "boundaries are of that distance."
        )
    claim = "of the test against the margin" if all(against) else "for a benefit"
    claim += ", or of the test against the margin" if any(against) and not all(against) else ""
    limits = "; limits are not adjusted for the number of hypotheses" if len(against) > 1 else ""
    yield f"p-values here are one-sided, {claim}{limits}."


def _warnings(report: ReportRecord, found: Conclusions) -> Iterator[str]:
    """Yield what a reader has to know of looks that were not taken as planned."""
    assert report.study.interim is not None
    last, whole = found.looks[-1], len(report.study.interim.fractions)
    if not last.date and last.look < whole:
        label = report.study.interim.look_label(last.look)
        yield (
            f"The data of this report count as {label.lower()}, which is not recorded. `coxa interim` records it; what "
            "is shown here is not final."
        )
    elif last.date and last.look < whole:
        yield "The study is at an interim look: what is shown here is not final."
    fallen = [name for name in found.of if not rises([look.seen[name].information for look in found.looks])]
    if fallen:
        names = join_words([hypothesis_label(report.study, name) for name in fallen])
        yield (
            f"The standard error of {names} is larger at a look than at the one before. Information is taken by the "
            "numbers of participants instead."
        )
