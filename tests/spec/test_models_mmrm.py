"""The mixed model for repeated measures: closed forms it collapses to, and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from threadpoolctl import threadpool_info, threadpool_limits

import coxa.models.covariance as covariance_room
import coxa.models.mmrm.fit as mmrm_room
from coxa.errors import DataError, EmptyCellError, FitError, NonConvergenceError, OptionError, RankDeficientError
from coxa.estimates import contrasts, marginal_means
from coxa.models import fit_mmrm
from coxa.models.covariance.structure import UNSTRUCTURED
from coxa.models.inference.kenward_roger import matched_f
from coxa.models.inference.methods import matched_df
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial

VISITS = ["week_6", "week_12", "week_26"]


def complete_trial(n: int = 20, arms: int = 2) -> pd.DataFrame:
    """Return n participants per arm, seen at every visit."""
    rng = np.random.default_rng(7)
    who = np.repeat(np.arange(n * arms), len(VISITS))
    data = pd.DataFrame({"participant_id": [f"P{k:02d}" for k in who]})
    data["visit"] = pd.Categorical(VISITS * (n * arms), VISITS)
    data["arm"] = pd.Categorical(np.array(["usual_care", "exercise"])[who % arms], ["usual_care", "exercise"])
    data["change"] = 5 * rng.normal(size=n * arms)[who] + rng.normal(size=len(who)) * 3 + 2 * (who % arms)
    return data


def wide(data: pd.DataFrame) -> pd.DataFrame:
    return data.pivot(index="participant_id", columns="visit", values="change")


# -- closed forms: without gaps, with a mean for every arm and visit ---------------------------------------------------


def test_one_group_gives_sample_means_and_sample_covariance() -> None:
    data = complete_trial(arms=1)
    fit = fit_mmrm("change ~ 0 + visit", data)
    np.testing.assert_allclose(fit.params, wide(data).mean(), rtol=CLOSED_FORM)
    np.testing.assert_allclose(fit.covariance, wide(data).cov(), rtol=CLOSED_FORM)


def test_maximum_likelihood_divides_by_n() -> None:
    data = complete_trial(arms=1)
    fit = fit_mmrm("change ~ 0 + visit", data, reml=False)
    np.testing.assert_allclose(fit.covariance, wide(data).cov(ddof=0), rtol=CLOSED_FORM)
    by_hand = stats.multivariate_normal(wide(data).mean(), wide(data).cov(ddof=0)).logpdf(wide(data)).sum()
    assert fit.loglik == pytest.approx(by_hand, rel=CLOSED_FORM)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger-linear"])
def test_two_groups_give_the_t_test_of_each_visit(ddf: str) -> None:
    data = complete_trial()
    rows = contrasts(fit_mmrm("change ~ arm * visit", data, ddf=ddf)).frame
    for _, row in rows.iterrows():
        here = data[data["visit"] == row["visit"]]
        groups = [here.loc[here["arm"] == arm, "change"] for arm in ("exercise", "usual_care")]
        t = stats.ttest_ind(*groups)
        assert row["statistic"] == pytest.approx(t.statistic, rel=CLOSED_FORM)
        assert row["df"] == pytest.approx(t.df, rel=CLOSED_FORM)
        assert row["p_value"] == pytest.approx(t.pvalue, rel=CLOSED_FORM)
        limits = t.confidence_interval()
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((limits.low, limits.high), rel=CLOSED_FORM)


def test_kenward_roger_of_a_mean_vector_is_hotellings_test() -> None:
    data = complete_trial(arms=1)
    fit = fit_mmrm("change ~ 0 + visit", data, ddf="kenward-roger-linear")
    n, m = 20, 3
    mean, covariance = wide(data).mean().to_numpy(), wide(data).cov().to_numpy()
    t2 = n * mean @ np.linalg.solve(covariance, mean)
    tested = fit.joint_test(np.eye(3))
    assert tested.statistic == pytest.approx((n - m) / (m * (n - 1)) * t2, rel=1e-8)
    assert (tested.df, tested.df_denominator) == (m, pytest.approx(n - m, rel=1e-8))


def test_one_visit_is_least_squares() -> None:
    data = complete_trial()
    fit = fit_mmrm("change ~ arm", data, visits=["week_12"])
    here = data[data["visit"] == "week_12"]
    t = stats.ttest_ind(*(here.loc[here["arm"] == arm, "change"] for arm in ("exercise", "usual_care")))
    assert fit.test({"arm[exercise]": 1}).statistic[0] == pytest.approx(t.statistic, rel=CLOSED_FORM)
    assert fit.df["arm[exercise]"] == pytest.approx(38, rel=CLOSED_FORM)


def test_one_numerator_degree_of_freedom_needs_no_scale() -> None:
    a2 = 2 / 30  # for one row A1 = A2 = 2 / df
    assert matched_f(1, a2, a2) == (pytest.approx(30, rel=CLOSED_FORM), pytest.approx(1, rel=CLOSED_FORM))


def test_equal_degrees_of_freedom_stay_as_they_are() -> None:
    assert matched_df(np.array([25.0, 25.0])) == 25
    assert matched_df(np.array([10.0, 40.0])) == pytest.approx(2 * 2.302631578947368 / 0.302631578947368)
    assert matched_df(np.array([1.5, 40.0])) == 2


# -- what does not change the answer -----------------------------------------------------------------------------------


def test_the_order_of_rows_does_not_matter() -> None:
    data = trial()
    straight, shuffled = (fit_mmrm("change ~ arm * visit", d) for d in (data, data.sample(frac=1, random_state=1)))
    np.testing.assert_allclose(straight.params, shuffled.params, rtol=1e-9)
    np.testing.assert_allclose(straight.covariance, shuffled.covariance, rtol=1e-9)


def test_units_scale_the_answer() -> None:
    data = trial()
    plain = fit_mmrm("change ~ age + arm * visit", data)
    scaled = fit_mmrm(
        "change ~ age + arm * visit", data.assign(change=data["change"] * 1e5 + 1e8, age=data["age"] + 738000)
    )
    np.testing.assert_allclose(scaled.std_error["arm[exercise]"], plain.std_error["arm[exercise]"] * 1e5, rtol=1e-7)
    np.testing.assert_allclose(scaled.df["arm[exercise]"], plain.df["arm[exercise]"], rtol=1e-7)


def test_the_frame_that_comes_in_is_not_changed() -> None:
    data, before = trial(), trial()
    fit_mmrm("change ~ arm * visit", data)
    pd.testing.assert_frame_equal(data, before)


def test_numeric_visits_are_a_factor() -> None:
    data = complete_trial().assign(week=np.tile([6.0, 12.0, 26.0], 40))
    fit = fit_mmrm("change ~ arm * week", data, visit="week")
    assert list(fit.params.index[2:4]) == ["week[12]", "week[26]"]
    assert set(marginal_means(fit, by="week").frame["visit"]) == {"6", "12", "26"}


def test_sas_names_of_covariance_and_chosen_visits() -> None:
    fit = fit_mmrm("change ~ arm * visit", trial(), covariance="UN", visits=["week_6", "week_52"])
    assert fit.structure == "us"
    assert list(fit.covariance) == ["week_6", "week_52"]
    reasons = fit.left_out["reason"].value_counts().to_dict()
    assert reasons == {"visit is not among those analysed": 360, "change is missing": 720 - 360 - fit.n_observations}


def test_text_visits_in_alphabetical_order_are_warned_about() -> None:
    fit = fit_mmrm("change ~ arm * visit", trial().assign(visit=lambda d: d["visit"].astype(str)))
    assert fit.warnings == (
        "visits taken in the order of the alphabet (week_12, week_26, week_52, week_6); give visits=[...] in theirs",
    )
    assert contrasts(fit).frame["warning"].iloc[0] == fit.warnings[0]


def test_a_fit_runs_on_one_thread_and_gives_the_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    during: list[set[int]] = []
    real = mmrm_room.orthonormal
    monkeypatch.setattr(mmrm_room, "orthonormal", lambda *given: during.append(threads()) or real(*given))
    with threadpool_limits(2, user_api="blas"):
        fit_mmrm("change ~ arm * visit", trial())
        assert (during, threads()) == ([{1}], {2})


# -- the ladder --------------------------------------------------------------------------------------------------------


def diagonal() -> covariance_room.Structure:
    """Return a structure of variances only, built from scratch as a new file would."""

    def matrix(theta: np.ndarray, _times: np.ndarray) -> np.ndarray:
        return np.diag(np.exp(theta))

    def derivatives(theta: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        m = times.shape[-1]
        first, second = np.zeros((m, m, m)), np.zeros((m, m, m, m))
        first[range(m), range(m), range(m)] = np.exp(theta)
        second[range(m), range(m), range(m), range(m)] = np.exp(theta)
        return first, second

    return dataclasses.replace(
        UNSTRUCTURED,
        name="diag",
        count=lambda m: m,
        matrix=matrix,
        derivatives=derivatives,
        lean=None,
        start=lambda moments, _times: np.log(np.diag(moments)),
        parameters=lambda theta, _times, labels: dict(zip(labels, np.exp(theta), strict=True)),
    )


def repeated_visit() -> pd.DataFrame:
    data = complete_trial()
    values = wide(data).assign(week_12=lambda w: w["week_6"])
    return data.assign(change=values.to_numpy().ravel())


def test_a_declared_ladder_takes_the_next_structure_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covariance_room, "STRUCTURES", {**covariance_room.STRUCTURES, "diag": diagonal()})
    fit = fit_mmrm("change ~ arm * visit", repeated_visit(), covariance=["us", "diag"])
    assert fit.structure == "diag"
    assert [(a.structure, bool(a.failure)) for a in fit.attempts] == [("us", True)] * 3 + [("diag", False)]
    assert "Tried before" in fit.summary()
    kept, figures = fit.attempts[-1], fit.criteria
    assert (kept.loglik, dict(kept.criteria)) == (fit.loglik, figures.to_dict())
    assert all(np.isnan(a.loglik) and not a.criteria for a in fit.attempts[:-1])
    (said,) = fit.warnings
    assert said.startswith("us covariance could not be fitted (")
    assert "singular" in said
    assert said.endswith(
        f"; diag was used, as declared (log-likelihood {fit.loglik:.2f}, AICC {figures['aicc']:.2f}, "
        f"BIC {figures['bic']:.2f})"
    )
    assert contrasts(fit).frame["warning"].iloc[0] == said


def test_a_correlation_at_its_boundary_is_named() -> None:
    with pytest.raises(NonConvergenceError, match=r"correlation\[week_6, week_12\] went to 1"):
        fit_mmrm("change ~ arm * visit", repeated_visit(), covariance="adh")


def test_a_structure_of_variances_only_is_least_squares_at_each_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covariance_room, "STRUCTURES", {"diag": diagonal()})
    data = complete_trial()
    fit = fit_mmrm("change ~ arm * visit", data, covariance="diag")
    pooled = data.groupby(["visit", "arm"], observed=True)["change"].var().groupby("visit", observed=True).mean()
    np.testing.assert_allclose(np.diag(fit.covariance), pooled, rtol=CLOSED_FORM)


# -- what is refused, and in which words -------------------------------------------------------------------------------


def test_a_second_row_for_a_participant_and_visit() -> None:
    data = complete_trial()
    with pytest.raises(DataError) as raised:
        fit_mmrm("change ~ arm * visit", pd.concat([data, data.iloc[[4]]]))
    assert str(raised.value) == (
        "The same participant was measured twice:\n"
        "error: data, 2 rows (6, 122), visit: rows 6, 122 have the same participant_id and visit (found 'week_12'). "
        "Keep the one that counts, or correct the key."
    )


def test_a_row_without_participant() -> None:
    data = complete_trial()
    with pytest.raises(DataError, match=r"data, row 5, participant_id: the row has no participant_id. Fill it in"):
        fit_mmrm("change ~ visit", data.assign(participant_id=data["participant_id"].where(data.index != 3)))


def test_an_arm_without_data_at_a_visit() -> None:
    data = complete_trial()
    gone = (data["arm"] == "exercise") & (data["visit"] == "week_26")
    with pytest.raises(EmptyCellError) as raised:
        fit_mmrm("change ~ arm * visit", data[~gone])
    assert str(raised.value).startswith(
        "The formula has arm:visit, but arm 'exercise' has no data at visit 'week_26'.\n"
        "  1. Leave that visit out of the analysis (for a visit: visits=[...] without it)"
    )


def test_a_term_that_repeats_another() -> None:
    data = trial().assign(twice=lambda d: 2 * d["baseline"])
    with pytest.raises(
        RankDeficientError, match=r"1 of 6 fixed effects cannot be estimated: '(twice|baseline)' is a comb"
    ):
        fit_mmrm("change ~ baseline + twice + visit", data)


def test_a_constant_outcome() -> None:
    with pytest.raises(FitError, match="The outcome is 3 in every row, so that there is no variance to model"):
        fit_mmrm("change ~ visit", complete_trial().assign(change=3.0))


def test_a_visit_with_one_participant() -> None:
    data = complete_trial()
    few = data[(data["visit"] != "week_26") | (data["participant_id"] == "P00")]
    with pytest.raises(FitError, match=r"Visit 'week_26' has data of fewer than 2 participants \(1\)"):
        fit_mmrm("change ~ visit", few)


def test_fewer_participants_than_needed() -> None:
    with pytest.raises(FitError, match="3 participants and 9 rows are too few for 3 visits and 3 fixed effects"):
        fit_mmrm("change ~ visit", complete_trial().iloc[:9])


def test_a_visit_that_repeats_another_is_singular_and_named() -> None:
    with pytest.raises(NonConvergenceError) as raised:
        fit_mmrm("change ~ arm * visit", repeated_visit())
    assert "No proven optimum of the likelihood. Tried: us from moments of the residuals: " in str(raised.value)
    assert "singular" in str(raised.value)
    assert "  1. Visits 'week_6' and 'week_12' repeat each other: their correlation is 1" in str(raised.value)


def test_a_visit_without_variance_is_named() -> None:
    data = complete_trial()
    with pytest.raises(NonConvergenceError, match=r"1. Visit 'week_6' has hardly any variance about its mean"):
        fit_mmrm("change ~ visit", data.assign(change=data["change"].where(data["visit"] != "week_6", 1.0)))


def test_two_visits_that_nobody_has_both_of() -> None:
    data = complete_trial()
    odd = data["participant_id"].str[1:].astype(int) % 2 == 1
    gaps = ((data["visit"] == "week_12") & odd) | ((data["visit"] == "week_26") & ~odd)
    with pytest.raises(NonConvergenceError, match="Visits 'week_12' and 'week_26' were both seen in 0 participants"):
        fit_mmrm("change ~ visit", data[~gaps])


def test_kenward_roger_under_maximum_likelihood() -> None:
    with pytest.raises(
        OptionError, match="'kenward-roger', which is derived for restricted likelihood and has no meaning und"
    ):
        fit_mmrm("change ~ visit", complete_trial(), reml=False, ddf="kenward-roger")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"ddf": "kenward"},
            '`ddf` is "kenward". Choose one of satterthwaite, kenward-roger, .*did you mean kenward-r',
        ),
        (
            {"covariance": "toepl"},
            r'no covariance structure "toepl". Choose one of us, cs, csh, .*; did you mean toep\?',
        ),
        ({"participant": "participant"}, 'no column "participant". Choose one of .*did you mean participant_id'),
        (
            {"visits": ["week_6", "week_13"]},
            'no visit "week_13". Choose one of week_6, week_12, .*did you mean week_12',
        ),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fit_mmrm("change ~ visit", complete_trial(), **options)


def test_numbered_visits_out_of_order_are_warned_about_even_if_they_appear_so() -> None:
    data = trial().assign(visit=lambda d: d["visit"].astype(str)).sort_values("visit", kind="stable")
    assert "order of the alphabet" in fit_mmrm("change ~ visit", data).warnings[0]
