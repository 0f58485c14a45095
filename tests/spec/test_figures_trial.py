"""Figures of a small made-up trial: their numbers, their text, their drawing."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pandas as pd
import pytest
import vl_convert

from coxa.errors import OptionError
from coxa.figures.figure import Figure, accessible_svg
from coxa.figures.means import MEAN_COLUMNS, model_means, observed_means
from coxa.figures.profile import plot_profile
from coxa.figures.theme import OKABE_ITO, arm_scales
from coxa.report.topics.analyses.forest import favours, plot_forest
from coxa.report.topics.missing.by_visit import missing_counts, plot_missingness
from tests.spec.small_trial import NASTY, PER_ARM, Report, plan, report

MEANS = pd.DataFrame(
    [
        ("baseline", 0, "usual_care", 50.0, 45.0, 55.0, 24),
        ("baseline", 0, "exercise", 51.0, 46.0, 56.0, 23),
        ("week_12", 84, "usual_care", 55.0, 49.96, 60.04, 22),
        ("week_12", 84, "exercise", 62.0, 57.0, 67.0, 20),
    ],
    columns=list(MEAN_COLUMNS),
)
DIFFERENCES = pd.DataFrame(
    {
        "visit": ["week_12", "week_26"],
        "arm": ["exercise", "exercise"],
        "reference": ["usual_care", "usual_care"],
        "estimate": [6.04, -1.0],
        "conf_low": [2.0, -5.0],
        "conf_high": [10.0, 3.0],
    }
)


def profile(arm_label: str = "Exercise therapy") -> Figure:
    return plot_profile(plan(arm_label), MEANS, "pain", quantity="Mean", figure_id="profile", title="Profile")


def forest(arm_label: str = "Exercise therapy") -> Figure:
    return plot_forest(plan(arm_label).planned("primary"), DIFFERENCES, figure_id="forest", title="Forest")


def drawn_texts(svg: str) -> list[str]:
    """Every line of text in a drawing."""
    return [element.text for element in ElementTree.fromstring(svg).iter() if element.text]


@pytest.fixture(scope="module")
def trial() -> Report:
    return report()


def test_observed_means_begin_at_baseline_and_have_t_intervals() -> None:
    dataset = report().datasets["primary"]
    found = observed_means(report().study, dataset)
    first = found[(found["visit"] == "week_6") & (found["arm"] == "exercise")].iloc[0]
    here = (dataset.frame["visit"] == "week_6") & (dataset.frame["arm"] == "exercise")
    values = dataset.frame.loc[here, "value"].dropna()
    assert list(found.columns) == list(MEAN_COLUMNS)
    assert list(dict.fromkeys(found["visit"])) == ["baseline", "week_6", "week_12", "week_26", "week_52"]
    assert list(found["arm"][:3]) == ["usual_care", "exercise", "manual_therapy"]
    assert first["mean"] == pytest.approx(values.mean())
    assert first["n"] == len(values)
    t_22 = 2.0738730679  # upper 2.5% point of t with 22 df, from printed tables 2.074
    assert len(values) == 23
    assert first["conf_high"] - first["mean"] == pytest.approx(t_22 * values.std() / 23**0.5, rel=1e-6)


def test_model_means_are_those_of_the_estimates(trial: Report) -> None:
    found = model_means(trial.study.planned("primary"), trial.estimates)
    wanted = trial.estimates.only(analysis="primary", term="marginal_mean", visit="week_52", arm="exercise").frame
    here = found[(found["visit"] == "week_52") & (found["arm"] == "exercise")]
    assert here["mean"].item() == wanted["estimate"].item()
    assert len(found) == 4 * 3


def test_missing_counts_add_up_to_the_set(trial: Report) -> None:
    counts = missing_counts(trial.study, trial.datasets["primary"])
    assert (counts["total"] == PER_ARM).all()
    assert counts["missing"].sum() == trial.datasets["primary"].frame["change"].isna().sum()
    assert list(counts["arm"][:3]) == ["usual_care", "exercise", "manual_therapy"]


def test_text_of_a_profile_has_every_number() -> None:
    said = str(profile().alt)
    assert said.startswith("Lines over the visits. Mean with confidence interval; higher is better.")
    assert "Usual care: Baseline 50.0 (45.0 to 55.0), n 24; Week 12 55.0 (50.0 to 60.0), n 22." in said
    assert "Exercise therapy: Baseline 51.0 (46.0 to 56.0), n 23" in said


def test_text_of_a_forest_has_every_number_and_both_sides() -> None:
    said = str(forest().alt)
    assert "Below zero: favours Usual care; above zero: favours Exercise therapy." in said
    assert "Difference in means (points): Exercise therapy minus Usual care." in said
    assert "Week 12, 6.0 (2.0 to 10.0)" in said
    assert "Week 26, −1.0 (−5.0 to 3.0)" in said


def test_text_of_missing_values_has_the_counts(trial: Report) -> None:
    figure = plot_missingness(trial.study, trial.datasets["primary"], figure_id="missing", title="Missing")
    assert f"Usual care: Week 6 0 of {PER_ARM}" in str(figure.alt)


def test_sides_of_a_forest_turn_with_the_direction_of_the_outcome() -> None:
    study = plan()
    assert favours(study, DIFFERENCES, higher_is_better=True) == ("favours Usual care", "favours Exercise therapy")
    assert favours(study, DIFFERENCES, higher_is_better=False) == ("favours Exercise therapy", "favours Usual care")
    several = DIFFERENCES.assign(arm=["exercise", "manual_therapy"])
    assert favours(study, several, higher_is_better=True) == ("favours Usual care", "favours treatment")


def test_axis_of_a_profile_says_the_direction_and_n_stands_below() -> None:
    svg = profile().svg()
    texts = drawn_texts(svg)
    assert "(points; higher is better)" in texts
    assert "Usual care, n" in texts
    assert {"24", "23", "22", "20"} <= set(texts)
    assert {"Baseline", "Week 12"} <= set(texts)


def test_numbers_stand_beside_a_forest_and_the_sides_above_it() -> None:
    texts = drawn_texts(forest().svg())
    assert "6.0 (2.0 to 10.0)" in texts
    assert "← favours Usual care" in texts
    assert "favours Exercise therapy →" in texts


@pytest.mark.parametrize("figure", [profile(), forest()], ids=["profile", "forest"])
def test_a_drawing_is_well_formed_named_and_repeats_its_bytes(figure: Figure) -> None:
    svg = figure.svg()
    root = ElementTree.fromstring(svg)
    name = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.get("width") is None
    assert root.get("viewBox")
    assert root.findtext(f"{name}title") == figure.title
    assert root.findtext(f"{name}desc") == figure.alt
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(str(each).startswith(figure.id) for each in ids)
    assert svg == figure.svg()


@pytest.mark.parametrize("figure", [profile(), forest()], ids=["profile", "forest"])
def test_what_the_renderer_leaves_out_is_not_in_a_drawing(figure: Figure) -> None:
    whole = vl_convert.vegalite_to_svg(figure.spec())
    assert figure.svg() == accessible_svg(whole, figure.id, figure.title, figure.alt)


@pytest.mark.parametrize("draw", [profile, forest])
def test_a_label_is_drawn_as_text_and_runs_nothing(draw: object) -> None:
    svg = draw(NASTY).svg()  # type: ignore[operator]
    assert "<script" not in svg
    assert any(NASTY in (element.text or "") for element in ElementTree.fromstring(svg).iter())


def test_arms_differ_in_colour_shape_and_dash() -> None:
    scales = arm_scales(["a", "b", "c"])
    assert scales.colours == list(OKABE_ITO[:3])
    assert len({json.dumps(dash) for dash in scales.dashes}) == len(set(scales.shapes)) == 3


def test_more_arms_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(OptionError, match="7 arms are more than the 6 that can be distinguished in a figure"):
        arm_scales(list("abcdefg"))


def test_visits_too_close_for_their_names_are_written_aslant() -> None:
    close = MEANS.assign(day=[0, 0, 84, 84])
    near = pd.concat([close, close.tail(2).assign(day=93, visit="week_26")], ignore_index=True)
    figure = plot_profile(plan(), near, "pain", quantity="Mean", figure_id="near", title="Near")
    assert "rotate(325)" in figure.svg()
    assert "rotate(325)" not in profile().svg()
