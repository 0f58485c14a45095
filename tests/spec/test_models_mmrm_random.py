"""The mixed model for repeated measures with therapists: what it collapses to, arm by arm, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import coxa.models.lmm.structured as structured_room
from coxa.errors import DataError, FitError, NonConvergenceError, OptionError
from coxa.estimates import marginal_means
from coxa.models import fit_lmm, fit_mmrm
from coxa.models.results.diagnostics import residuals
from tests.reference.tolerances import CLOSED_FORM, DEVIANCE
from tests.spec.drawn_clusters import visits_trial

BY_VISIT = "change ~ arm * visit"
NESTED = {"therapist": "arm"}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return visits_trial(48)


# -- what it collapses to ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger-linear"])
def test_compound_symmetry_with_therapists_is_nested_intercepts(data: pd.DataFrame, ddf: str) -> None:
    marginal = fit_mmrm(f"{BY_VISIT} + (1 | leads)", data, covariance="cs", ddf=ddf, information="expected")
    nested = fit_lmm(f"{BY_VISIT} + (1 | participant_id) + (1 | leads)", data, ddf=ddf, information="expected")
    assert marginal.loglik == pytest.approx(nested.loglik, rel=1e-9)
    for name in ("params", "std_error", "df"):
        np.testing.assert_allclose(getattr(marginal, name), getattr(nested, name), rtol=1e-7)
    ours, theirs = (fit.variance_components.set_index("factor")["variance"] for fit in (marginal, nested))
    assert ours["leads"] == pytest.approx(theirs["leads"], rel=1e-7)
    assert marginal.covariance.iloc[0, 1] == pytest.approx(theirs["participant_id"], rel=1e-7)
    assert marginal.covariance.iloc[0, 0] == pytest.approx(theirs["participant_id"] + theirs["residual"], rel=1e-7)


def test_correlated_residuals_of_a_linear_mixed_model_are_the_same_model(data: pd.DataFrame) -> None:
    one = fit_mmrm(f"{BY_VISIT} + (1 | leads)", data, covariance="ar1h", ddf="satterthwaite")
    other = fit_lmm(f"{BY_VISIT} + (1 | leads)", data, covariance="ar1h", ddf="satterthwaite")
    assert one.loglik == pytest.approx(other.loglik, rel=1e-9)
    np.testing.assert_allclose(one.tidy()["p_value"].astype(float), other.tidy()["p_value"].astype(float), rtol=1e-6)


def test_therapists_that_do_not_differ_leave_the_model_without_them(data: pd.DataFrame) -> None:
    by = [data["leads"], data["arm"], data["visit"]]
    same = data["change"] - data.groupby(by, observed=True)["change"].transform("mean")
    same += data.groupby(["arm", "visit"], observed=True)["change"].transform("mean")
    alike = data.assign(change=same)
    with_them = fit_mmrm(f"{BY_VISIT} + (1 | leads)", alike, ddf="satterthwaite")
    without = fit_mmrm(BY_VISIT, alike, ddf="satterthwaite")
    assert with_them.variance_components["variance"].to_list() == [0]
    assert "the variance of Intercept between levels of leads was estimated at zero" in with_them.warnings
    assert with_them.loglik == pytest.approx(without.loglik, rel=DEVIANCE)
    np.testing.assert_allclose(with_them.covariance, without.covariance, rtol=1e-7)
    for name in ("params", "std_error", "df"):  # observed information: the variance counts as known
        np.testing.assert_allclose(getattr(with_them, name), getattr(without, name), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(residuals(with_them)["normalised"], residuals(without)["normalised"], rtol=1e-6)


# -- arm by arm: with a mean for every cell and a covariance for each arm these are two models in one ------------------


def of_arm(data: pd.DataFrame, arm: str) -> pd.DataFrame:
    return data[data["arm"] == arm].assign(arm=arm)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger-linear"])
def test_the_arm_without_therapists_is_as_by_itself(data: pd.DataFrame, ddf: str) -> None:
    whole = fit_mmrm(f"{BY_VISIT} + (1 | therapist)", data, partially_nested=NESTED, group="arm", ddf=ddf)
    alone = fit_mmrm("change ~ 0 + visit", of_arm(data, "usual_care"), ddf=ddf)
    means = marginal_means(whole).frame
    usual = means[means["arm"] == "usual_care"]
    np.testing.assert_allclose(usual["estimate"], alone.params, rtol=1e-8)
    np.testing.assert_allclose(usual["std_error"], alone.std_error, rtol=1e-7)
    np.testing.assert_allclose(usual["df"], alone.df, rtol=1e-6)
    np.testing.assert_allclose(whole.covariance.loc["usual_care"], alone.covariance, rtol=1e-7)


def test_variances_by_arm_are_those_of_each_arm(data: pd.DataFrame) -> None:
    whole = fit_mmrm(f"{BY_VISIT} + (1 | gr(leads, by = arm))", data, group="arm", ddf="satterthwaite")
    own = whole.variance_components.set_index("effect")["variance"]
    loglik = 0.0
    for arm in ("usual_care", "exercise"):
        alone = fit_mmrm("change ~ 0 + visit + (1 | leads)", of_arm(data, arm), ddf="satterthwaite")
        loglik += alone.loglik
        assert own[f"arm[{arm}]"] == pytest.approx(alone.variance_components["variance"].iloc[0], rel=1e-6, abs=1e-9)
        means = marginal_means(whole).frame.set_index("arm").loc[arm]
        np.testing.assert_allclose(means["df"].astype(float), alone.df, rtol=1e-5)
    # the restricted likelihood of the formula's coefficients is that of the cell means: the change has determinant 1
    assert whole.loglik == pytest.approx(loglik, rel=DEVIANCE)


def test_therapists_in_one_arm_widen_the_intervals_of_that_arm_alone(data: pd.DataFrame) -> None:
    plain = marginal_means(fit_mmrm(BY_VISIT, data)).frame.set_index("arm")
    nested = fit_mmrm(f"{BY_VISIT} + (1 | therapist)", data, partially_nested=NESTED)
    assert nested.ddf == "kenward-roger-linear"  # six therapists
    means = marginal_means(nested).frame.set_index("arm")
    assert (means.loc["exercise", "std_error"] > 1.2 * plain.loc["exercise", "std_error"]).all()
    assert (means.loc["usual_care", "std_error"] < 1.2 * plain.loc["usual_care", "std_error"]).all()
    assert (means.loc["exercise", "df"] < 12).all()
    assert (means.loc["usual_care", "df"] > 20).all()


def test_a_row_without_therapist_where_there_should_be_one_is_left_out(data: pd.DataFrame) -> None:
    gap = data.index[data["arm"] == "exercise"][4]
    fit = fit_mmrm(
        f"{BY_VISIT} + (1 | therapist)",
        data.assign(therapist=data["therapist"].where(data.index != gap)),
        partially_nested=NESTED,
    )
    row = fit.left_out.iloc[0]
    assert (len(fit.left_out), row["row"], row["reason"]) == (1, gap, "therapist is missing")


# -- the ladder --------------------------------------------------------------------------------------------------------


def test_the_ladder_goes_on_where_a_structure_holds_the_effects_already(data: pd.DataFrame) -> None:
    fit = fit_mmrm(f"{BY_VISIT} + (1 | participant_id)", data, covariance=["us", "toep", "ar1"])
    assert fit.structure == "ar1"
    assert [attempt.structure for attempt in fit.attempts] == ["us", "toep", "ar1"]
    (said,) = [text for text in fit.warnings if "as declared" in text]
    assert said.startswith("us covariance could not be fitted (unstructured covariance within participants has the")
    assert f"ar1 was used, as declared (log-likelihood {fit.loglik:.2f}, AICC {fit.criteria['aicc']:.2f}" in said


def test_the_ladder_reports_a_structure_without_proven_optimum(
    data: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = structured_room.optimum_of

    def stubborn(model: Any, starts: Any, terms: Any) -> Any:
        if model.within.structure.name == "us":
            return None, [("moments of the residuals", "it was not to be")]
        return real(model, starts, terms)

    monkeypatch.setattr(structured_room, "optimum_of", stubborn)
    fit = fit_mmrm(f"{BY_VISIT} + (1 | leads)", data, covariance=["us", "csh"])
    assert any("us covariance could not be fitted (it was not to be); csh was used" in text for text in fit.warnings)
    assert "Tried before:" in fit.summary()
    with pytest.raises(NonConvergenceError, match="us from moments of the residuals: it was not to be"):
        fit_mmrm(f"{BY_VISIT} + (1 | leads)", data)


# -- weights and visits ------------------------------------------------------------------------------------------------


def test_doubled_weights_double_the_covariance_within_participants_alone(data: pd.DataFrame) -> None:
    one, two = (
        fit_mmrm(f"{BY_VISIT} + (1 | leads)", data.assign(w=weight), weights="w", ddf="satterthwaite")
        for weight in (1.0, 2.0)
    )
    np.testing.assert_allclose(two.covariance, 2 * one.covariance, rtol=1e-7)
    np.testing.assert_allclose(two.variance_components["variance"], one.variance_components["variance"], rtol=1e-6)
    np.testing.assert_allclose(two.df, one.df, rtol=1e-6)
    assert two.loglik == pytest.approx(one.loglik, rel=DEVIANCE)


def test_visits_can_be_chosen_and_the_others_are_listed(data: pd.DataFrame) -> None:
    fit = fit_mmrm(f"{BY_VISIT} + (1 | leads)", data, visits=["week_26", "week_6"])
    assert list(fit.covariance.index) == ["week_26", "week_6"]
    assert set(fit.left_out["reason"]) == {"visit is not among those analysed"}


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        (
            "(1 | leads)",
            {"vcov": "CR2"},
            "a sandwich over participants, who are not independent with (1 | leads)",
        ),
        ("(1 | leads)", {"vcov": "HC3"}, '`vcov` is "HC3"'),
        ("(1 | leads)", {"levels": {"arm": ["a"]}}, "`levels` is for chunks"),
        ("(1 | leads)", {"ddf": "between-within"}, "has no rule for random effects"),
        (
            "(1 | leads)",
            {"partially_nested": ["leads"]},
            "`partially_nested` is ['leads'] (list), not a mapping, such as {'therapist': 'arm'}",
        ),
        ("(1 | leads)", {"covariance": "sp_exp"}, "sp_exp"),
        ("(1 | arm)", {}, "'arm' is a fixed effect and a random one"),
        ("(change | leads)", {}, "Leave it out there"),
        (
            "0",
            {"partially_nested": NESTED},
            "`partially_nested` is an option of random effects, and the formula has none",
        ),
        ("0", {"information": "observed"}, "`information` is an option of random effects, and the formula has none"),
    ],
)
def test_options_that_do_not_go_together(data: pd.DataFrame, formula: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        fit_mmrm(f"{BY_VISIT} + {formula}", data, **options)
    assert said in str(caught.value)


def test_chunks_and_repeated_rows_are_refused(data: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="Random effects need the rows as one data frame"):
        fit_mmrm(f"{BY_VISIT} + (1 | leads)", [data])
    with pytest.raises(DataError, match="rows 2, 146 have the same participant_id and visit"):
        fit_mmrm(f"{BY_VISIT} + (1 | leads)", pd.concat([data, data.iloc[[0]]]))


def test_effects_of_participants_beside_an_unstructured_covariance_are_refused(data: pd.DataFrame) -> None:
    with pytest.raises(FitError, match="has the effects of participant_id in it already: leave these out"):
        fit_mmrm(f"{BY_VISIT} + (1 | participant_id)", data)
    fit = fit_mmrm(f"{BY_VISIT} + (1 | participant_id)", data, covariance="ar1")
    assert fit.loglik > fit_mmrm(BY_VISIT, data, covariance="ar1").loglik - CLOSED_FORM
