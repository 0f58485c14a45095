"""A hypothesis against a margin over the looks: the sentence, and repeated intervals with the margin as a line."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.analyses.tested import Conclusions
from coxa.figures.figure import Figure
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.hypotheses.tables import address, interval_cell, planned_of
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.margin import benefit_of, bounds_of, claim_words, margin_words, natural
from coxa.study.tested import comparison_of, hypothesis_label, tested
from coxa.tables.formats import NO_BREAK, number
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Text, prose
from coxa.tables.table import identifier

Limits = tuple[float, float, float]


def margin_sentences(study: ComparativeStudy, found: Conclusions) -> Iterator[Text]:
    """Yield, for each hypothesis with a margin and looks, what its boundaries and stage-wise limits show."""
    plan = tested(study)
    assert plan is not None
    for name, one in found.of.items():
        planned, inference = planned_of(study, name), one.inference
        if planned.analysis.margin is None or inference is None or study.interim is None:
            continue
        arm, visit = comparison_of(study, plan.tested[name])
        look, label = inference.look, study.interim.look_label(inference.look)
        verdict = "is shown" if one.rejected else "is not shown"
        boundary = ""
        if one.design is not None:
            boundary = f" (Z {number(inference.z, 2)}, boundary {number(one.design.upper[look - 1], 2)})"
        unit = f" {planned.unit}" if planned.unit else ""
        limits = (inference.estimate, inference.conf_low, inference.conf_high)
        yield prose(
            f"{sentence_case(claim_words(planned))} of {study.label('arms', arm)} against "
            f"{study.label('arms', planned.against)} {planned.at(visit)} {verdict} at the "
            f"{label[:1].lower() + label[1:]}{boundary}: median-unbiased {planned.effect.words} ",
            interval_cell(planned, limits, address(study, name, "stage-wise", look)),
            f"{unit} ({100 * inference.conf_level:g}%{NO_BREAK}stage-wise limits), against a margin of "
            f"{margin_words(planned)}.",
        )


def plot_margin_looks(study: ComparativeStudy, found: Conclusions, name: str) -> Figure:
    """Draw the repeated interval of each look and the stage-wise one, with the margin as a line.

    Parameters
    ----------
    study
        A plan with looks.
    found
        What its hypotheses show.
    name
        A hypothesis with a margin.
    """
    plan, planned, one = tested(study), planned_of(study, name), found.of[name]
    assert plan is not None
    assert study.interim is not None
    arm, visit = comparison_of(study, plan.tested[name])
    lines: list[tuple[str, str, Limits]] = []
    for look, limits in zip(found.looks, one.intervals, strict=True):
        middle = benefit_of(planned, look.seen[name].estimate)
        at = address(study, name, "look", look.look)
        lines.append((f"{study.interim.look_label(look.look)}, repeated", at.term, (middle, *limits)))
    if (inference := one.inference) is not None:
        at = address(study, name, "stage-wise", inference.look)
        whole = (inference.estimate, inference.conf_low, inference.conf_high)
        lines.append((f"Stage-wise, at the {study.interim.look_label(inference.look).lower()}", at.term, whole))
    rows = pd.DataFrame(
        [
            {
                "label": label,
                "estimand": planned.estimand_name,
                "analysis": planned.name,
                "outcome": planned.outcome_name,
                "visit": visit,
                "arm": arm,
                "reference": planned.against,
                "term": term,
                **_natural(planned, limits),
            }
            for label, term, limits in lines
        ]
    )
    return plot_forest(
        planned,
        rows,
        figure_id=identifier("hypotheses-margin", name),
        title=f"{hypothesis_label(study, name)}: {claim_words(planned)} over the looks against a margin of "
        f"{margin_words(planned)}, repeated and stage-wise intervals",
        bounds=bounds_of(planned),
    )


def _natural(planned: PlannedAnalysis, limits: Limits) -> dict[str, float]:
    middle, low, high = (natural(planned, one) for one in limits)
    return {"estimate": middle, "conf_low": min(low, high), "conf_high": max(low, high)}
