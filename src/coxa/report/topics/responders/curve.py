"""Cumulative responders: the share of each arm that reaches any cut, not only the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.panels import Step, stepped_panels
from coxa.figures.theme import INK, MOST_ARMS, RULE, TEXT_SIZE, WIDTH, ArmScales, arm_scales, options, themed
from coxa.report.topics.responders.tables import Response, missing_words
from coxa.study.comparative import ComparativeStudy
from coxa.study.outcome import Responder
from coxa.study.wording import rule_words
from coxa.tables.formats import number
from coxa.tables.phrases import sentence_case

HEIGHT = 280
FAR = 0.01
"""Share of participants beyond each end of the axis."""
MOST = 500
"""Different values up to which each is a step of the curve."""
LETTERS = 26
"""Letters of a line under a panel."""
DIGITS = 9
"""Decimals of an improvement; two that differ by less have differed in the last bits of a subtraction."""
AXES = {
    "change": "Improvement from baseline of at least ... ({unit})",
    "percent_change": "Improvement from baseline of at least ... (%)",
    "value": "A value of {bound} ... ({unit})",
}


def plot_responder_curve(
    study: ComparativeStudy, response: Response, visit: str, rules: Sequence[Responder], *, figure_id: str, title: str
) -> Figure:
    """Draw the share of each arm with an improvement of at least x, for every x, at one visit.

    Parameters
    ----------
    study
        The plan: labels and the direction of the outcome.
    response
        Outcome, data, and how missing values are counted; its rule says what is on the axis.
    visit
        Visit of the plan.
    rules
        Cuts to mark; only those of the same measure are on this axis.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Its data are shares by arm; no participant is in them.
    """
    curve = responder_curve(study, response, visit, rules)
    labelled = curve.assign(arm_label=[study.label("arms", arm) for arm in curve["arm"]])
    arms = list(dict.fromkeys(labelled["arm_label"]))
    marked = [rule for rule in rules if rule.measure == response.rule.measure]
    span = _span(response, visit, [rule.at_least for rule in marked])
    text = _text(study, response, labelled, marked)
    if thinned(response, visit):
        title += f" (drawn at {labelled['cut'].nunique()} cuts, evenly spaced in the order of the values)"
    estimand = study.estimands.get(response.dataset.estimand)
    reference = study.label("arms", estimand.treatment.against if estimand else study.reference_arm)
    if len(arms) > MOST_ARMS:
        title += f" (in grey: {reference})"

    def draw(_: Sequence[str]) -> Any:
        within = _within(labelled, span, _sign(response))
        return themed(_chart(study, response, within, span, arms, marked, reference))

    return Figure(figure_id, title, draw, text, curve, along=("cut",))


def _chart(
    study: ComparativeStudy,
    response: Response,
    within: pd.DataFrame,
    span: tuple[float, float],
    arms: list[str],
    marked: Sequence[Responder],
    reference: str,
) -> Any:
    """Draw the curves together, or a panel for each of many arms, with the cuts behind them."""
    import altair as alt

    scale, many = study.scale(response.outcome), len(arms) > MOST_ARMS
    bound = "at least" if scale.higher_is_better else "at most"
    axis = AXES[response.rule.measure].format(unit=scale.unit, bound=bound)
    named = wrap(axis.replace(" from baseline", ""), LETTERS) if many else axis
    x = alt.X("cut:Q", title=named, scale=options(domain=list(span), nice=False))
    y = alt.Y("share:Q", title="Share of participants", scale=options(domain=[0, 1]), axis=options(format="%"))
    way: Step = "step-after" if _sign(response) < 0 else "step-before"
    if many:
        return stepped_panels(within, arms, reference, x, y, way, _cuts(marked, scale.unit, named=False))
    lines = _lines(within, arm_scales(arms), x, y, way)
    return layer(_cuts(marked, scale.unit), lines, width=WIDTH, height=HEIGHT)


def _lines(within: pd.DataFrame, arms: ArmScales, x: Any, y: Any, way: Step) -> Any:
    import altair as alt

    legend = options(symbolType="stroke", symbolStrokeWidth=2, symbolSize=500)
    colour = alt.Color("arm_label:N", scale=options(domain=arms.domain, range=arms.colours), legend=legend)
    dash = alt.StrokeDash("arm_label:N", scale=options(domain=arms.domain, range=arms.dashes), legend=legend)
    lines = alt.Chart(within).mark_line(strokeWidth=2, interpolate=way)
    return lines.encode(x=x, y=y, color=colour, strokeDash=dash)


def responder_curve(
    study: ComparativeStudy, response: Response, visit: str, rules: Sequence[Responder] = ()
) -> pd.DataFrame:
    """Return arm, cut, n, total and share: how many of each arm reach each cut at a visit.

    An improvement has the direction of the outcome; for a rule on the value itself a cut is a value. After an event
    with a composite strategy nobody reaches any. Cuts are every value seen in any arm, and whole limits beyond them; of
    very many values MOST, evenly spaced in their order, with those at which zero and each of `rules` are reached.
    """
    frame = response.dataset.frame
    here = (frame["visit"] == visit).to_numpy()
    reached = _improvement(response)[here].to_numpy().round(DIGITS)
    arm_of = frame["arm"].astype(str)[here].to_numpy()
    seen = _seen(response, visit)
    named = [_sign(response) * rule.at_least for rule in rules if rule.measure == response.rule.measure]
    cuts = np.unique(np.r_[np.floor(seen[:1]), _chosen(seen, [0.0, *named]), np.ceil(seen[-1:])])
    parts = []
    for arm in study.arm_order:
        if arm not in response.arms:
            continue
        mine = reached[arm_of == arm]
        total = len(mine) if response.missing == "non_responder" else int((~np.isnan(mine)).sum())
        known = np.sort(mine[~np.isnan(mine)])
        n = len(known) - np.searchsorted(known, cuts, side="left")
        share = n / total if total else np.full(len(cuts), np.nan)
        parts.append(pd.DataFrame({"arm": arm, "cut": _sign(response) * cuts, "n": n, "total": total, "share": share}))
    return pd.concat(parts, ignore_index=True)


def _seen(response: Response, visit: str) -> np.ndarray:
    """Return the different improvements, or values, at a visit, in their order."""
    here = (response.dataset.frame["visit"] == visit).to_numpy()
    reached = _improvement(response)[here].to_numpy().round(DIGITS)
    return np.unique(reached[np.isfinite(reached)])


def thinned(response: Response, visit: str) -> bool:
    """Say whether there are more different values at a visit than are drawn."""
    return len(_seen(response, visit)) > MOST


def _chosen(seen: np.ndarray, named: Sequence[float]) -> np.ndarray:
    """Return the values that are cuts; of many, some, and the first that reaches each named cut."""
    if len(seen) <= MOST:
        return seen
    even = np.linspace(0, len(seen) - 1, MOST).round().astype(int)
    reaching = np.searchsorted(seen, np.asarray(named) - 10.0**-DIGITS, side="left")
    return seen[np.unique(np.r_[even, reaching[reaching < len(seen)]])]


def _span(response: Response, visit: str, cuts: Sequence[float]) -> tuple[float, float]:
    """Return the limits of the axis: a few far below everybody else do not take the room of the others."""
    frame = response.dataset.frame
    seen = _sign(response) * _improvement(response)[(frame["visit"] == visit).to_numpy()].to_numpy()
    seen = seen[np.isfinite(seen)]
    low, high = np.quantile(seen, (FAR, 1 - FAR)) if len(seen) else (0.0, 1.0)
    return float(np.floor(min(low, *cuts))), float(np.ceil(max(high, *cuts)))


def _within(labelled: pd.DataFrame, span: tuple[float, float], sign: float) -> pd.DataFrame:
    """Return the part of the curves between the limits of the axis, each with a step on either limit."""
    parts = []
    for arm, rows in labelled.groupby("arm_label", sort=False):
        beyond = [rows.loc[sign * rows["cut"] >= sign * edge, "share"] for edge in span]
        edges = pd.DataFrame({"cut": span, "share": [share.max() if len(share) else 0.0 for share in beyond]})
        inside = rows.loc[rows["cut"].between(*span, inclusive="neither"), ["cut", "share"]]
        parts.append(pd.concat([edges, inside]).sort_values("cut").assign(arm_label=arm))
    return pd.concat(parts, ignore_index=True)


def _improvement(response: Response) -> pd.Series:
    """Return how much each row improved, or its value, larger for better; nothing after a composite event."""
    found = response.dataset.frame[response.rule.measure].astype(float)
    return (found if response.higher_is_better else -found).mask(response.never, -np.inf)


def _sign(response: Response) -> float:
    """Return -1 where the axis shows a value that is better when lower, else 1."""
    return -1.0 if response.rule.measure == "value" and not response.higher_is_better else 1.0


def _cuts(rules: Sequence[Responder], unit: str, *, named: bool = True) -> Any:
    """Draw a line at each cut, named above the drawing."""
    import altair as alt

    words = ["%" if rule.measure == "percent_change" else f" {unit}" for rule in rules]
    names = [f"{rule.at_least:g}{word}" for rule, word in zip(rules, words, strict=True)]
    drawn = pd.DataFrame({"cut": [rule.at_least for rule in rules], "name": names})
    base = alt.Chart(drawn).encode(x=alt.X("cut:Q"))
    line = base.mark_rule(color=RULE, strokeDash=[4, 3])
    return (
        line
        if not named
        else line
        + base.mark_text(dy=-8, fontSize=TEXT_SIZE - 1, color=INK).encode(y=alt.YValue(0), text=alt.Text("name:N"))
    )


def _text(study: ComparativeStudy, response: Response, labelled: pd.DataFrame, rules: Sequence[Responder]) -> str:
    """Say how many of each arm reach no worsening, and each of the cuts, and where the cuts are from."""
    way = "rising" if _sign(response) < 0 else "falling"
    said = [f"Steps, {way} from left to right: the share of each {study.words.arm} that reaches a cut."]
    said.append(missing_words(study, response))
    if response.rule.measure != "value":
        said.append(f"No worsening: {_reached(response, labelled, 0.0)}.")
    for rule in rules:
        words = sentence_case(rule_words(study, response.outcome, rule))
        source = f" Source of this threshold: {rule.source}." if rule.source else ""
        said.append(f"{words}: {_reached(response, labelled, rule.at_least)}.{source}")
    return " ".join(said)


def _reached(response: Response, labelled: pd.DataFrame, cut: float) -> str:
    """Return "Usual care 20 of 60 (33.3%)" for each arm, at a cut that may lie between two steps."""
    parts = []
    for arm, rows in labelled.groupby("arm_label", sort=False):
        sign = _sign(response)
        beyond = rows[sign * rows["cut"] >= sign * cut - 1e-9]
        n, total = int(beyond["n"].max()) if len(beyond) else 0, int(rows["total"].iloc[0])
        parts.append(f"{arm} {n} of {total} ({number(100 * n / total if total else float('nan'), 1)}%)")
    return ", ".join(parts)
