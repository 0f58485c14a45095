"""The section of a cohort that emulates a target trial; how alike the groups became is in it, whatever the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coxa.analyses.comparability import Comparability, comparabilities, negative_control, unbalanced_words
from coxa.causal import Comparison
from coxa.derive.build import observed_dataset
from coxa.errors import CoxaError
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.references.cited import marks
from coxa.report.topics.target_trial.figures import plot_balance, plot_overlap
from coxa.report.topics.target_trial.several import (
    balance_of_groups_table,
    groups_of,
    pairs_table,
    plot_balance_of_groups,
    plot_overlap_of_groups,
    weights_of_groups_table,
)
from coxa.report.topics.target_trial.tables import (
    balance_table,
    confounders_table,
    controls_table,
    differing,
    naive_table,
    target_trial_table,
    unmeasured_table,
    weights_table,
)
from coxa.sentences import join_words
from coxa.study.target_trial import TargetTrial, emulated, target_trial_of
from coxa.tables.table import identifier

START = "treatment_start_date"
LIMITS = (
    "No data show that every confounder is measured. What follows says how strong a missed one would have to be to "
    "change the answer{cite}."
)


NOT_USED = (
    "The answer is that of standardised regressions, without these weights: they show how alike the groups can be "
    "made, and where one group has participants whom the other does not have, so that its regression goes beyond its "
    "data."
)


def target_trial_section(report: ReportRecord) -> Section | None:
    """Return the target trial, balance, and what is not measured; None where a cohort is described only."""
    trial = target_trial_of(report.study)
    if trial is None:
        return None
    found = tuple(_comparisons(report))
    blocks: list[Block] = [TableBlock(target_trial_table(report.study, trial, _data(report, trial, found)))]
    blocks.append(TableBlock(confounders_table(report.study, trial, _missing(report, trial))))
    parts = [_alike(report, one) for one in _distinct(found)]
    if every := [TableBlock(pairs_table(one)) for one in found if one.arm == _first_together(one)]:
        parts.append(Section("every-two-groups", f"Every two {report.study.words.arms}", tuple(every)))
    if found:
        parts.append(_not_measured(report, trial, found))
    return Section("target-trial-section", "Target trial and comparability", tuple(blocks), tuple(parts))


def _first_together(one: Comparability) -> str | None:
    """Return the first group of several that are compared together, by which they are shown once; None of two."""
    return None if one.comparison.together is None else one.planned.compare[0]


def comparability_cautions(report: ReportRecord) -> list[str]:
    """Return what of the primary comparisons is still apart after weighting, in sentences."""
    primary = {planned.name for planned in report.study.primary_analyses}
    found = (one for one in _comparisons(report) if one.planned.name in primary)
    return [f"{text}." for text in dict.fromkeys(filter(None, map(unbalanced_words, found)))]


def _comparisons(report: ReportRecord) -> Iterator[Comparability]:
    for planned in report.study.planned_analyses:
        if emulated(planned) and planned.name not in report.not_fitted:
            rows, fits = report.datasets[planned.estimand_name], report.fits[planned.name]
            yield from comparabilities(planned, rows, fits)


def _distinct(found: Sequence[Comparability]) -> list[Comparability]:
    """Return one comparison for each set of weights: analyses of the same participants share them."""
    return list({_weights_of(one): one for one in reversed(found)}.values())[::-1]


def _weights_of(one: Comparability) -> tuple[object, ...]:
    together = one.comparison.together
    return (one.arm, one.weights.value.tobytes()) if together is None else (together.weights.value.tobytes(),)


def _alike(report: ReportRecord, one: Comparability) -> Section:
    study, planned = report.study, one.planned
    at = (planned.name, one.arm, one.visit)
    blocks: list[Block] = []
    if text := unbalanced_words(one):
        blocks.append(Paragraph(f"{text}.", "warning", found=True))
    if one.pair.left_out:
        blocks.append(Paragraph(f"{one.pair.warning[:1].upper()}{one.pair.warning[1:]}.", "warning", found=True))
    if not one.weights_count:
        blocks.append(Paragraph(NOT_USED))
    if one.comparison.together is not None:
        return _all_alike(report, one, blocks)
    blocks += [
        TableBlock(weights_table(one)),
        TableBlock(balance_table(one)),
        FigureBlock(plot_balance(one, figure_id=identifier("love", *at), title=f"Balance before and after {one.way}")),
        FigureBlock(plot_overlap(one, figure_id=identifier("overlap", *at), title="Overlap of the groups")),
    ]
    arms = join_words([study.label("arms", arm) for arm in (one.arm, planned.against)])
    title = f"{arms}: {planned.label}, {study.label('visits', one.visit)}"
    return Section(identifier("comparability", *at), title, tuple(blocks))


def _all_alike(report: ReportRecord, one: Comparability, blocks: list[Block]) -> Section:
    """Return how alike all groups became that are compared together."""
    study, at = one.planned.study, (one.planned.name, one.visit)
    arms = join_words([study.label("arms", arm) for arm in groups_of(one)])
    love, overlap = identifier("love", *at), identifier("overlap", *at)
    cite = marks(report.study, report.fits, "largest-difference")
    blocks += [
        Paragraph(f"Balance is the largest difference of two {study.words.arms} in each confounder{cite}."),
        TableBlock(weights_of_groups_table(one)),
        TableBlock(balance_of_groups_table(one)),
        FigureBlock(plot_balance_of_groups(one, figure_id=love, title=f"Balance before and after {one.way}")),
        FigureBlock(plot_overlap_of_groups(one, figure_id=overlap, title=f"Overlap of the {study.words.arms}")),
    ]
    title = f"{arms}: {one.planned.label}, {study.label('visits', one.visit)}"
    return Section(identifier("comparability", *at), title, tuple(blocks))


def _not_measured(report: ReportRecord, trial: TargetTrial, found: Sequence[Comparability]) -> Section:
    cite = marks(report.study, report.fits, "e-value")
    blocks: list[Block] = [Paragraph(LIMITS.format(cite=cite)), TableBlock(naive_table(found))]
    main = [one for one in found if one.planned is found[0].planned or one.planned.name == found[0].planned.name]
    blocks += [TableBlock(unmeasured_table(one)) for one in main if one.unmeasured is not None]
    for one in main:
        controls = _controls(report, trial, one)
        if bad := list(differing(controls)):
            names = join_words([report.study.label("outcomes", name) for name in bad])
            text = f"The groups differ in {names}, which the treatment cannot change: the comparison is biased."
            blocks.append(Paragraph(text, "warning", found=True))
        if controls:
            blocks.append(TableBlock(controls_table(one, controls)))
    return Section("not-measured", "What is not measured", tuple(blocks))


def _controls(report: ReportRecord, trial: TargetTrial, one: Comparability) -> Mapping[str, Comparison]:
    found = {}
    for name in trial.negative_controls:
        rows = observed_dataset(report.cohort, name).frame
        rows = rows[(rows["visit"] == one.visit) & rows["value"].notna()].drop_duplicates("participant_id")
        try:
            found[name] = negative_control(one, rows.set_index("participant_id")["value"])
        except CoxaError:
            continue
    return found


def _missing(report: ReportRecord, trial: TargetTrial) -> dict[str, int]:
    main = report.study.main_analysis
    people = report.datasets[main.estimand_name].frame.drop_duplicates("participant_id")
    return {name: int(people[name].isna().sum()) for name in trial.confounders if name in people}


def _data(report: ReportRecord, trial: TargetTrial, found: Sequence[Comparability]) -> dict[str, str]:
    """Return, for each part of the target trial, what the data have in its place."""
    words = {
        "Eligibility": "As recorded at inclusion; the flow of participants shows who was left out.",
        "Treatment strategies": "The group that is recorded for each participant.",
        "Assignment": "Not at random." + _apart(found),
        "Start of follow-up": _start(report, trial),
        "Outcome": "As recorded at the visits of the plan; participants without it are counted below.",
        "Analysis": _analysis(report),
    }
    if found:
        words["Estimand"] = "Supported where the groups overlap in their scores; see overlap and weights below."
    return words


def _apart(found: Sequence[Comparability]) -> str:
    if not found:
        return ""
    balance = found[0].comparison.balance
    apart = int((balance.table["before"].abs() > balance.bound).sum())
    if not apart:
        return " No confounder differs by a standardised difference over 0.1 before adjustment."
    return " Confounders differ before adjustment, as the table of balance shows."


def _start(report: ReportRecord, trial: TargetTrial) -> str:
    people = report.cohort.table("participants")
    if START not in people or people[START].isna().all():
        return (
            "The data have no date on which treatment began: prevalent users and immortal time cannot be seen, nor be "
            "excluded."
        )
    within = trial.start.treatment_within_days
    return (
        f"Treatment of every treated participant with a date began within {within} days of inclusion: no prevalent "
        "users, no immortal time beyond that."
    )


def _analysis(report: ReportRecord) -> str:
    analyses = [planned.label for planned in report.study.planned_analyses if emulated(planned)]
    if not analyses:
        return "No analysis of the plan adjusts for the declared confounders."
    return f"By the declared confounders: {join_words(analyses)}."
