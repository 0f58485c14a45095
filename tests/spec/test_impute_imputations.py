"""Imputed data sets against the conditional normal distribution written out, their analyses against single fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.estimates import contrasts, marginal_means, standardised_risks
from coxa.impute import (
    Delta,
    Draws,
    Imputations,
    analyse_ancova,
    analyse_each,
    analyse_mmrm,
    analyse_responders,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_any_difference,
    pool_imputations,
)
from coxa.impute.imputations import completed
from coxa.models import Fit, fit_ancova, fit_glm, fit_mmrm
from tests.reference.tolerances import CLOSED_FORM
from tests.spec.impute_trial import FORMULA, VISITS, trial


class Still:
    """A generator whose normal values are all zero."""

    def standard_normal(self, size: tuple[int, ...]) -> np.ndarray:
        return np.zeros(size)


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return trial()


@pytest.fixture(scope="module")
def fit(data: pd.DataFrame) -> Fit:
    return fit_mmrm(FORMULA, data)


@pytest.fixture(scope="module")
def drawn(fit: Fit) -> Draws:
    return draw_parameters(fit, 120, seed=1)


@pytest.fixture(scope="module")
def imputed(fit: Fit, data: pd.DataFrame, drawn: Draws) -> Imputations:
    return impute_outcomes(fit, incomplete_outcomes(fit, data, reference="usual", strategy="j2r"), drawn)


@pytest.mark.parametrize("strategy", ["mar", "j2r", "cr", "cir"])
def test_without_noise_they_are_conditional_means_written_out(
    strategy: str, fit: Fit, data: pd.DataFrame, drawn: Draws
) -> None:
    outcomes = incomplete_outcomes(fit, data, reference="usual", strategy=strategy)
    seen = np.broadcast_to(outcomes.y, (3, *outcomes.y.shape))
    found = completed(
        outcomes,
        tuple(outcomes.alike()),
        drawn.beta[:3],
        drawn.covariance[:3],
        seen,
        Still(),  # type: ignore[arg-type]
    )
    for d in range(3):
        beta, spread = drawn.beta[d], drawn.covariance[d, 0]
        for i, y in enumerate(outcomes.y):
            own, other = outcomes.own_design[i] @ beta, outcomes.reference_design[i] @ beta
            mean = own.copy()
            k = int(outcomes.event[i])
            if strategy == "cr" and k < 3:
                mean = other
            elif k < 3 and strategy == "j2r":
                mean[k:] = other[k:]
            elif k < 3 and strategy == "cir" and k > 0:
                mean[k:] = other[k:] + own[k - 1] - other[k - 1]
            u, o = np.flatnonzero(np.isnan(y)), np.flatnonzero(~np.isnan(y))
            expected = y.copy()
            if len(u):
                slopes = spread[np.ix_(u, o)] @ np.linalg.inv(spread[np.ix_(o, o)])
                expected[u] = mean[u] + slopes @ (y[o] - mean[o])
            assert found[d, i] == pytest.approx(expected, rel=CLOSED_FORM)


def test_the_spread_of_imputed_values_is_the_conditional_covariance(fit: Fit, data: pd.DataFrame) -> None:
    outcomes = incomplete_outcomes(fit, data, reference="usual", strategy="mar")
    size = 4000
    same = Draws(
        np.tile(fit.params.to_numpy(), (size, 1)), np.tile(fit.covariance.to_numpy(), (size, 1, 1, 1)), "bayes"
    )
    values = np.concatenate(list(impute_outcomes(fit, outcomes, same, seed=3).blocks()))
    i = int(np.flatnonzero(np.isnan(outcomes.y[:, 1]) & ~np.isnan(outcomes.y[:, 0]) & np.isnan(outcomes.y[:, 2]))[0])
    s = fit.covariance.to_numpy()
    rest = s[1:, 1:] - np.outer(s[1:, 0], s[0, 1:]) / s[0, 0]
    assert np.cov(values[:, i, 1:], rowvar=False) == pytest.approx(rest, rel=0.1)


def test_observed_values_stay_and_nothing_is_missing(imputed: Imputations) -> None:
    y = imputed.outcomes.y
    for block in imputed.blocks():
        assert np.isfinite(block).all()
        assert (block[:, ~np.isnan(y)] == y[~np.isnan(y)]).all()


def test_a_data_set_depends_on_seed_and_number_alone(imputed: Imputations) -> None:
    first = next(imputed.blocks())
    fewer = replace(
        imputed, draws=replace(imputed.draws, beta=imputed.draws.beta[:60], covariance=imputed.draws.covariance[:60])
    )
    assert (next(fewer.blocks()) == first).all()
    assert [len(block) for block in imputed.blocks()] == [50, 50, 20]
    assert not (next(replace(imputed, seed=2).blocks()) == first).all()


def test_a_delta_is_added_to_imputed_values_alone(imputed: Imputations) -> None:
    y = imputed.outcomes.y
    moved = next(replace(imputed, delta=np.full(y.shape, 3.0)).blocks()) - next(imputed.blocks())
    assert moved == pytest.approx(np.broadcast_to(np.where(np.isnan(y), 3.0, 0.0), moved.shape))


def test_a_delta_by_arm_and_factor_is_that_of_the_conditional_mean(
    fit: Fit, imputed: Imputations, drawn: Draws
) -> None:
    delta = Delta(shift={"exercise": -2.0}, factor={"usual": 1.5}, visits={"week_12": 0.5})
    moved = next(impute_outcomes(fit, imputed.outcomes, drawn, delta=delta).blocks())
    plain, outcomes = next(imputed.blocks()), imputed.outcomes
    share = np.where(outcomes.missing, [1.0, 0.5, 1.0], 0.0)
    exercise = (outcomes.arm == 1)[:, None]
    expected = np.where(exercise, plain - 2 * share, plain * (1 + 0.5 * share))
    assert moved == pytest.approx(expected)


def test_frames_are_the_blocks_with_the_columns_of_the_trial(imputed: Imputations) -> None:
    frame = next(imputed.frames())
    assert list(frame.columns) == ["participant_id", "visit", "arm", "baseline", "imputed", "change"]
    assert frame["change"].to_numpy() == pytest.approx(next(imputed.blocks())[0].ravel())
    assert frame["imputed"].sum() == np.isnan(imputed.outcomes.y).sum()


def test_records_show_themselves_in_a_few_lines(imputed: Imputations) -> None:
    results = pool_imputations(analyse_ancova(imputed, "~ baseline + arm", visits=["week_26"]))
    missing = imputed.outcomes.missing
    assert repr(imputed).splitlines()[:3] == [
        "120 imputed data sets",
        "  Outcome   change",
        "  Strategy  jump to reference",
    ]
    assert f"{missing.sum()} of 270 outcomes" in repr(imputed)
    assert imputed.counts["n_imputed"].sum() == missing.sum()
    assert "R-hat" in repr(imputed.draws)
    assert "fmi" in repr(results)
    assert len(repr(results).splitlines()) == 5
    for one in (imputed, imputed.draws, results):
        assert one._repr_html_().startswith("<div")


def some(imputed: Imputations, count: int) -> Imputations:
    draws = imputed.draws
    return replace(imputed, draws=replace(draws, beta=draws.beta[:count], covariance=draws.covariance[:count]))


def test_ancova_in_arrays_is_that_of_each_data_set(imputed: Imputations) -> None:
    few = some(imputed, 3)
    found = analyse_ancova(few, "change ~ baseline * arm")
    for m, data in enumerate(few.frames()):
        for v, visit in enumerate(VISITS):
            single = fit_ancova("change ~ baseline * arm", data, at_visit=visit)
            means = marginal_means(single, "arm", averaging="counterfactual").frame
            difference = contrasts(single, "arm", averaging="counterfactual").frame
            expected = pd.concat([means, difference])
            rows = slice(3 * v, 3 * v + 3)
            assert found.estimates[m, rows] == pytest.approx(expected["estimate"].to_numpy(), rel=CLOSED_FORM)
            assert np.sqrt(found.variances[m, rows]) == pytest.approx(expected["std_error"].to_numpy(), rel=CLOSED_FORM)
            assert found.df_complete[0] == single.df_resid


def test_mmrm_of_many_is_that_of_each_data_set(imputed: Imputations) -> None:
    few = some(imputed, 2)
    found = analyse_mmrm(few, FORMULA, visits=["week_26"])
    for m, data in enumerate(few.frames()):
        single = contrasts(fit_mmrm(FORMULA, data), "arm").only(visit="week_26").frame
        assert found.estimates[m] == pytest.approx(single["estimate"].to_numpy(), rel=1e-6)
        assert np.sqrt(found.variances[m]) == pytest.approx(single["std_error"].to_numpy(), rel=1e-5)


def test_responders_of_many_are_those_of_each_data_set(imputed: Imputations) -> None:
    few = some(imputed, 3)
    found = analyse_responders(few, "~ baseline + arm", visit="week_26", threshold=5)
    for m, data in enumerate(few.frames()):
        rows = data[data["visit"] == "week_26"].assign(responds=lambda d: (d["change"] >= 5).astype(int))
        single = fit_glm("responds ~ baseline + arm", rows)
        risks = standardised_risks(single, rows).frame.set_index(["term", "arm"])["estimate"]
        got = dict(zip(zip(found.labels["term"], found.labels["arm"], strict=True), found.estimates[m], strict=True))
        for key in (("risk", "usual"), ("risk", "exercise"), ("risk_difference", "exercise")):
            assert got[key] == pytest.approx(risks[key], rel=1e-8)
        assert got["odds_ratio", "exercise"] == pytest.approx(single.params["arm[exercise]"], rel=1e-8)
        k = list(found.labels["term"]).index("odds_ratio")
        assert np.sqrt(found.variances[m, k]) == pytest.approx(single.bse["arm[exercise]"], rel=1e-8)


def test_any_analysis_gives_what_the_arrays_give(imputed: Imputations) -> None:
    few = some(imputed, 5)
    by_function = analyse_each(
        few, lambda d: contrasts(fit_ancova("change ~ baseline + arm", d, at_visit="week_26"), "arm")
    )
    in_arrays = analyse_ancova(few, "~ baseline + arm", visits=["week_26"])
    assert by_function.estimates[:, 0] == pytest.approx(in_arrays.estimates[:, 2], rel=CLOSED_FORM)
    one, other = pool_imputations(by_function).table, pool_imputations(in_arrays).table
    assert one["p_value"].iloc[0] == pytest.approx(other["p_value"].iloc[2], rel=1e-9)


def test_three_arms_have_a_test_of_all() -> None:
    three = trial(120, arms=3, effect=8.0)
    fit = fit_mmrm(FORMULA, three)
    outcomes = incomplete_outcomes(fit, three, reference="usual", strategy="cir")
    results = analyse_ancova(impute_outcomes(fit, outcomes, draw_parameters(fit, 100)), "~ baseline + arm")
    assert (results.labels.loc[results.labels["term"] == "difference", "arm"].unique() == ["exercise", "manual"]).all()
    test = pool_any_difference(results, "week_26")
    assert test.df_num == 2
    assert test.p_value < pool_any_difference(results, "week_6").p_value


def test_two_arms_tested_together_are_the_difference_tested(imputed: Imputations) -> None:
    results = analyse_ancova(imputed, "~ baseline + arm", visits=["week_26"])
    statistic = pool_imputations(results).pooled.statistic[2]
    assert pool_any_difference(results, "week_26").statistic == pytest.approx(statistic**2)


def test_one_visit_after_baseline_is_enough() -> None:
    last = (
        trial().loc[lambda d: d["visit"] == "week_26"].assign(visit=lambda d: d["visit"].cat.remove_unused_categories())
    )
    fit = fit_mmrm("change ~ baseline + arm", last)
    outcomes = incomplete_outcomes(fit, last, reference="usual", strategy="j2r")
    table = pool_imputations(
        analyse_ancova(impute_outcomes(fit, outcomes, draw_parameters(fit, 200)), "~ baseline + arm")
    ).table
    assert table["fmi"].iloc[2] > 0.1
    assert np.isfinite(table["estimate"]).all()


def test_an_analysis_with_other_rows_in_some_data_sets_is_refused(imputed: Imputations) -> None:
    def unsteady(data: pd.DataFrame) -> object:
        high = data["change"].iloc[1] > next(imputed.frames())["change"].iloc[1]
        return contrasts(fit_ancova("change ~ arm", data, at_visit="week_26" if high else "week_6"), "arm")

    with pytest.raises(OptionError, match="does not give the same rows"):
        analyse_each(imputed, unsteady)  # type: ignore[arg-type]


def test_what_does_not_go_together_is_refused(fit: Fit, imputed: Imputations, drawn: Draws) -> None:
    with pytest.raises(OptionError, match="`delta` has the shape"):
        impute_outcomes(fit, imputed.outcomes, drawn, delta=np.zeros((2, 2)))
    with pytest.raises(OptionError, match="of another model"):
        impute_outcomes(fit, imputed.outcomes, replace(drawn, beta=drawn.beta[:, :2]))
    with pytest.raises(OptionError, match="The arm is not in the formula"):
        analyse_ancova(imputed, "~ baseline")
    with pytest.raises(OptionError, match="week_52"):
        analyse_ancova(imputed, "~ baseline + arm", visits=["week_52"])
