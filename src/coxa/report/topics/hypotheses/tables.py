"""Tables of hypotheses: adjusted p-values of the graph, statistics at the looks, and stage-wise inference."""

from __future__ import annotations

from coxa.analyses.tested import Conclusion, Conclusions, plan_graph
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.margin import benefit_of, natural
from coxa.study.tested import comparison_of, hypothesis_label, tested
from coxa.tables.formats import NONE, cell
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

REACHED = " Reached at, effect that would have reached the boundary at the look."

ADJUSTED = (
    "Weight, share of the level at the start; level, share when the hypothesis was rejected, or when no more was; a "
    "benefit, or what the margin is of, is shown where the adjusted p-value is not above the level of all together. "
    "p-values are one-sided."
)


def planned_of(study: ComparativeStudy, name: str) -> PlannedAnalysis:
    """Return the analysis of a hypothesis."""
    plan = tested(study)
    assert plan is not None
    return study.planned(plan.tested[name].analysis)


def address(study: ComparativeStudy, name: str, term: str, look: int = 0) -> Statistic:
    """Return the address of a number of a hypothesis."""
    plan = tested(study)
    assert plan is not None
    planned = planned_of(study, name)
    arm, visit = comparison_of(study, plan.tested[name])
    said = f"hypothesis {name}: {term}" + (f", look {look}" if look else "")
    return Statistic(
        estimand=planned.estimand_name, analysis=planned.name, term=said, visit=visit, arm=arm,
        reference=planned.against,
    )  # fmt: skip


def interval_cell(planned: PlannedAnalysis, numbers: tuple[float, float, float], at: Statistic) -> Cell:
    """Return estimate and limits as the report writes those of the analysis; given in the direction of a benefit."""
    middle, low, high = (natural(planned, one) for one in numbers)
    values = {"estimate": middle, "conf_low": min(low, high), "conf_high": max(low, high)}
    scale = planned.effect.scale
    if scale == "points":
        return cell("points_interval", values, at)
    if scale in ("ratio", "probability", "rate"):
        return cell("two_decimals_interval", values, at)
    return cell("estimate_interval", values, at, planned.decimals)


def hypotheses_table(study: ComparativeStudy, found: Conclusions) -> Table:
    """Return p-values, adjusted p-values and conclusions of the hypotheses of a plan."""
    plan = tested(study)
    assert plan is not None
    graph = plan_graph(plan)
    start = dict(zip(graph.names, graph.weights, strict=True))
    rows = []
    for name, one in found.of.items():
        at = address(study, name, "graph")
        rows.append(
            Row(
                hypothesis_label(study, name),
                (
                    cell("correlation", {"correlation": start[name]}, at),
                    cell("p_value", {"p_value": one.p_value}, at),
                    cell("p_value", {"p_value": one.adjusted}, address(study, name, "graph, adjusted")),
                    cell("correlation", {"correlation": one.weight}, address(study, name, "graph, level")),
                    Cell(_verdict(one)),
                ),
            )
        )
    margins = any(planned_of(study, name).analysis.margin is not None for name in found.of)
    columns = ("Weight", "p", "Adjusted p", "Level", "Claim" if margins else "Benefit")
    return Table(
        "hypotheses-graph",
        f"Hypotheses that share the one-sided level of {plan.alpha:g}",
        "Hypothesis",
        tuple(Column(label) for label in columns),
        (RowGroup("", tuple(rows)),),
        (Footnote(ADJUSTED),),
    )


def _verdict(one: Conclusion) -> str:
    if not one.rejected:
        return "Not shown"
    crossed = one.inference.look if one.inference and one.inference.crossed else 0
    return f"Shown, look {crossed}" if crossed else "Shown"


