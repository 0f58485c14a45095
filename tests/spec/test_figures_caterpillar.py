"""The figure of predicted effects: in order, with their intervals, and without names unless asked for."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.figures.caterpillar import plot_caterpillar
from coxa.figures.figure import Figure
from coxa.models import fit_lmm
from tests.spec.drawn_clusters import one_way

EFFECTS = pd.DataFrame(
    {
        "factor": ["therapist"] * 3 + ["clinic"],
        "level": ["Ann", "Bob", "Cleo", "north"],
        "effect": "Intercept",
        "value": [1.0, -2.0, 0.1, 0.0],
        "std_error": [0.25, 0.5, 0.5, 0.1],
    }
)


def drawn(figure: Figure) -> str:
    return json.dumps(figure.chart.to_dict())


def test_effects_are_sorted_with_their_intervals() -> None:
    figure = plot_caterpillar(EFFECTS, factor="therapist")
    assert figure.data["value"].to_list() == [-2.0, 0.1, 1.0]
    assert figure.data["place"].to_list() == [1, 2, 3]
    np.testing.assert_allclose(
        figure.data["high"] - figure.data["value"], 1.959964 * np.array([0.5, 0.5, 0.25]), rtol=1e-6
    )
    np.testing.assert_allclose(
        figure.data["value"] - figure.data["low"], 1.959964 * np.array([0.5, 0.5, 0.25]), rtol=1e-6
    )
    assert figure.alt == (
        "Predicted effects of 3 levels of therapist, from -2 to 1; the 95% intervals of 2 do not contain zero."
    )
    assert (figure.id, figure.title) == ("caterpillar", "Predicted effects of therapist")


def test_nobody_is_named_unless_it_is_asked_for() -> None:
    without, named = (plot_caterpillar(EFFECTS, factor="therapist", names=names) for names in (False, True))
    for name in ("Ann", "Bob", "Cleo"):
        assert name not in drawn(without) + without.alt + without.data.to_csv() + without.svg()
        assert name in drawn(named)
    assert named.data["level"].to_list() == ["Bob", "Cleo", "Ann"]


def test_many_levels_are_not_named() -> None:
    many = pd.DataFrame({"factor": "t", "level": [f"L{k}" for k in range(61)], "effect": "Intercept"})
    many = many.assign(value=np.linspace(-1, 1, 61), std_error=0.1)
    assert "L60" not in drawn(plot_caterpillar(many, factor="t", names=True))
    assert "L59" in drawn(plot_caterpillar(many[:60], factor="t", names=True))


def test_a_fit_is_drawn_and_a_wider_level_is_wider() -> None:
    effects = fit_lmm("pain ~ 1 + (1 | therapist)", one_way()).random_effects()
    narrow, wide = (plot_caterpillar(effects, factor="therapist", conf_level=level) for level in (0.8, 0.95))
    assert (wide.data["high"] > narrow.data["high"]).all()
    assert "80% interval" in drawn(narrow)
    assert narrow.svg() == narrow.svg()
    assert "<svg" in narrow.svg()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"factor": "therapists"},
            "There is no effect 'Intercept' of a factor 'therapists'. Choose from therapist: Intercept",
        ),
        ({"factor": "clinic", "effect": "week"}, "no effect 'week' of a factor 'clinic'"),
        ({"factor": "clinic", "conf_level": 95}, "`conf_level` is 95, not between 0 and 1. Choose for example 0.95."),
    ],
)
def test_what_is_not_there_is_named(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        plot_caterpillar(EFFECTS, **asked)
    assert said in str(caught.value)
