"""Predictions: by hand in a balanced one-way layout, for new rows, and for rows without a factor by design."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import FitError, OptionError
from coxa.models import Fit, fit_lmm, fit_mmrm
from tests.reference.tolerances import CLOSED_FORM
from tests.spec.drawn_clusters import mean_squares, one_way, visits_trial

LEVELS, EACH = 8, 5


@pytest.fixture(scope="module")
def layout() -> pd.DataFrame:
    return one_way(LEVELS, EACH)


@pytest.fixture(scope="module")
def fit(layout: pd.DataFrame) -> Fit:
    return fit_lmm("pain ~ 1 + (1 | therapist)", layout, ddf="satterthwaite")


def parts(data: pd.DataFrame) -> tuple[float, float, float]:
    """Return the variance between therapists, the shrinkage of their means, and the variance of the grand mean."""
    between, within = mean_squares(data)
    return (between - within) / EACH, 1 - within / between, between / (LEVELS * EACH)


def test_a_predicted_effect_is_the_shrunken_deviation_of_the_mean(fit: Fit, layout: pd.DataFrame) -> None:
    variance, shrink, of_mean = parts(layout)
    found = fit.random_effects("therapist").set_index("level")
    means = layout.groupby("therapist")["pain"].mean()
    np.testing.assert_allclose(found["value"], shrink * (means - layout["pain"].mean()), rtol=1e-9)
    np.testing.assert_allclose(found["conditional_sd"], np.sqrt((1 - shrink) * variance), rtol=CLOSED_FORM)
    np.testing.assert_allclose(found["std_error"], np.sqrt((1 - shrink) * variance + shrink**2 * of_mean), rtol=1e-9)
    assert set(found["n_observations"]) == {EACH}


def test_a_prediction_is_between_the_grand_mean_and_the_therapists_own(fit: Fit, layout: pd.DataFrame) -> None:
    variance, shrink, of_mean = parts(layout)
    new = pd.DataFrame({"therapist": ["T0", "T99", None]}, index=["known", "new", "missing"])
    found = fit.predict(new)
    grand, own = layout["pain"].mean(), layout.loc[layout["therapist"] == "T0", "pain"].mean()
    np.testing.assert_allclose(found["estimate"], [(1 - shrink) * grand + shrink * own, grand, grand], rtol=CLOSED_FORM)
    known = (1 - shrink) * variance + (1 - shrink) ** 2 * of_mean
    np.testing.assert_allclose(found["std_error"] ** 2, [known, of_mean + variance, of_mean + variance], rtol=1e-9)
    assert found["known"].to_list() == [True, False, False]
    half = stats.t.ppf(0.975, LEVELS - 1) * found["std_error"]
    np.testing.assert_allclose(found["conf_high"] - found["estimate"], half, rtol=1e-8)


def test_without_random_effects_a_prediction_is_of_an_average_level(fit: Fit, layout: pd.DataFrame) -> None:
    found = fit.predict(pd.DataFrame({"note": ["no therapist is needed"]}), random=False).iloc[0]
    assert found["estimate"] == pytest.approx(layout["pain"].mean(), rel=CLOSED_FORM)
    assert found["std_error"] == pytest.approx(np.sqrt(parts(layout)[2]), rel=CLOSED_FORM)
    assert found["known"]


def test_the_effects_of_a_factor_with_no_variance_are_zero() -> None:
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", one_way(6, 4, sd=0.0, seed=5))
    assert (fit.random_effects()[["value", "std_error", "conditional_sd"]] == 0).all(axis=None)


def test_effects_of_all_factors_add_up_and_can_be_asked_for_by_name() -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ arm * week + (week | participant_id) + (1 | leads)", data)
    fixed, people, leads, every = (
        fit.predict(data, random=random)["estimate"] for random in (False, ["participant_id"], "leads", True)
    )
    np.testing.assert_allclose(people + leads - fixed, every, rtol=1e-9)
    own = fit.random_effects("participant_id").pivot(index="level", columns="effect", values="value")
    by_hand = data["participant_id"].map(own["Intercept"]) + data["participant_id"].map(own["week"]) * data["week"]
    np.testing.assert_allclose(people - fixed, by_hand, atol=1e-9)


def test_rows_come_back_in_order_and_a_missing_covariate_is_no_number() -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ arm * week + (1 | participant_id)", data)
    rows = data.assign(extra="?").iloc[[5, 0, 40]].set_axis([3, 3, 1], axis=0)
    gap = rows.assign(week=[12.0, np.nan, 26.0])
    before = gap.copy()
    found = fit.predict(gap)
    assert found.index.to_list() == [3, 3, 1]
    assert found["estimate"].isna().to_list() == [False, True, False]
    assert found["known"].to_list() == [True, False, True]
    pd.testing.assert_frame_equal(gap, before)
    assert fit.predict(rows.iloc[:0]).shape == (0, 6)
    assert fit.predict(gap.iloc[[1]])["estimate"].isna().all()


@pytest.mark.parametrize("visit", [[6, 12], [6.0, 12.0], ["6", "12"]])
def test_levels_that_were_numbers_are_known_as_numbers_and_as_text(visit: list[Any]) -> None:
    data = visits_trial().assign(visit=lambda d: d["week"].astype(int))
    for fit in (fit_mmrm("change ~ arm * visit + (1 | leads)", data), fit_mmrm("change ~ arm * visit", data)):
        rows = pd.DataFrame({"arm": "exercise", "visit": visit, "leads": "T0"})
        known = fit.predict(data.iloc[3:5].assign(leads="T0"))["estimate"]
        np.testing.assert_allclose(fit.predict(rows)["estimate"], known)


def test_participants_numbered_in_the_fit_are_known_by_text_and_the_other_way() -> None:
    data = visits_trial().assign(participant_id=lambda d: d["participant_id"].str[1:].astype(int))
    fit = fit_lmm("change ~ arm + (1 | participant_id)", data)
    rows = pd.DataFrame({"participant_id": [3, "3", 3.0], "arm": "exercise"})
    found = fit.predict(rows)
    assert found["known"].all()
    assert found["estimate"].nunique() == 1


# -- rows that are meant to be without ---------------------------------------------------------------------------------


def test_without_a_therapist_by_design_there_is_neither_effect_nor_error_of_one() -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ arm + (1 | therapist)", data, partially_nested={"therapist": "arm"})
    rows = pd.DataFrame({"arm": ["usual_care", "exercise", "exercise"], "therapist": [None, "T0", "T99"]})
    found, fixed = fit.predict(rows), fit.predict(rows, random=False)
    assert found["known"].to_list() == [True, True, False]
    assert found["estimate"][0] == pytest.approx(fixed["estimate"][0], rel=CLOSED_FORM)
    assert found["std_error"][0] == pytest.approx(fit.std_error["Intercept"], rel=CLOSED_FORM)
    variance = fit.variance_components["variance"].iloc[0]
    assert found["std_error"][2] ** 2 == pytest.approx(fixed["std_error"][2] ** 2 + variance, rel=1e-9)
    with pytest.raises(OptionError, match="have no column arm"):
        fit_lmm("change ~ 1 + (1 | therapist)", data, partially_nested={"therapist": "arm"}).predict(
            rows.drop(columns="arm")
        )


def test_effects_by_arm_need_an_arm_that_is_known() -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ week + (1 | gr(leads, by = arm)) + (1 | participant_id)", data)
    table = fit.random_effects("leads")
    assert table["effect"].to_list()[:2] == ["arm[usual_care]", "arm[exercise]"]
    with pytest.raises(
        OptionError, match=r"'arm' has no level 'yoga' in the analysed rows. Choose from usual_care, exercise."
    ):
        fit.predict(data.iloc[:1].assign(arm="yoga"))


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "options", "said"),
    [
        ({"arm": "yoga"}, {}, "'arm' has no level 'yoga' in the analysed rows. Choose from usual_care, exercise."),
        ({"week": "six"}, {}, "'week' is a number in the analysed rows, and "),
        ({}, {"random": ["therapist"]}, 'no factor "therapist". Choose leads'),
        ({}, {"conf_level": 95}, "`conf_level` is 95, not between 0 and 1"),
    ],
)
def test_rows_that_cannot_be_predicted(changed: dict[str, Any], options: dict[str, Any], said: str) -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ arm * week + (1 | leads)", data)
    with pytest.raises(OptionError) as caught:
        fit.predict(data.iloc[:2].assign(**changed), **options)
    assert said in str(caught.value)


def test_a_random_slope_of_a_level_that_is_unknown_is_refused() -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ week + (visit || leads)", data)
    with pytest.raises(OptionError, match="'visit' has no level 'week_52'"):
        fit.predict(data.iloc[:1].assign(visit="week_52"))


def test_columns_that_are_missing_are_named() -> None:
    data = visits_trial()
    fit = fit_lmm("change ~ arm * week + (visit || leads)", data)
    with pytest.raises(
        OptionError, match=r"have no column visit, leads. Add it. The model needs arm, week, visit, leads"
    ):
        fit.predict(data[["arm", "week"]])


@pytest.mark.parametrize(
    ("term", "said"),
    [("bs(week, df=4)", "Use the natural spline cr"), ("log(week)", "no finite value in 1 of these rows")],
)
def test_a_transform_that_has_no_value_there_is_named(term: str, said: str) -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"participant_id": np.repeat(range(20), 5), "week": np.tile(np.arange(1.0, 6), 20)})
    data["pain"] = rng.normal(size=20)[data["participant_id"]] + rng.normal(size=100)
    fit = fit_lmm(f"pain ~ {term} + (1 | participant_id)", data)
    with pytest.raises(OptionError, match=said):
        fit.predict(pd.DataFrame({"participant_id": [1, 2], "week": [2.0, 0.0]}))


def test_a_fit_without_random_effects_has_none_to_predict() -> None:
    fit = fit_mmrm("change ~ arm * visit", visits_trial())
    with pytest.raises(FitError, match="has no random effects that could be predicted"):
        fit.random_effects()
    with pytest.raises(OptionError, match=r'no factor "therapists". Choose leads'):
        fit_mmrm("change ~ arm * visit + (1 | leads)", visits_trial()).random_effects("therapists")