def looks_table(study: ComparativeStudy, found: Conclusions) -> Table:
    """Return statistic, boundary, repeated p-value and interval of each hypothesis at each look."""
    interim = study.interim
    assert interim is not None
    groups = []
    margins = any(planned_of(study, name).analysis.margin is not None for name in found.of)
    for name, one in found.of.items():
        planned, rows = planned_of(study, name), []
        for place, look in enumerate(found.looks):
            at, seen = address(study, name, "look", look.look), look.seen[name]
            middle = benefit_of(planned, seen.estimate)
            bound = NONE if one.design is None else ""
            rows.append(
                Row(
                    interim.look_label(look.look) + (f", {look.date}" if look.date else ""),
                    (
                        cell("correlation", {"correlation": look.fraction}, at),
                        cell("count", {"n": seen.n}, at),
                        cell("number", {"n": seen.z}, address(study, name, "Z", look.look), 3),
                        Cell(bound)
                        if one.design is None
                        else cell(
                            "number", {"n": one.design.upper[place]}, address(study, name, "boundary", look.look), 3
                        ),
                        *((_reached(study, name, one, place),) if margins else ()),
                        cell("p_value", {"p_value": one.repeated[place]}, at),
                        interval_cell(planned, (middle, *one.intervals[place]), at),
                    ),
                )
            )
        groups.append(RowGroup(hypothesis_label(study, name), tuple(rows)))
    columns = (
        "Information", "n", "Z", "Boundary", *(("Reached at",) if margins else ()), "Repeated p",
        "Estimate (repeated interval)",
    )  # fmt: skip
    every = all(planned_of(study, name).analysis.margin is not None for name in found.of)
    claim = (
        "of a benefit" if not margins else "away from the margin" + ("" if every else ", or of a benefit without one")
    )
    return Table(
        "hypotheses-looks",
        "Looks: statistics, boundaries and repeated inference",
        "Hypothesis and look",
        tuple(Column(label) for label in columns),
        tuple(groups),
        (
            Footnote(
                f"Z, statistic in the direction {claim}; boundary, at the share of the level that the hypothesis "
                f"has in the end.{REACHED if margins else ''} Repeated p, smallest level of all looks together at "
                "which the boundary is reached. Repeated intervals hold at all looks together, under any rule of "
                "stopping."
            ),
        ),
    )


def _reached(study: ComparativeStudy, name: str, one: Conclusion, place: int) -> Cell:
    """Return the effect that would have reached the boundary of a look, in units of the summary."""
    planned = planned_of(study, name)
    if one.design is None:
        return Cell(NONE)
    at = address(study, name, "reached at", place + 1)
    value = {"estimate": natural(planned, one.reached_at[place])}
    scale = planned.effect.scale
    if scale == "points":
        return cell("points", value, at)
    return cell("estimate", value, at, planned.decimals if scale == "units" else 2)


def inference_table(study: ComparativeStudy, found: Conclusions) -> Table:
    """Return p-value, median-unbiased estimate and limits of each hypothesis, by the stage-wise ordering."""
    interim = study.interim
    assert interim is not None
    rows, level = [], 0.95
    for name, one in found.of.items():
        planned, inference = planned_of(study, name), one.inference
        assert inference is not None
        level = inference.conf_level
        at = address(study, name, "stage-wise", inference.look)
        numbers = (inference.estimate, inference.conf_low, inference.conf_high)
        naive = natural(planned, inference.naive)
        scale = planned.effect.scale
        plain = cell("points", {"estimate": naive}, address(study, name, "one look", inference.look)) if (
            scale == "points"
        ) else cell(
            "estimate", {"estimate": naive}, address(study, name, "one look", inference.look),
            planned.decimals if scale == "units" else 2,
        )  # fmt: skip
        rows.append(
            Row(
                hypothesis_label(study, name),
                (
                    Cell(interim.look_label(inference.look)),
                    Cell("Yes" if inference.crossed == "upper" else "No"),
                    cell("p_value", {"p_value": inference.p_value}, at),
                    interval_cell(planned, numbers, at),
                    plain,
                    Cell(NONE)
                    if one.to_come is None
                    else cell("share", {"share": one.to_come}, address(study, name, "conditional power")),
                ),
            )
        )
    columns = (
        "Ended at", "Boundary crossed", "p", f"Median-unbiased estimate ({100 * level:g}% CI)", "As if one look",
        "Conditional power",
    )  # fmt: skip
    return Table(
        "hypotheses-inference",
        "Inference after the looks, by the stage-wise ordering",
        "Hypothesis",
        tuple(Column(label) for label in columns),
        (RowGroup("", tuple(rows)),),
        (
            Footnote(
                "A result at an earlier look that crossed its boundary is more extreme than all at later looks. CI, "
                "confidence interval. Conditional power, probability of crossing a boundary at a later look if the "
                "effect is the one seen."
            ),
        ),
    )
