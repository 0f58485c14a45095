"""A tipping map as a figure: which amounts added to the imputed outcomes of two arms change a conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, options, themed
from coxa.impute import ConditionalMean, TippingMap, tipping_point
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.table import identifier

SIZE = 380
"""Width and height of the map, in pixels."""

CELLS = {"arm": OKABE_ITO[0], "none": "#d5dae0", "against": OKABE_ITO[4]}
"""Conclusion -> colour."""


def key_words(planned: PlannedAnalysis) -> str:
    """Return what the marks of a map are, for a page on which the figure is not told in words."""
    return (
        "Cross: no amount. Black line: where the conclusion changes. Dashed: amounts that the observed outcomes make "
        f"plausible, as if those who left went on to differ from their {planned.study.words.arm} by as much as at "
        "their last visit (95% limits)."
    )


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a conclusion changes in one arm alone.

    shift       : the amount; NaN where there is none in reach
    significant : the conclusion without any amount
    exact       : False where it is interpolated between the amounts of a map
    """

    shift: float
    significant: bool
    exact: bool = True


def exact_tip(found: ConditionalMean, shown: TippingMap) -> Tip:
    """Return where the conclusion of a map changes in its arm alone."""
    tip = tipping_point(found, shown.arm, against=shown.against, visit=shown.visit, alpha=shown.alpha)
    return Tip(tip.shift, tip.significant)


def plot_tipping_map(planned: PlannedAnalysis, tip: Tip, shown: TippingMap) -> Figure:
    """Draw the conclusion for each pair of amounts, the exact line on which it changes, and what is plausible.

    Parameters
    ----------
    planned
        The analysis, for labels, unit and direction.
    tip
        Where its conclusion changes in the arm alone.
    shown
        The map of one comparison.
    """
    study = planned.study
    arm, against = study.label("arms", shown.arm), study.label("arms", shown.against)
    who = "" if planned.of_means else " before responders are counted"
    title = f"{planned.outcome_label}: amounts added to imputed outcomes{who}, {arm} minus {against}"
    return Figure(
        identifier("tipping", planned.name, shown.arm),
        f"{title}, {study.label('visits', shown.visit)}",
        lambda _: themed(_chart(planned, shown)),
        _words(planned, tip, shown),
        shown.cells().round({"estimate": _digits(planned) + 1, "std_error": _digits(planned) + 1, "p_value": 4}),
    )


def _digits(planned: PlannedAnalysis) -> int:
    """Return decimals of the comparison as it is kept: a difference in proportions is between -1 and 1."""
    return planned.decimals if planned.of_means else 3


def _unit(planned: PlannedAnalysis) -> str:
    """Return the unit of an amount: that of what is imputed."""
    return planned.unit if planned.of_means else planned.scale.unit


def conclusions(planned: PlannedAnalysis, shown: TippingMap) -> dict[str, str]:
    """Return what each colour says."""
    study = planned.study
    names = {side: study.label("arms", name) for side, name in (("arm", shown.arm), ("against", shown.against))}
    said = {side: f"{study.words.side} {name}" for side, name in names.items()}
    return {"arm": said["arm"], "none": "interval includes no difference", "against": said["against"]}


