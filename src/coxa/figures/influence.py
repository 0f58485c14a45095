"""Figure of how much each participant decides."""

from __future__ import annotations

from typing import Any

import pandas as pd

POINT = "#0072B2"
LINE = "#8a939c"

MEASURES = {
    "cook_distance": "Cook's distance",
    "likelihood_distance": "Likelihood distance",
    "change_in_std_errors": "Change of the estimate, in standard errors",
}


def plot_influence(influence: pd.DataFrame, *, measure: str = "cook_distance") -> Any:
    """Draw a measure of influence for each participant, the most influential first.

    Parameters
    ----------
    influence : DataFrame
        Of `coxa.models.influence.influence`.
    measure : {"cook_distance", "likelihood_distance", "change_in_std_errors"}

    Returns
    -------
    altair.LayerChart
        Participants are places in the order, not names; its description is the alternative text.

    Raises
    ------
    OptionError
        The measure is not one of these.
    """
    import altair as alt

    from coxa.errors import check_option

    check_option("measure of influence", measure, tuple(MEASURES))
    values = influence[measure].dropna()
    order = values.abs().sort_values(ascending=False, kind="stable").index
    data = pd.DataFrame({"place": range(1, len(order) + 1), "value": values.loc[order].to_list()})
    base = alt.Chart(data).encode(x=alt.X("place:Q", title="Participant, most influential first"))
    stems = base.mark_rule(color=LINE).encode(y=alt.Y("value:Q", title=MEASURES[measure]), y2=alt.datum(0))
    dots = base.mark_circle(size=22, color=POINT).encode(y="value:Q")
    text = (
        f"{MEASURES[measure]}, for {len(data)} participants left out one by one; the largest is "
        f"{data['value'].iloc[0]:.3g}."
    )
    return alt.layer(stems, dots, description=text).properties(width=480, height=220)
