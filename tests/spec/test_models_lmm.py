"""The linear mixed model: closed forms it collapses to, what is left out, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import FitError, OptionError
from coxa.estimates import contrasts, linear_combination, marginal_means
from coxa.models import fit_lmm
from coxa.models.results.diagnostics import covariance_check, residuals
from coxa.models.results.influence import influence
from tests.reference.tolerances import CLOSED_FORM, DEVIANCE
from tests.spec.drawn_clusters import ARMS, mean_squares, one_way, visits_trial

PARTICIPANT = "(1 | participant_id)"
METHODS = ["satterthwaite", "kenward-roger", "kenward-roger-linear"]


# -- closed forms: balanced layouts, whose mean squares are the restricted likelihood ----------------------------------


@pytest.mark.parametrize("ddf", METHODS)
def test_one_way_layout_is_the_analysis_of_variance(ddf: str) -> None:
    data = one_way(levels=8, each=5)
    between, within = mean_squares(data)
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", data, ddf=ddf)
    variances = fit.variance_components.set_index("factor")["variance"]
    assert variances["therapist"] == pytest.approx((between - within) / 5, rel=CLOSED_FORM)
    assert variances["residual"] == pytest.approx(within, rel=CLOSED_FORM)
    assert fit.params["Intercept"] == pytest.approx(data["pain"].mean(), rel=CLOSED_FORM)
    assert fit.std_error["Intercept"] == pytest.approx(np.sqrt(between / 40), rel=CLOSED_FORM)
    assert fit.df["Intercept"] == pytest.approx(8 - 1, rel=1e-8)  # of second derivatives


def test_maximum_likelihood_of_a_one_way_layout_divides_by_the_levels() -> None:
    data = one_way(levels=8, each=5)
    between, within = mean_squares(data)
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", data, reml=False)
    variances = fit.variance_components.set_index("factor")["variance"]
    assert variances["therapist"] == pytest.approx((between * 7 / 8 - within) / 5, rel=CLOSED_FORM)
    assert variances["residual"] == pytest.approx(within, rel=CLOSED_FORM)


def test_a_negative_estimate_of_the_analysis_of_variance_is_zero_and_named() -> None:
    data = one_way(levels=6, each=4, sd=0.0, seed=5)
    between, within = mean_squares(data)
    assert between < within
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", data, ddf="satterthwaite")
    first = fit.variance_components.iloc[0]
    assert (first["variance"], first["boundary"]) == (0, "zero")
    assert "the variance of Intercept between levels of therapist was estimated at zero" in fit.warnings
    t = stats.ttest_1samp(data["pain"], 0)
    assert fit.test({"Intercept": 1}).statistic[0] == pytest.approx(t.statistic, rel=CLOSED_FORM)
    assert fit.df["Intercept"] == pytest.approx(23, rel=CLOSED_FORM)  # the variance counts as known


@pytest.mark.parametrize("ddf", METHODS)
def test_two_visits_and_a_random_intercept_are_the_paired_t_test(ddf: str) -> None:
    data = visits_trial()
    data = data[data["visit"] != "week_26"].assign(visit=lambda d: d["visit"].cat.remove_unused_categories())
    wide = data.pivot(index="participant_id", columns="visit", values="change")
    t = stats.ttest_rel(wide["week_12"], wide["week_6"])
    fit = fit_lmm(f"change ~ visit + {PARTICIPANT}", data, ddf=ddf)
    assert fit.test({"visit[week_12]": 1}).statistic[0] == pytest.approx(t.statistic, rel=CLOSED_FORM)
    assert fit.df["visit[week_12]"] == pytest.approx(t.df, rel=1e-8)
    assert fit.p_values["visit[week_12]"] == pytest.approx(t.pvalue, rel=1e-8)


def test_arms_are_compared_by_a_t_test_of_participants_and_visits_by_their_own_error() -> None:
    data = visits_trial(sd=0.0)
    fit = fit_lmm(f"change ~ arm * visit + {PARTICIPANT}", data, ddf="kenward-roger")
    means = data.groupby(["arm", "participant_id"], observed=True)["change"].mean()
    t = stats.ttest_ind(means["exercise"], means["usual_care"])
    average = {"arm[exercise]": 1, "arm[exercise]:visit[week_12]": 1 / 3, "arm[exercise]:visit[week_26]": 1 / 3}
    tested = fit.test(average)
    assert tested.statistic[0] == pytest.approx(t.statistic, rel=CLOSED_FORM)
    assert tested.df[0] == pytest.approx(22, rel=1e-8)
    # the interaction of a split plot: F over visits within participants
    own = data["change"] - data.groupby("participant_id")["change"].transform("mean")
    cell = own.groupby([data["arm"], data["visit"]], observed=True).transform("mean")
    cell_means = data.assign(own=own).pivot_table(index="arm", columns="visit", values="own", observed=True)
    interaction = cell_means - cell_means.mean(axis=0)
    f = 12 * (interaction**2).to_numpy().sum() / 2 / (((own - cell) ** 2).sum() / (22 * 2))
    joint = fit.joint_test(np.eye(len(fit.params))[list(fit.design.terms["arm:visit"])])
    assert joint.statistic == pytest.approx(f, rel=1e-8)
    assert (joint.df, joint.df_denominator) == (2, pytest.approx(44, rel=1e-8))


def test_balanced_nested_design() -> None:
    rng = np.random.default_rng(3)
    clinic, therapist = np.repeat(np.arange(5), 12), np.tile(np.repeat(np.arange(3), 4), 5)
    data = pd.DataFrame({"clinic": clinic, "therapist": therapist})
    data["pain"] = (3 * rng.normal(size=5)[clinic] + 2 * rng.normal(size=(5, 3))[clinic, therapist]) + rng.normal(
        size=60
    )
    fit = fit_lmm("pain ~ 1 + (1 | clinic/therapist)", data, ddf="satterthwaite")
    means = data.groupby(["clinic", "therapist"])["pain"].mean()
    of_clinics = 12 * means.groupby("clinic").mean().var()
    of_therapists = 4 * means.groupby("clinic").var().mean()
    within = data.groupby(["clinic", "therapist"])["pain"].var().mean()
    variances = fit.variance_components.set_index("factor")["variance"]
    assert variances["clinic"] == pytest.approx((of_clinics - of_therapists) / 12, rel=1e-8)
    assert variances["clinic:therapist"] == pytest.approx((of_therapists - within) / 4, rel=1e-8)
    assert variances["residual"] == pytest.approx(within, rel=1e-8)
    assert fit.std_error["Intercept"] == pytest.approx(np.sqrt(of_clinics / 60), rel=1e-8)
    assert fit.df["Intercept"] == pytest.approx(4, rel=1e-8)


@pytest.mark.parametrize("ddf", METHODS)
def test_partially_nested_arms_are_compared_as_by_welch(ddf: str) -> None:
    """A mean of n alone against one of k therapists with m each: two variances, on n - 1 + k (m - 1) and k - 1."""
    n, k, m = 18, 6, 4
    rng = np.random.default_rng(4)
    data = one_way(levels=k, each=m, seed=4).assign(arm="exercise")
    data = pd.concat([pd.DataFrame({"arm": "usual_care", "pain": 38 + rng.normal(size=n)}), data], ignore_index=True)
    data["arm"] = pd.Categorical(data["arm"], ARMS)
    between, within = mean_squares(data[data["arm"] == "exercise"])
    alone = data.loc[data["arm"] == "usual_care", "pain"]
    of_residual = n - 1 + k * (m - 1)
    residual = ((n - 1) * alone.var() + k * (m - 1) * within) / of_residual
    assert between > residual
    fit = fit_lmm("pain ~ arm + (1 | therapist)", data, partially_nested={"therapist": "arm"}, ddf=ddf)
    variances = fit.variance_components.set_index("factor")["variance"]
    assert variances["residual"] == pytest.approx(residual, rel=CLOSED_FORM)
    assert variances["therapist"] == pytest.approx((between - residual) / m, rel=CLOSED_FORM)
    one, other = residual / n, between / (k * m)
    assert fit.std_error["arm[exercise]"] == pytest.approx(np.sqrt(one + other), rel=CLOSED_FORM)
    welch = (one + other) ** 2 / (one**2 / of_residual + other**2 / (k - 1))
    assert fit.df["arm[exercise]"] == pytest.approx(welch, rel=1e-8)
    assert fit.df["Intercept"] == pytest.approx(of_residual, rel=1e-8)


def test_means_contrasts_and_combinations_of_a_fit() -> None:
    data = visits_trial()
    fit = fit_lmm(f"change ~ arm * visit + {PARTICIPANT}", data)
    cells = data.groupby(["visit", "arm"], observed=True)["change"].mean()
    means = marginal_means(fit).frame.set_index(["visit", "arm"])["estimate"]
    np.testing.assert_allclose(means.loc[cells.index], cells, rtol=CLOSED_FORM)
    at_12 = contrasts(fit, "arm", against="usual_care").frame.set_index("visit").loc["week_12"]
    assert at_12["estimate"] == pytest.approx(cells["week_12", "exercise"] - cells["week_12", "usual_care"])
    asked = linear_combination(fit, {"exercise@week_12": 1, "usual_care@week_12": -1}).frame.iloc[0]
    np.testing.assert_allclose([asked["std_error"], asked["df"]], [at_12["std_error"], at_12["df"]])


def test_summary_and_notebook_table_show_the_variances() -> None:
    fit = fit_lmm("change ~ arm + (1 | leads)", visits_trial())
    first = fit.variance_components.iloc[0]
    for text, number in ((fit.summary(), first["variance"]), (fit._repr_html_(), first["sd"])):
        assert "leads has 6 levels, fewer than 10" in text
        assert f"{number:.4f}" in text
    assert fit.method == (
        "linear mixed model, random effects: Intercept by leads, independent residuals, REML, "
        "kenward-roger degrees of freedom"
    )


# -- which method, by default ------------------------------------------------------------------------------------------


def test_kenward_roger_is_the_default_with_few_levels_above_the_participants() -> None:
    data = visits_trial()
    assert fit_lmm(f"change ~ arm + {PARTICIPANT}", data).ddf == "satterthwaite"
    assert fit_lmm("change ~ arm + (1 | leads)", data).ddf == "kenward-roger"
    assert fit_lmm("change ~ arm + (1 | leads)", data, reml=False).ddf == "satterthwaite"


def test_residual_degrees_of_freedom_are_rows_less_fixed_effects() -> None:
    fit = fit_lmm(f"change ~ arm * visit + {PARTICIPANT}", visits_trial(), ddf="residual")
    assert set(fit.df) == {72 - 6}


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_with_a_gap_are_left_out_by_name_and_the_frame_is_not_changed() -> None:
    data = visits_trial().set_index(pd.Index([f"line {k}" for k in range(72)]))
    data.loc["line 1", "change"] = np.nan
    data.loc["line 5", "leads"] = None
    before = data.copy()
    fit = fit_lmm(f"change ~ arm + {PARTICIPANT} + (1 | leads)", data)
    assert fit.left_out.to_dict("records") == [
        {"row": "line 1", "participant_id": "P00", "visit": "week_12", "reason": "change is missing"},
        {"row": "line 5", "participant_id": "P01", "visit": "week_26", "reason": "leads is missing"},
    ]
    assert (fit.n_observations, fit.n_participants) == (70, 24)
    pd.testing.assert_frame_equal(data, before)


def test_without_a_therapist_a_row_is_left_out_only_in_the_arm_that_has_them() -> None:
    data = visits_trial()
    gap = data.index[data["arm"] == "exercise"][0]
    data.loc[gap, "therapist"] = None
    fit = fit_lmm(f"change ~ arm + (1 | therapist) + {PARTICIPANT}", data, partially_nested={"therapist": "arm"})
    assert fit.left_out[["row", "reason"]].to_dict("records") == [{"row": gap, "reason": "therapist is missing"}]
    assert fit.n_observations == 71


def test_a_row_without_time_is_left_out() -> None:
    data = visits_trial().assign(day=lambda d: d["week"].where(d.index != 4))
    fit = fit_lmm("change ~ arm + (1 | leads)", data, covariance="sp_exp", time="day")
    assert fit.left_out[["row", "reason"]].to_dict("records") == [{"row": 4, "reason": "day is missing"}]


@pytest.mark.parametrize(
    "ids",
    [
        lambda text: text.astype("category"),
        lambda text: pd.Categorical(text, [*sorted(text.unique(), reverse=True), "nobody"]),
        lambda text: text.str[1:].astype(int),
        lambda text: text.str[1:].astype(float),
        lambda text: text.str[1:].astype("Int64"),
        lambda text: text.astype("string"),
        lambda text: text.astype(object),
    ],
    ids=["category", "unused category", "int", "float", "Int64", "string", "object"],
)
def test_participants_may_be_named_in_any_way(ids: Any) -> None:
    data = visits_trial()
    formula = "change ~ arm * week + (week | participant_id)"
    plain, other = fit_lmm(formula, data), fit_lmm(formula, data.assign(participant_id=ids(data["participant_id"])))
    assert other.loglik == pytest.approx(plain.loglik, rel=DEVIANCE)
    np.testing.assert_allclose(other.params, plain.params, rtol=1e-8)


def test_neither_gaps_in_the_index_nor_other_columns_matter() -> None:
    data = visits_trial()
    other = data.assign(note="?").set_index(pd.Index([7] * 72))
    one, two = (fit_lmm(f"change ~ arm * visit + {PARTICIPANT}", d) for d in (data, other))
    assert one.tidy().equals(two.tidy())


def test_a_rows_weight_divides_its_residual_variance() -> None:
    """All weights 2: the residual variance, which is that of a row of weight 1, doubles, and nothing else changes."""
    data = one_way(levels=8, each=6)
    pairs = data.assign(pair=np.arange(len(data)) // 2).groupby("pair").agg({"therapist": "first", "pain": "mean"})
    single = fit_lmm("pain ~ 1 + (1 | therapist)", pairs, ddf="satterthwaite")
    weighted = fit_lmm("pain ~ 1 + (1 | therapist)", pairs.assign(w=2), weights="w", ddf="satterthwaite")
    np.testing.assert_allclose(
        weighted.tidy()[["estimate", "std_error", "df"]].astype(float),
        single.tidy()[["estimate", "std_error", "df"]].astype(float),
        rtol=1e-8,
    )
    one, two = (fit.variance_components["variance"] for fit in (single, weighted))
    np.testing.assert_allclose(two, one * [1, 2], rtol=1e-8)
    assert single.loglik == pytest.approx(weighted.loglik, rel=DEVIANCE)


# -- residuals ---------------------------------------------------------------------------------------------------------


def test_residuals_are_about_the_predicted_effects() -> None:
    data = one_way()
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", data)
    found = residuals(fit)
    effects = fit.random_effects().set_index("level")["value"]
    fitted = fit.params["Intercept"] + data["therapist"].map(effects).to_numpy()
    np.testing.assert_allclose(found["fitted"], fitted, rtol=CLOSED_FORM)
    np.testing.assert_allclose(found["observed"], data["pain"], rtol=CLOSED_FORM)
    sd = np.sqrt(fit.variance_components["variance"].iloc[-1])
    np.testing.assert_allclose(found["standardised"], (data["pain"] - fitted) / sd, rtol=1e-8)


@pytest.mark.parametrize("diagnostic", [influence, covariance_check])
def test_diagnostics_that_take_no_account_of_random_effects_refuse_them(diagnostic: Any) -> None:
    fit = fit_lmm(f"change ~ arm + {PARTICIPANT}", visits_trial())
    with pytest.raises(FitError, match="has random effects, with which participants are not independent"):
        diagnostic(fit)


# -- correlated residuals ----------------------------------------------------------------------------------------------


def test_residuals_over_text_visits_warn_of_their_order() -> None:
    data = visits_trial().assign(visit=lambda d: d["visit"].astype(str))
    fit = fit_lmm("change ~ arm + (1 | leads)", data, covariance="ar1")
    order = "visits taken in the order of the alphabet (week_12, week_26, week_6); make 'visit' categorical in theirs"
    assert order in fit.warnings
    assert not any(
        "alphabet" in text for text in fit_lmm("change ~ arm + (1 | leads)", visits_trial(), covariance="ar1").warnings
    )


def test_correlation_over_time_does_not_depend_on_its_unit() -> None:
    data = visits_trial().assign(day=lambda d: 7 * d["week"])
    weeks, days = (
        fit_lmm("change ~ arm + (1 | leads)", data, covariance="sp_exp", time=time) for time in ("week", "day")
    )
    assert days.loglik == pytest.approx(weeks.loglik, rel=DEVIANCE)
    rho = "residual correlation[distance 1]"
    assert days.covariance_parameters[rho] ** 7 == pytest.approx(weeks.covariance_parameters[rho], rel=1e-6)


# -- covariates that lie far from zero, or are levels too --------------------------------------------------------------


def test_a_centred_slope_far_from_zero_is_the_same_model() -> None:
    data = visits_trial()
    far = data.assign(week=data["week"] + 20_000)
    near, there = (fit_lmm("change ~ arm * center(week) + (center(week) | participant_id)", d) for d in (data, far))
    np.testing.assert_allclose(there.test(np.eye(4)).statistic, near.test(np.eye(4)).statistic, rtol=1e-8)


def test_a_linear_trend_beside_random_levels_of_the_same_number() -> None:
    fit = fit_lmm(f"change ~ week + (1 | week) + {PARTICIPANT}", visits_trial())
    assert fit.variance_components["factor"].to_list() == ["week", "participant_id", "residual"]


# -- statsmodels as the engine -----------------------------------------------------------------------------------------


def test_statsmodels_agrees_and_says_what_it_has_not() -> None:
    data = visits_trial()
    formula = f"change ~ arm * visit + {PARTICIPANT}"
    ours, theirs = fit_lmm(formula, data), fit_lmm(formula, data, engine="statsmodels")
    assert theirs.loglik == pytest.approx(ours.loglik, abs=1e-5)  # where its optimiser stops
    np.testing.assert_allclose(theirs.params, ours.params, atol=1e-6)
    assert theirs.df.isin([np.inf]).all()
    for refused in (theirs.random_effects, lambda: theirs.predict(data), lambda: residuals(theirs)):
        with pytest.raises(FitError, match="by statsmodels keeps no random effects"):
            refused()
    np.testing.assert_allclose(
        theirs.predict(data, random=False)["estimate"], ours.predict(data, random=False)["estimate"], atol=1e-6
    )


@pytest.mark.parametrize(
    ("effects", "options", "said"),
    [
        (PARTICIPANT, {"weights": "week"}, "has no weights"),
        (PARTICIPANT, {"covariance": "ar1"}, "has no covariance"),
        (PARTICIPANT, {"ddf": "satterthwaite"}, "has no ddf"),
        ("(week | participant_id) + (1 | leads)", {}, "correlated effects of one factor alone"),
        ("(week | leads) + (0 + visit || leads)", {}, "correlated effects in one bracket, in all rows"),
        ("(week | therapist)", {"partially_nested": {"therapist": "arm"}}, "or some rows are without"),
    ],
)
def test_statsmodels_refuses_what_it_would_get_wrong(effects: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        fit_lmm(f"change ~ arm + {effects}", visits_trial(), engine="statsmodels", **options)