def _chart(planned: PlannedAnalysis, shown: TippingMap) -> Any:
    """Draw cells, line, region and the point without any amount."""
    import altair as alt

    unit = f", {_unit(planned)}" if _unit(planned) else ""
    label = planned.study.label
    words = conclusions(planned, shown)
    cells = shown.cells()
    better = (cells["estimate"] > planned.effect.null) == planned.higher_is_better
    side = np.where(~cells["significant"], "none", np.where(better, "arm", "against"))
    half = [float(np.diff(each).min()) / 2 for each in (shown.arm_shifts, shown.against_shifts)]
    drawn = pd.DataFrame(
        {
            "x": cells["arm_shift"] - half[0],
            "x2": cells["arm_shift"] + half[0],
            "y": cells["against_shift"] - half[1],
            "y2": cells["against_shift"] + half[1],
            "said": [words[one] for one in side],
            "difference": [f"{value:.{_digits(planned)}f}" for value in cells["estimate"]],
        }
    )
    ends = [float(shown.arm_shifts[0] - half[0]), float(shown.arm_shifts[-1] + half[0])]
    other = [float(shown.against_shifts[0] - half[1]), float(shown.against_shifts[-1] + half[1])]
    x_scale, y_scale = options(domain=ends, nice=False), options(domain=other, nice=False)
    x = alt.X("x:Q", title=f"Added in {label('arms', shown.arm)}{unit}", scale=x_scale, axis=options(grid=False))
    y = alt.Y("y:Q", title=f"Added in {label('arms', shown.against)}{unit}", scale=y_scale, axis=options(grid=False))
    seen = [one for one in words if one in side]
    colours = options(domain=[words[one] for one in seen], range=[CELLS[one] for one in seen])
    colour = alt.Color("said:N", title=None, scale=colours, legend=options(columns=1, labelLimit=SIZE))
    tiles = alt.Chart(drawn).mark_rect().encode(
        x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), color=colour, tooltip=["said", "difference"]
    )  # fmt: skip
    layers = [tiles]
    if len(shown.line):
        line = shown.line.assign(side=np.where(shown.line["estimate"] > planned.effect.null, "above", "below"))
        line = line[["against_shift", "arm_shift", "side"]].round(planned.decimals + 1)
        path = alt.Chart(line).mark_line(color=INK, strokeWidth=2)
        layers.append(path.encode(x=alt.X("arm_shift:Q"), y=alt.Y("against_shift:Q"), detail="side:N",
                                  order=alt.Order("against_shift:Q")))  # fmt: skip
    (low, high), (low_other, high_other) = np.round(shown.plausible, planned.decimals + 1).tolist()
    box = pd.DataFrame({"x": [low], "x2": [high], "y": [low_other], "y2": [high_other]})
    region = alt.Chart(box).mark_rect(fillOpacity=0, stroke=INK, strokeDash=[5, 3], strokeWidth=1.6)
    layers.append(region.encode(x=alt.X("x:Q"), x2=alt.X2("x2:Q"), y=alt.Y("y:Q"), y2=alt.Y2("y2:Q")))
    here = alt.Chart(pd.DataFrame({"x": [0.0], "y": [0.0]})).mark_point(shape="cross", size=110, color=INK, filled=True)
    layers.append(here.encode(x=alt.X("x:Q"), y=alt.Y("y:Q")))
    return layer(*layers, width=SIZE, height=SIZE)


def _words(planned: PlannedAnalysis, tip: Tip, shown: TippingMap) -> str:
    """Return what the map shows: the line, the region, and whether one meets the other."""
    label, unit = planned.study.label, f" {_unit(planned)}" if _unit(planned) else ""
    arm, against = label("arms", shown.arm), label("arms", shown.against)
    changes = "the interval includes no difference" if tip.significant else "the interval leaves out no difference"
    how = "exactly" if tip.exact else "by interpolation between amounts"
    said = [
        f"Colours: the conclusion where an amount is added to the imputed outcomes of {arm} (across) and of {against} "
        f"(upwards). Cross: no amount. Black line: where the conclusion changes, {how}."
    ]
    if tip.shift == tip.shift:
        said.append(f"In {arm} alone it takes {_number(planned, tip.shift)}{unit} until {changes}.")
    own, other = (" to ".join(_number(planned, value) for value in low_high) for low_high in shown.plausible)
    said.append(
        f"Dashed: amounts that the observed outcomes make plausible, {own} in {arm} and {other} in {against}: as if "
        f"those who left went on to differ from their {planned.study.words.arm}, without any reason that the model "
        "knows, by as much as at their last visit (95% limits)."
    )
    inside = "changes" if shown.tips_within_plausible else "does not change"
    said.append(f"Within it the conclusion {inside}.")
    return " ".join(said)


def _number(planned: PlannedAnalysis, value: float) -> str:
    """Write an amount with the decimals of the outcome."""
    return f"{value:.{planned.decimals}f}".replace("-", "\N{MINUS SIGN}")
