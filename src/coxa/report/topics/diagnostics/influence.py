"""Figure of how much each participant decides."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.errors import check_option
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import OKABE_ITO, RULE, themed

MOST = 500
"""Participants that are drawn."""

MEASURES = {
    "cook_distance": "Cook's distance",
    "likelihood_distance": "Likelihood distance",
    "change_in_std_errors": "Change of the estimate, in standard errors",
}


def plot_influence(influence: pd.DataFrame, *, measure: str = "cook_distance", figure_id: str, title: str) -> Figure:
    """Draw a measure of influence for each participant, the most influential first.

    Parameters
    ----------
    influence : DataFrame
        Of `coxa.models.results.influence.influence`.
    measure : {"cook_distance", "likelihood_distance", "change_in_std_errors"}
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Participants are places in the order, not names.

    Raises
    ------
    OptionError
        The measure is not one of these.
    """
    check_option("measure", measure, tuple(MEASURES))
    values = influence[measure].dropna()
    order = values.abs().sort_values(ascending=False, kind="stable").index
    data = pd.DataFrame({"place": range(1, len(order) + 1), "value": values.loc[order].to_list()})
    drawn = data.head(MOST)
    if len(drawn) < len(data):
        title += f" (the {MOST} most influential of {len(data)})"
    text = (
        f"{MEASURES[measure]}, for {len(data)} participants left out one by one; the largest is "
        f"{data['value'].iloc[0]:.3g}."
    )
    return Figure(figure_id, title, lambda _: themed(_stems(drawn, measure)), text, drawn, of_people=True)


def _stems(drawn: pd.DataFrame, measure: str) -> Any:
    import altair as alt

    base = alt.Chart(drawn).encode(x=alt.X("place:Q", title="Participant, most influential first"))
    stems = base.mark_rule(color=RULE).encode(y=alt.Y("value:Q", title=MEASURES[measure]), y2=alt.datum(0))
    dots = base.mark_circle(size=22, color=OKABE_ITO[0]).encode(y=alt.Y("value:Q"))
    return layer(stems, dots, width=480, height=220)
