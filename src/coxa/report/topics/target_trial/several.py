"""Several groups compared together: weights, balance and overlap of all of them, and the differences of every two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.comparability import Comparability
from coxa.causal import SeveralGroups
from coxa.figures.composed import concat
from coxa.figures.figure import Figure
from coxa.figures.theme import DASHES, OKABE_ITO, options, themed
from coxa.report.topics.analyses.written import DECIMALS
from coxa.report.topics.target_trial.figures import BINS, love_plot
from coxa.report.topics.target_trial.tables import statistic_of
from coxa.tables.formats import NONE, cell, number
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

PANEL, TALL = 250, 130
"""Width and height of the panel of one probability."""


def several_of(one: Comparability) -> SeveralGroups:
    """Return the comparison of all groups that a comparison is of."""
    assert one.comparison.together is not None
    return one.comparison.together


def groups_of(one: Comparability) -> list[str]:
    """Return the groups in the order of the plan."""
    return [arm for arm in one.planned.study.arm_order if arm in several_of(one).weights.names]


def weights_of_groups_table(one: Comparability) -> Table:
    """Return numbers of participants, effective sample sizes, largest weights and overlap of all groups."""
    several, study = several_of(one), one.planned.study
    arms, weights = groups_of(one), several.weights
    place = {arm: weights.names.index(arm) for arm in arms}

    def counts(term: str, values: dict[str, int]) -> list[Cell]:
        return [cell("count", {"n": n}, statistic_of(one, f"weights: {term}", arm)) for arm, n in values.items()]

    rows = {
        "Participants with every confounder": counts(
            "participants", {arm: int((weights.group == place[arm]).sum()) for arm in arms}
        ),
        "Outcomes": counts("outcomes", {arm: several.observed[place[arm]] for arm in arms}),
        "Effective sample size": [
            cell("number", {"n": weights.effective_n(arm)}, statistic_of(one, "weights: effective sample size", arm), 1)
            for arm in arms
        ],
        "Largest weight, as a multiple of the mean": [
            cell("number", {"n": weights.largest(arm)}, statistic_of(one, "weights: largest", arm), 2) for arm in arms
        ],
        "A probability outside the range of another group": counts(
            "outside another group", {arm: outside(one, arm) for arm in arms}
        ),
    }
    notes = [
        "Effective sample size, participants of equal weight that would tell as much (Kish). Outside the range, "
        f"participants whose probability of some {study.words.arm} no participant of another {study.words.arm} reaches."
    ]
    if weights.truncated:
        notes.append("The largest weights were cut, as the plan says.")
    return Table(
        identifier("weights", one.planned.name, one.visit), "Weights and overlap",
        f"Of each {study.words.arm}", tuple(Column(study.label("arms", arm)) for arm in arms),
        (RowGroup("", tuple(Row(label, tuple(cells)) for label, cells in rows.items())),),
        (Footnote(" ".join(notes)),),
    )  # fmt: skip


def outside(one: Comparability, arm: str) -> int:
    """Return the participants of a group with a probability of some group that another group does not reach."""
    weights, beyond = several_of(one).weights, np.zeros(len(one.scores), dtype=bool)
    for mine in weights.masks:
        low, high = one.scores[mine].min(axis=0), one.scores[mine].max(axis=0)
        beyond |= ((one.scores < low) | (one.scores > high)).any(axis=1)
    return int((beyond & (weights.group == weights.names.index(arm))).sum())


def balance_of_groups_table(one: Comparability) -> Table:
    """Return the largest standardised difference of two groups in each confounder, before and after weighting."""
    balance, study = several_of(one).balance, one.planned.study
    rows = []
    for record in records(balance.table):
        name, cells = str(record["confounder"]), []
        for when in ("before", "after"):
            value, apart = float(record[when]), record[f"apart_{when}"]
            at = statistic_of(one, f"balance, largest {when}: {name}", *map(str, apart))
            cells.append(
                cell("standardised", {"standardised_difference": value}, at, 2) if np.isfinite(value) else Cell(NONE)
            )
            cells.append(Cell(" and ".join(study.label("arms", str(arm)) for arm in apart)))
        rows.append(Row(one.label(name), tuple(cells), strong=not record["balanced"]))
    columns = tuple(
        Column(head, "left" if head == "Between" else "right", spanner=when)
        for when in ("Before", "After")
        for head in ("Largest", "Between")
    )
    spread = "the root of the mean variance of all" if balance.denominator == "pooled" else "those of the focal"
    return Table(
        identifier("balance", one.planned.name, one.visit),
        f"Balance before and after {one.way}: the largest difference of two {study.words.arms}", "Confounder",
        columns, (RowGroup("", tuple(rows)),),
        (Footnote(
            f"Largest, the largest absolute difference of two {study.words.arms}, in standard deviations "
            f"({spread} {study.words.arms}) before {one.way}; bold, over {balance.bound:g} after {one.way}. Nothing is "
            "tested."
        ),),
    )  # fmt: skip


def plot_balance_of_groups(one: Comparability, *, figure_id: str, title: str) -> Figure:
    """Draw the largest difference of two groups in each confounder before and after weighting."""
    balance, arms = several_of(one).balance, one.planned.study.words.arms
    apart = [statistic_of(one, "balance", *map(str, pair)) for pair in balance.table["apart_after"]]
    return love_plot(
        balance.table, [one.label(name) for name in balance.table["confounder"]],
        [f"Before {one.way}", f"After {one.way}"], balance.bound, at=apart, figure_id=figure_id, title=title,
        what=f"Largest standardised differences of two {arms} before and after {one.way}", of_size=True,
    )  # fmt: skip


def overlap_of_groups(one: Comparability) -> pd.DataFrame:
    """Return the share of each group in each of 20 intervals of each probability, before weighting."""
    edges, weights, study = np.linspace(0, 1, BINS + 1), several_of(one).weights, one.planned.study
    parts = []
    for target in groups_of(one):
        for arm in groups_of(one):
            mine = weights.group == weights.names.index(arm)
            n, _ = np.histogram(one.scores[mine, weights.names.index(target)], bins=edges)
            parts.append(pd.DataFrame({
                "probability_of": study.label("arms", target), "arm": study.label("arms", arm),
                "low": edges[:-1], "high": edges[1:], "share": n / n.sum(),
            }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def plot_overlap_of_groups(one: Comparability, *, figure_id: str, title: str) -> Figure:
    """Draw the probability of each group in all groups: one panel for each probability."""
    data, study, weights = overlap_of_groups(one), one.planned.study, several_of(one).weights
    arms, labels = groups_of(one), {arm: study.label("arms", arm) for arm in groups_of(one)}
    words = [f"Probability of each {study.words.arm}, given the confounders, in the participants of each."]
    for target in arms:
        scores = one.scores[:, weights.names.index(target)]
        ranges = []
        for arm in arms:
            ends = np.quantile(scores[weights.group == weights.names.index(arm)], [0, 0.5, 1])
            low, middle, high = (number(float(end), 2) for end in ends)
            ranges.append(f"{labels[arm]} from {low} to {high}, median {middle}")
        words.append(f"Of {labels[target]}: {'; '.join(ranges)}.")
    return Figure(
        figure_id, title, lambda _: themed(_panels(data, list(labels.values()))), " ".join(words),
        pd.DataFrame(records(data)), of_people=True,
    )  # fmt: skip


def _panels(data: pd.DataFrame, labels: list[str]) -> Any:
    import altair as alt

    drawn = data.assign(share=100 * data["share"])
    # a step needs the end of the last interval too
    ends = drawn[drawn["high"] >= 1].assign(low=1.0)
    drawn = pd.concat([drawn, ends], ignore_index=True)
    top = 1.05 * float(drawn["share"].max())
    n = len(labels)
    look = {"domain": labels}
    legend = options(symbolType="stroke", symbolStrokeWidth=2)
    colour = alt.Color("arm:N", title=None, legend=legend, scale=options(**look, range=list(OKABE_ITO[:n])))
    dash = alt.StrokeDash(
        "arm:N", title=None, scale=options(**look, range=[list(one) for one in DASHES[:n]])
    )  # fmt: skip
    panels = [
        alt.Chart(drawn[drawn["probability_of"] == label])
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("low:Q", title=f"Probability of {label}", scale=options(domain=[0, 1])),
            y=alt.Y("share:Q", title="Per cent of the group", scale=options(domain=[0, top], nice=False)),
            color=colour,
            strokeDash=dash,
        )
        .properties(width=PANEL, height=TALL)
        for label in labels
    ]
    return concat(*panels, columns=2)


def pairs_table(one: Comparability) -> Table:
    """Return the differences of every two groups, and the test that all groups have the same number."""
    several, planned = several_of(one), one.planned
    study, term = planned.study, planned.effect.term
    rule = "points_interval" if planned.effect.scale == "points" else "estimate_interval"
    decimals = DECIMALS.get(planned.effect.scale, planned.decimals)
    frame, rows = several.estimates.frame, []
    for record in records(frame[(frame["term"] == term) & (frame["reference"] != "")]):
        values = {name: float(record[name]) for name in ("estimate", "conf_low", "conf_high")}
        at = statistic_of(one, f"every two: {term}", str(record["arm"]), str(record["reference"]))
        label = " and ".join(study.label("arms", str(record[side])) for side in ("arm", "reference"))
        p = cell("p_value", {"p_value": float(record["p_value"])}, at)
        rows.append(Row(label, (cell(rule, values, at, decimals), p)))
    joint = records(frame[frame["term"] == "joint_test"])[0]
    at = statistic_of(one, "joint_test", "", "")
    test = cell("p_value", {"p_value": float(joint["p_value"])}, at)
    statistic = cell("number", {"n": float(joint["statistic"])}, at, 2)
    of = {"time": "restricted mean time"}.get(planned.kind, planned.effect.arm_words.lower())
    words = f"All {len(several.weights.names)} {study.words.arms}: chi-square, {joint['df']:.0f} df"
    level = 100 * planned.analysis.conf_level
    return Table(
        identifier("pairs", planned.name, one.visit), f"Every two {study.words.arms}, from the same equations",
        f"{study.words.arms.capitalize()}",
        (Column(f"{planned.effect.words.capitalize()} ({level:g}% CI)"), Column("p")),
        (RowGroup("", (*rows, Row(words, (statistic, test)))),),
        (Footnote(
            "CI, confidence interval. The first of two less (or over) the second. p-values are not adjusted for "
            f"multiplicity. The last line tests that all {study.words.arms} have the same {of} (Wald)."
        ),),
    )  # fmt: skip
