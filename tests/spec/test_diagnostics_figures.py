"""Figures of the diagnostics: every number is drawn, nobody is named, and the text says what is seen."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.figures.figure import Figure
from coxa.models import Fit, fit_mmrm
from coxa.models.results.diagnostics import covariance_check, qq_points, residuals
from coxa.report.topics.diagnostics.covariance_map import plot_covariance
from coxa.report.topics.diagnostics.influence import plot_influence
from coxa.report.topics.diagnostics.residuals import plot_qq, plot_residuals
from coxa.selftest.rows import VISITS
from tests.reference.trial import trial

NAMED = {"figure_id": "a-figure", "title": "A figure"}


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mmrm("change ~ baseline * visit + arm * visit", trial())


def drawn(figure: Figure) -> list[dict]:
    """Return the rows of the largest data set of a figure's chart."""
    return max(figure.chart.to_dict()["datasets"].values(), key=len)


def test_residuals_have_a_panel_for_each_visit_and_no_names(fit: Fit) -> None:
    figure = plot_residuals(residuals(fit), **NAMED)
    rows = drawn(figure)
    assert len(rows) == fit.n_observations == 605
    assert {row["visit"] for row in rows} == set(VISITS)
    assert figure.chart.to_dict()["facet"]["column"]["sort"] == list(VISITS)
    assert "participant_id" not in json.dumps(figure.chart.to_dict())
    beyond = sum(abs(row["studentised"]) > 2 for row in rows)
    assert f"605 points, {beyond} of them beyond 2 or -2" in figure.alt
    spec = figure.chart.to_dict()["spec"]  # data of its own would put every row into every panel
    assert "data" not in spec
    assert "data" not in spec["layer"][-1]


def test_the_quantile_plot_counts_what_is_outside(fit: Fit) -> None:
    points = qq_points(residuals(fit)["normalised"])
    figure = plot_qq(points, **NAMED)
    outside = int(((points["sample"] < points["low"]) | (points["sample"] > points["high"])).sum())
    assert f"{outside} outside their band" in figure.alt
    assert "<svg" in figure.svg()
    assert len(drawn(figure)) == 605


def test_the_covariance_map_has_both_sides(fit: Fit) -> None:
    figure = plot_covariance(covariance_check(fit), **NAMED)
    rows = drawn(figure)
    assert len(rows) == 20
    assert {row["side"] for row in rows} == {"Model", "Residuals"}
    first = next(row for row in rows if (row["visit"], row["other"], row["side"]) == ("week_12", "week_6", "Model"))
    assert first["value"] == pytest.approx(fit.correlation.loc["week_12", "week_6"])
    assert f">{fit.correlation.loc['week_12', 'week_6']:.2f}</text>" in figure.svg()
    with pytest.raises(OptionError, match='`map` is "variance"'):
        plot_covariance(covariance_check(fit), what="variance", **NAMED)


def test_influence_is_drawn_without_names() -> None:
    table = pd.DataFrame({"participant_id": ["p", "q", "r"], "cook_distance": [0.3, 0.1, None]})
    figure = plot_influence(table, **NAMED)
    assert drawn(figure) == [{"place": 1, "value": 0.3}, {"place": 2, "value": 0.1}]
    assert "2 participants left out one by one; the largest is 0.3" in figure.alt
    with pytest.raises(OptionError, match=r'`measure` is "cook". Choose one of cook_distance'):
        plot_influence(table, measure="cook", **NAMED)
