"""Charts of several charts: what Altair describes, without its copies."""

import altair as alt
import pandas as pd
import pytest
from jsonschema import ValidationError

from coxa.figures import composed
from coxa.figures.theme import themed

DATA = pd.DataFrame({"x": [0, 1], "low": [1.0, 2.0], "high": [3.0, 5.0], "arm": ["A", "B"]})


def parts(data=DATA):
    base = alt.Chart(data).encode(x="x:Q")
    return base.mark_rule().encode(y="low:Q", y2="high:Q"), base.mark_point().encode(y="high:Q")


def chosen():
    choice = alt.selection_point(name="arm", fields=["arm"])
    rules, points = parts()
    return rules, points.properties(name="points").add_params(choice)


def below(by, top):
    other = alt.Chart(DATA.copy()).mark_text().encode(x="x:Q", text="low:Q").properties(width=200)
    return by.vconcat(by.layer(*top, width=200, height=100, title=alt.Title("Top")), other, spacing=4, bounds="flush")


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param(lambda by: by.layer(*parts(), width=200), id="layers of one data set"),
        pytest.param(lambda by: by.layer(parts()[0], parts(DATA.copy())[1], height=90), id="layers of two"),
        pytest.param(lambda by: by.hconcat(*parts(), spacing=10), id="next to one another"),
        pytest.param(lambda by: by.layer(*chosen(), width=200), id="layers with a choice"),
        pytest.param(lambda by: below(by, parts()), id="layers above another chart"),
        pytest.param(lambda by: below(by, chosen()), id="a choice in one of two"),
        pytest.param(lambda by: by.concat(below(by, parts()), below(by, parts()), columns=2), id="panels"),
    ],
)
def test_a_composed_chart_is_described_as_altair_describes_it(chart):
    ours, theirs = themed(chart(composed)).to_dict(), themed(chart(alt)).to_dict()
    assert ours == theirs
    assert list(ours) == list(theirs)


def test_a_chart_that_breaks_the_schema_is_refused():
    with pytest.raises(ValidationError):
        composed.layer(*parts(), width="wide as a house").to_dict()
