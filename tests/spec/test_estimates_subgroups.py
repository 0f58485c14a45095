"""Subgroups from one joint model, and two by two factorial arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from coxa.errors import OptionError
from coxa.estimates import contrasts, factorial_contrasts, subgroup_contrasts
from coxa.models import Fit, fit_ancova, fit_mmrm
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial

HAS = {
    "usual_care": (),
    "exercise": ("exercise",),
    "manual_therapy": ("manual_therapy",),
    "combined": ("exercise", "manual_therapy"),
}


@pytest.fixture(scope="module")
def joint() -> Fit:
    return fit_mmrm("change ~ baseline + arm * visit * sex", trial(), visits=["week_6", "week_12"], ddf="kenward-roger")


def test_each_subgroup_has_its_difference_and_they_differ_by_the_later_less_the_earlier(joint: Fit) -> None:
    got = subgroup_contrasts(joint, "sex", against="usual_care")
    female, male = (got.only(term="subgroup_difference", analysis=f"sex={sex}").frame for sex in ("female", "male"))
    assert female[["visit", "arm"]].values.tolist() == [
        ["week_6", "exercise"],
        ["week_6", "manual_therapy"],
        ["week_12", "exercise"],
        ["week_12", "manual_therapy"],
    ]
    between = got.only(term="difference_between_subgroups").frame
    assert set(between["analysis"]) == {"sex=male-female"}
    np.testing.assert_allclose(between["estimate"], male["estimate"] - female["estimate"], rtol=CLOSED_FORM)
    fixed = contrasts(joint, at={"sex": "male"}).frame
    for column in ("estimate", "std_error", "df", "p_value"):
        np.testing.assert_allclose(male[column], fixed[column], rtol=CLOSED_FORM)
    assert (female["n_participants"] + male["n_participants"]).tolist() == between["n_participants"].tolist()


def test_the_interaction_is_tested_at_each_visit_and_over_all(joint: Fit) -> None:
    tests = subgroup_contrasts(joint, "sex", against="usual_care").only(term="interaction_test").frame
    assert tests["visit"].to_list() == ["week_6", "week_12", ""]
    assert set(tests["analysis"]) == {"sex=*"}
    terms = joint.design.terms
    places = [k for name, where in terms.items() if {"arm", "sex"} <= set(name.split(":")) for k in where]
    expected = joint.joint_test(np.eye(len(joint.params))[places])
    assert len(places) == 4
    assert tests["statistic"].iloc[-1] == pytest.approx(expected.statistic, rel=1e-9)
    assert tests["df"].iloc[-1] == pytest.approx(expected.df_denominator, rel=1e-9)
    assert "with 2 numerator degrees of freedom" in tests["method"].iloc[0]


def test_an_interaction_that_is_the_same_at_all_visits_is_tested_once() -> None:
    fit = fit_mmrm("change ~ arm * visit + arm * sex", trial(), visits=["week_6", "week_12"])
    tests = subgroup_contrasts(fit, "sex", against="usual_care").only(term="interaction_test").frame
    assert tests["visit"].to_list() == [""]
    assert tests["p_value"].notna().all()


def test_the_test_of_one_visit_is_that_of_least_squares() -> None:
    data = trial().query("visit == 'week_12'").dropna(subset="change")
    got = subgroup_contrasts(fit_ancova("change ~ baseline + arm * site", data), "site", against="usual_care")
    full = smf.ols("change ~ baseline + C(arm) * C(site)", data.astype({"arm": str, "site": str})).fit()
    less = smf.ols("change ~ baseline + C(arm) + C(site)", data.astype({"arm": str, "site": str})).fit()
    f_value, p_value, _ = full.compare_f_test(less)
    row = got.only(term="interaction_test").frame.iloc[0]
    assert row["statistic"] == pytest.approx(f_value, rel=1e-9)
    assert row["p_value"] == pytest.approx(p_value, rel=1e-8)
    assert len(got.only(term="difference_between_subgroups")) == 2 * 3  # two comparisons, three pairs of sites


def test_without_an_interaction_there_are_no_subgroups(joint: Fit) -> None:
    fit = fit_mmrm("change ~ arm * visit + site", trial(), visits=["week_6", "week_12"])
    with pytest.raises(OptionError, match=r"no interaction of arm and site.*Fit it with 'arm \* visit \* site'"):
        subgroup_contrasts(fit, "site", against="usual_care")
    with pytest.raises(OptionError, match='no factor of the model "sexe"'):
        subgroup_contrasts(joint, "sexe", against="usual_care")
    with pytest.raises(OptionError, match="Choose another factor as the subgroup"):
        subgroup_contrasts(joint, "arm", against="usual_care")


def test_subgroups_keep_their_name_when_rows_are_labelled(joint: Fit) -> None:
    got = subgroup_contrasts(joint, "sex", against="usual_care").labelled(analysis="main")
    assert set(got.frame["analysis"]) == {"main[sex=female]", "main[sex=male]", "main[sex=male-female]", "main[sex=*]"}
    assert set(got.labelled(analysis="other").frame["analysis"]) >= {"other[sex=female]"}


def four_arms(sizes: tuple[int, ...] = (4, 6, 8, 10)) -> pd.DataFrame:
    """Return arms with means 0, 4, 3 and 5: together two less than their sum."""
    means = dict(zip(HAS, (0.0, 4.0, 3.0, 5.0), strict=True))
    arm = np.repeat(list(HAS), sizes)
    noise = np.concatenate([np.tile([-1.0, 1.0], size // 2) for size in sizes])
    data = pd.DataFrame({"participant_id": range(len(arm)), "arm": pd.Categorical(arm, list(HAS))})
    return data.assign(change=pd.Series(arm).map(means).to_numpy() + noise)


def test_factorial_effects_written_out() -> None:
    got = factorial_contrasts(fit_ancova("change ~ arm", four_arms()), HAS).frame
    assert got[["term", "arm", "reference"]].values.tolist() == [
        ["main_effect", "exercise", "without exercise"],
        ["simple_effect", "exercise", "usual_care"],
        ["simple_effect", "combined", "manual_therapy"],
        ["main_effect", "manual_therapy", "without manual_therapy"],
        ["simple_effect", "manual_therapy", "usual_care"],
        ["simple_effect", "combined", "exercise"],
        ["interaction", "exercise with manual_therapy", "the sum of both"],
    ]
    assert got["estimate"].to_list() == pytest.approx([3, 4, 2, 2, 3, 1, -2], rel=CLOSED_FORM)
    variance = 28 / 24  # 28 residuals of one in size, 24 degrees of freedom
    of_cells = variance * (1 / 4 + 1 / 6 + 1 / 8 + 1 / 10)
    assert got["std_error"].iloc[-1] == pytest.approx(np.sqrt(of_cells), rel=CLOSED_FORM)
    assert got["std_error"].iloc[0] == pytest.approx(np.sqrt(of_cells) / 2, rel=CLOSED_FORM)
    assert got["n_participants"].to_list() == [28, 10, 18, 28, 12, 16, 28]


def test_two_crossed_factors_are_the_same_model() -> None:
    data = four_arms()
    flags = {
        name: data["arm"].map(lambda arm, name=name: float(name in HAS[arm])).astype(float)
        for name in ("exercise", "manual_therapy")
    }
    crossed = fit_ancova("change ~ exercise * manual_therapy", data.assign(**flags))
    got = factorial_contrasts(fit_ancova("change ~ arm", data), HAS).only(term="interaction").frame.iloc[0]
    assert got["estimate"] == pytest.approx(crossed.params["exercise:manual_therapy"], rel=1e-9)
    assert got["p_value"] == pytest.approx(crossed.p_values["exercise:manual_therapy"], rel=1e-8)


def test_what_is_not_two_by_two_is_said() -> None:
    fit = fit_ancova("change ~ arm", four_arms())
    with pytest.raises(OptionError, match="needs those of every arm"):
        factorial_contrasts(fit, {arm: HAS[arm] for arm in ("usual_care", "exercise")})
    with pytest.raises(OptionError, match=r"not those of a two by two design. Give four arms"):
        factorial_contrasts(fit, HAS | {"combined": ("exercise",)})
