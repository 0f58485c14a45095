"""Means of several terms, drawn as dots with their intervals."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.figures.dots import plot_dots
from coxa.figures.figure import Figure
from tests.spec.small_trial import plan

MEANS = pd.DataFrame(
    [
        ("Walking", "week_6", "usual_care", 40.0, 30.0, 50.0, 24),
        ("Walking", "week_6", "exercise", 60.0, 52.0, 68.0, 23),
        ("Stairs", "week_6", "usual_care", 35.0, 21.5, 48.5, 24),
        ("Stairs", "week_12", "exercise", 72.0, 61.0, 83.0, 3),
    ],
    columns=["label", "visit", "arm", "mean", "conf_low", "conf_high", "n"],
)


def dots(mark: float | None = None) -> Figure:
    return plot_dots(plan(), MEANS, quantity="Goals met (%)", figure_id="goals", title="Goals", mark=mark)


def test_every_mean_is_said_with_its_interval_in_its_row_and_panel() -> None:
    said = str(dots().alt)
    assert "Walking, Week 6: Usual care 40.0 (30.0 to 50.0); Exercise therapy 60.0 (52.0 to 68.0)." in said
    assert "Stairs, Week 12: Exercise therapy 72.0 (61.0 to 83.0)." in said


@pytest.mark.parametrize("mark", [None, 95.0])
def test_a_panel_for_each_visit_and_one_scale_for_all(mark: float | None) -> None:
    svg = dots(mark).svg()
    assert all(text in svg for text in ("Week 6", "Week 12", "Walking", "Stairs", "Goals met (%)"))
    assert svg.count('stroke-dasharray="4,3"') == (0 if mark is None else 2)
