"""Marginal means, differences and joint tests, on tables small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.estimates import Estimates, contrasts, joint_test, marginal_means
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.record import RESULT_COLUMNS
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial


def two_by_two() -> pd.DataFrame:
    """Return arm means 1 and 3 in the north (4 and 2 people), 5 and 7 in the south (2 and 4 people)."""
    rows = [("usual_care", "north", 1)] * 4 + [("exercise", "north", 3)] * 2
    rows += [("usual_care", "south", 5)] * 2 + [("exercise", "south", 7)] * 4
    data = pd.DataFrame(rows, columns=["arm", "site", "mean"])
    data["arm"] = pd.Categorical(data["arm"], ["usual_care", "exercise"])
    data["change"] = data["mean"] + np.tile([-0.5, 0.5], 6)
    return data.assign(participant_id=range(12), age=np.arange(12.0))


@pytest.fixture(scope="module")
def saturated() -> Fit:
    return fit_ancova("change ~ arm * site", two_by_two())


def test_equal_weights_average_the_sites_alike(saturated: Fit) -> None:
    means = marginal_means(saturated).frame
    assert means["arm"].to_list() == ["usual_care", "exercise"]
    assert means["estimate"].to_list() == pytest.approx([(1 + 5) / 2, (3 + 7) / 2], rel=CLOSED_FORM)
    assert set(means["term"]) == {"marginal_mean"}
    assert means["n_participants"].to_list() == [6, 6]
    assert "equal weights over site" in means["method"].iloc[0]


def test_proportional_weights_follow_the_rows() -> None:
    data = two_by_two().iloc[:10]  # 6 of 10 in the north
    means = marginal_means(fit_ancova("change ~ arm * site", data), averaging="proportional").frame
    assert means["estimate"].to_list() == pytest.approx([0.6 * 1 + 0.4 * 5, 0.6 * 3 + 0.4 * 7], rel=CLOSED_FORM)


def test_counterfactual_means_are_predictions_for_everybody_in_every_arm() -> None:
    data = two_by_two().iloc[:10].assign(age=lambda d: d["age"] ** 2)
    fit = fit_ancova("change ~ arm * site + arm:age", data)
    own = [data.assign(arm=arm) for arm in ("usual_care", "exercise")]
    expected = [float((fit.design.rows(rows) @ fit.params.to_numpy()).mean()) for rows in own]
    means = marginal_means(fit, averaging="counterfactual").frame
    assert means["estimate"].to_list() == pytest.approx(expected, rel=CLOSED_FORM)
    assert "averaged over the covariates of the analysed participants" in means["method"].iloc[0]


def test_counterfactual_weights_count_participants_and_not_their_rows() -> None:
    data = trial()
    fit = fit_mmrm("change ~ arm * visit * sex + baseline * visit", data)
    men = fit.design.frame["sex"].groupby(fit.sample.participant).first().eq("male").mean()
    baseline = fit.design.frame["baseline"].groupby(fit.sample.participant).first().mean()
    by_sex = {
        sex: contrasts(fit, at={"sex": sex, "baseline": baseline}).frame["estimate"] for sex in ("male", "female")
    }
    got = contrasts(fit, averaging="counterfactual").frame["estimate"]
    np.testing.assert_allclose(got, men * by_sex["male"] + (1 - men) * by_sex["female"], rtol=1e-9)
    over_visits = marginal_means(fit, by=None, averaging="counterfactual").frame["estimate"]
    each = marginal_means(fit, averaging="counterfactual").frame.groupby("arm", sort=False)["estimate"].mean()
    np.testing.assert_allclose(over_visits, each, rtol=1e-9)
    with pytest.raises(OptionError, match="'change_before' varies within a participant"):
        marginal_means(
            fit_mmrm("change ~ arm * visit + change_before", data.assign(change_before=range(len(data)))),
            averaging="counterfactual",
        )


def test_a_factor_or_covariate_can_be_fixed(saturated: Fit) -> None:
    south = marginal_means(saturated, at={"site": "south"}).frame
    assert south["estimate"].to_list() == pytest.approx([5, 7], rel=CLOSED_FORM)
    assert "at site south" in south["method"].iloc[0]
    with_age = fit_ancova("change ~ arm + age", two_by_two())
    at_mean, at_zero = marginal_means(with_age).frame, marginal_means(with_age, at={"age": 0}).frame
    shift = at_mean["estimate"] - at_zero["estimate"]
    assert shift.to_list() == pytest.approx([5.5 * with_age.params["age"]] * 2, rel=1e-9)


def test_a_transformed_covariate_stands_at_the_mean_of_what_it_transforms() -> None:
    data = two_by_two().assign(age=lambda d: d["age"] + 1)
    fit = fit_ancova("change ~ arm + log(age)", data)
    expected = fit.params["Intercept"] + fit.params["log(age)"] * np.log(6.5)
    assert marginal_means(fit).frame["estimate"].iloc[0] == pytest.approx(expected, rel=CLOSED_FORM)


def test_differences_have_a_sign_and_a_reference(saturated: Fit) -> None:
    row = contrasts(saturated, against="usual_care").frame.iloc[0]
    assert (row["arm"], row["reference"], row["term"]) == ("exercise", "usual_care", "difference")
    assert row["estimate"] == pytest.approx(2, rel=CLOSED_FORM)
    turned = contrasts(saturated, against="exercise").frame.iloc[0]
    assert turned["estimate"] == pytest.approx(-2, rel=CLOSED_FORM)
    assert (turned["n_participants"], turned["n_observations"]) == (12, 12)


def test_a_covariate_adjusted_model_of_visits_counts_participants_and_rows() -> None:
    fit = fit_mmrm("change ~ baseline + arm * visit", trial())
    means = marginal_means(fit).frame
    assert tuple(means.columns) == RESULT_COLUMNS
    assert means["n_observations"].sum() == fit.n_observations == 605
    assert means.groupby("arm")["n_participants"].first().sum() == fit.n_participants == 179
    averaged = marginal_means(fit, by=None).frame
    assert len(averaged) == 3
    assert averaged["estimate"].iloc[0] == pytest.approx(means.loc[means["arm"] == "usual_care", "estimate"].mean())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: marginal_means(f, "arms"), 'no factor of the model "arms". Choose one of arm, site; did you mean'),
        (
            lambda f: marginal_means(f, averaging="even"),
            '`averaging` is "even". Choose one of equal, proportional, counterfactual',
        ),
        (lambda f: marginal_means(f, at={"site": "east"}), 'no level of site "east". Choose one of north, south'),
        (lambda f: marginal_means(f, at={"sex": "male"}), 'no variable of the model "sex". Choose one of arm, site'),
        (
            lambda f: marginal_means(f, conf_level=95),
            "`conf_level` is 95, not between 0 and 1. Choose for example 0.95.",
        ),
        (
            lambda f: contrasts(f, against="usual"),
            '`against` is "usual".*did you mean usual_c',
        ),
        (
            lambda f: joint_test(f, "arm"),
            "'arm' is part of 'arm:site', so that its coefficients are effects at a reference level",
        ),
        (lambda f: joint_test(f, "arm:sites"), 'no term "arm:sites".*did you mean arm:site'),
    ],
)
def test_an_unknown_word_is_answered(saturated: Fit, call: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call(saturated)  # type: ignore[operator]


def test_a_number_has_no_marginal_means() -> None:
    fit = fit_ancova("change ~ arm + age", two_by_two())
    with pytest.raises(OptionError, match=r"'age' is a number in the model. Make it categorical"):
        marginal_means(fit, "age")


def test_a_joint_test_is_one_row(saturated: Fit) -> None:
    row = joint_test(saturated, "site:arm").frame.iloc[0]
    assert row["term"] == "joint_test"
    assert row["df"] == 8
    assert np.isnan(row["estimate"])
    assert "1 numerator degrees of freedom" in row["method"]


def test_tables_of_results_join_choose_and_take_names() -> None:
    first = Estimates.of([{"term": "risk", "arm": "a", "estimate": 0.1}])
    second = Estimates.of([{"term": "difference", "arm": "b"}])
    both = (first + second).labelled(estimand="primary", analysis="main")
    assert len(both) == 2
    assert both.only(term="risk").frame["estimate"].to_list() == [0.1]
    assert set(both.frame["estimand"]) == {"primary"}
    assert set(both.frame["reference"]) == {""}
    with pytest.raises(OptionError, match=r'no kind of result "mean". Choose one of marginal_mean, difference'):
        Estimates.of([{"term": "mean"}])
    with pytest.raises(OptionError, match='no column "visits"'):
        both.only(visits="week_6")
    with pytest.raises(OptionError, match="Give those of results: estimand, analysis"):
        Estimates(pd.DataFrame({"estimate": [1.0]}))
