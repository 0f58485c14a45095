"""The kinds of models of a plan: each has its options and its method, and gives what its model gives by hand."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa import simulated_power
from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.design.by_simulation.comparisons import true_differences
from coxa.estimates import contrasts, marginal_means
from coxa.models import Fit, fit_clda, fit_lmm, with_baseline
from coxa.report.topics.analyses.participant_effects import participant_effects_table
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from coxa.study import Study, model_formula
from coxa.study.kinds import study_of
from coxa.study.models import MODELS
from tests.spec.power_plan import COMPARE, power_plan
from tests.spec.test_study_analysis import PLAN
from tests.spec.test_study_read import faults

SOURCE = Path(__file__).parents[2] / "src" / "coxa"

CLDA: dict[str, Any] = {"estimand": "primary", "model": "clda", "adjust": ["age"], "ddf": "satterthwaite"}
LMM: dict[str, Any] = {"estimand": "primary", "model": "lmm", "adjust": ["baseline * visit", "age"]}
LINES: dict[str, Any] = {**LMM, "time": "weeks", "random": "slope"}
FROM_BASELINE: dict[str, Any] = {**LINES, "adjust": ["age"], "estimand": "value", "baseline": "response"}


def planned(analysis: dict[str, Any], **assumed: Any) -> Study:
    """Return the plan with an analysis `a`, and an estimand `value` of the outcome itself."""
    content = power_plan(**assumed).model_dump(mode="json", exclude_unset=True)
    endpoint = {"outcome": "pain", "measure": "value", "visit": ["w12", "w26"]}
    content["estimands"]["value"] = {"treatment": COMPARE, "endpoint": endpoint}
    return study_of({**content, "analyses": {"a": analysis}})


def drawn(study: Study, seed: int = 3) -> pd.DataFrame:
    design = trial_design(study)
    return estimand_frame(design, draw_outcomes(design, seed=seed), study.analyses["a"].estimand)


def run(analysis: dict[str, Any], data: pd.DataFrame | None = None) -> tuple[Fit, pd.DataFrame]:
    study = planned(analysis)
    response = study.planned("a").response
    (fit,), found, _ = run_analysis(study, "a", study.analyses["a"], SimulatedRows(given(study, data), response))
    return fit, found.frame


def given(study: Study, data: pd.DataFrame | None) -> pd.DataFrame:
    return drawn(study) if data is None else data


def assert_same(found: pd.DataFrame, term: str, expected: pd.DataFrame) -> None:
    """Compare estimate, error and degrees of freedom of a kind of row, in the order of visits and arms."""
    keys, columns = ["visit", "arm", "reference"], ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
    mine = found[found["term"] == term].set_index(keys)[columns].sort_index()
    pd.testing.assert_frame_equal(mine, expected.set_index(keys)[columns].sort_index(), check_exact=True)


# -- the seam ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", MODELS)
def test_every_kind_of_model_has_a_method_in_the_file_of_its_name(word: str) -> None:
    plan = MODELS[word].model_construct(model=word)
    assert type(method_of(plan)).__module__ == f"coxa.analyses.methods.{word}"
    assert MODELS[word].__module__ == f"coxa.study.models.{word}"


def test_no_file_compares_the_name_of_a_model() -> None:
    """`plan.model == "mmrm"` and its like: what a kind of model does is asked of its options or its method."""
    compared = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
        if (isinstance(side, ast.Attribute) and side.attr == "model")
        or (isinstance(side, ast.Name) and side.id == "model")
        if any(
            isinstance(other, ast.Constant | ast.Tuple) and not _is_none(other)
            for other in (node.left, *node.comparators)
        )
    ]
    assert compared == []


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


# -- cLDA --------------------------------------------------------------------------------------------------------------


def test_a_clda_of_a_plan_is_fit_clda() -> None:
    data = drawn(planned(CLDA))
    fit, found = run(CLDA, data)
    by_hand = fit_clda(data, adjust=["age"])
    assert fit.loglik == by_hand.loglik
    assert_same(found, "difference", contrasts(by_hand).frame)
    assert eval(fit.spec.call(), {"fit_clda": fit_clda, "data": data}).loglik == fit.loglik


def test_its_changes_are_from_the_common_baseline_mean() -> None:
    """The change of an arm is its mean less the one baseline mean, so that arms differ by what their values do."""
    fit, changes = run(CLDA)
    values = marginal_means(fit).frame.set_index(["visit", "arm"])["estimate"]
    means = changes[changes["term"] == "marginal_mean"].set_index(["visit", "arm"])["estimate"]
    for (visit, arm), change in means.items():
        assert change == pytest.approx(values[visit, arm] - values["baseline", arm])
    assert set(values["baseline"].round(9)) == {round(values["baseline", "exercise"], 9)}
    of_values = run({**CLDA, "estimand": "value"})[1]
    assert_same(of_values, "difference", changes[changes["term"] == "difference"])


def test_who_lacks_a_baseline_or_all_later_values_is_analysed() -> None:
    study = planned({**CLDA, "estimand": "value", "adjust": []})
    data = drawn(study)
    data.loc[data["participant_id"] == "P001", "baseline"] = np.nan
    data.loc[data["participant_id"] == "P002", "value"] = np.nan
    fit, _ = run({**CLDA, "estimand": "value", "adjust": []}, data)
    assert {"P001", "P002"} <= set(fit.sample.participant)


# -- linear mixed models -----------------------------------------------------------------------------------------------


def test_an_lmm_with_visits_is_fit_lmm() -> None:
    data = drawn(planned(LMM))
    fit, found = run(LMM, data)
    formula = "change ~ arm * visit + baseline * visit + age + (1 | participant_id)"
    by_hand = fit_lmm(formula, data, ddf="kenward-roger")
    assert fit.formula == formula
    assert_same(found, "difference", contrasts(by_hand).frame)
    assert_same(found, "marginal_mean", marginal_means(by_hand).frame)


def test_lines_give_differences_on_planned_days_and_of_slopes_per_week() -> None:
    data = drawn(planned(LINES))
    fit, found = run(LINES, data)
    formula = "change ~ arm * study_day + baseline * study_day + age + (study_day | participant_id)"
    by_hand = fit_lmm(formula, data, ddf="kenward-roger")
    assert fit.formula == formula
    assert fit.loglik == by_hand.loglik
    differences = found[found["term"] == "difference"].set_index(["visit", "arm"])
    for visit, day in (("w6", 42.0), ("w12", 84.0), ("w26", 182.0)):
        row = {"arm[exercise]": 1.0, "arm[exercise]:study_day": day}
        tested = by_hand.test(row)
        mine = differences.loc[(visit, "exercise")]
        assert mine["estimate"] == pytest.approx(float(tested.estimate[0]))
        assert mine["std_error"] == pytest.approx(float(tested.std_error[0]))
        assert mine["df"] == pytest.approx(float(tested.df[0]))
        here = data[(data["visit"] == visit) & data["arm"].isin(["exercise", "usual_care"])]
        assert mine["n_observations"] == here["change"].notna().sum()
    slope = found[(found["term"] == "difference_in_slope") & (found["arm"] == "exercise")].iloc[0]
    assert slope["estimate"] == pytest.approx(7 * by_hand.params["arm[exercise]:study_day"])
    assert slope["p_value"] == pytest.approx(float(by_hand.test({"arm[exercise]:study_day": 1.0}).p_value[0]))


def test_lines_from_one_baseline_start_alike() -> None:
    data = drawn(planned(FROM_BASELINE))
    fit, found = run(FROM_BASELINE, data)
    call = fit.spec.call()
    assert "with_baseline(data)" in call
    assert eval(call, {"fit_lmm": fit_lmm, "with_baseline": with_baseline, "data": data}).loglik == fit.loglik
    mine = found[found["arm"] == "exercise"].set_index(["term", "visit"])["estimate"]
    slope = mine["difference_in_slope", ""]
    assert mine["difference", "w12"] == pytest.approx(12 * slope)
    assert mine["difference", "w26"] == pytest.approx(26 * slope)
    assert fit.n_observations == data["value"].notna().sum() + data["participant_id"].nunique()


@pytest.mark.parametrize("method", ["dunnett", "tukey"])
def test_limits_of_lines_are_adjusted_at_each_visit_and_for_the_slope(method: str) -> None:
    plain, adjusted = (run({**LINES, "multiplicity": word})[1] for word in ("none", method))
    keys = ["term", "visit", "arm", "reference"]
    both = plain.merge(adjusted, on=keys, suffixes=("", "_adjusted"))
    both = both[both["term"].isin(["difference", "difference_in_slope"])]
    assert len(both) == 8
    assert (both["conf_low_adjusted"] < both["conf_low"]).all()
    assert (both["estimate_adjusted"] == both["estimate"]).all()


def test_slopes_are_compared_between_all_pairs_for_tukey() -> None:
    fit, found = run({**LINES, "multiplicity": "tukey"})
    rows = found[found["term"] == "difference_in_slope"].set_index(["arm", "reference"])
    at_12 = found[(found["term"] == "difference") & (found["visit"] == "w12")].set_index(["arm", "reference"])
    assert len(rows) == 3
    assert list(rows.index) == list(at_12.index)
    slopes = {arm: fit.params.get(f"arm[{arm}]:study_day", 0.0) for pair in rows.index for arm in pair}
    by_hand = [7 * (slopes[arm] - slopes[reference]) for arm, reference in rows.index]
    assert rows["estimate"].to_list() == pytest.approx(by_hand)


def test_a_margin_is_tested_on_the_planned_day() -> None:
    margin = {"type": "superiority", "value": 2}
    found = run({**LINES, "margin": margin})[1].set_index(["term", "visit", "arm"])
    for visit in ("w12", "w26"):
        tested, difference = (found.loc[(term, visit, "exercise")] for term in ("superiority", "difference"))
        assert tested["estimate"] == difference["estimate"]
        assert tested["statistic"] == pytest.approx((difference["estimate"] - 2) / difference["std_error"])
    assert ("superiority", "w6", "exercise") not in found.index


# -- in words ----------------------------------------------------------------------------------------------------------


def said(analysis: dict[str, Any]) -> str:
    """Return the sentences of the methods section on a model, without references."""
    study = planned(analysis)
    planned_analysis = study.planned("a")
    fits, *_ = run_analysis(study, "a", study.analyses["a"], SimulatedRows(drawn(study), planned_analysis.response))
    telling = Telling(planned_analysis, fits, lambda *_: "", lambda formula: formula)
    method = method_of(planned_analysis.analysis)
    return " ".join([*method.sentences(telling), *method.random_words(planned_analysis, fits[0])])


def test_the_methods_section_says_what_the_baseline_is() -> None:
    assert "the baseline is an outcome, with one mean for all participants" in said(CLDA)
    assert "Changes from baseline are differences between the model's means" in said(CLDA)
    assert "Changes from baseline" not in said({**CLDA, "estimand": "value"})
    assert "The baseline is an outcome on day 0, with one mean for all participants." in said(FROM_BASELINE)


def test_robust_errors_of_an_ancova_are_named_once() -> None:
    study = planned({"estimand": "primary", "model": "ancova", "adjust": ["baseline"], "vcov": "HC3"})
    report = coxa.analyse(coxa.simulate_study(study, seed=1, truth_size=1_000))
    assert str(analysis_methods(report, report.study.planned("a"))).count("HC3") == 1


def test_and_which_effects_a_participant_has() -> None:
    assert said(LMM).endswith("Random effects: intercept of each participant; residuals are independent.")
    lines = said(LINES)
    assert "means and differences at visits are those of the lines at the planned days" in lines
    assert lines.endswith("intercept and slope over time of each participant; residuals are independent.")


def test_the_spread_of_participants_is_a_table_with_slopes_per_week() -> None:
    fit, _ = run(LINES)
    table = participant_effects_table(planned(LINES).planned("a"), fit)
    assert table is not None
    cells = {row.label: [cell.text for cell in row.cells] for row in table.groups[0].rows}
    parts = fit.variance_components.set_index(["effect", "other"])
    assert cells["Slope of a participant, per week"][0] == f"{7 * parts.loc[('study_day', ''), 'sd']:.3f}"
    assert cells["Intercept of a participant"][1].replace("\N{MINUS SIGN}", "-") == (
        f"{parts.loc[('Intercept', 'study_day'), 'correlation']:.2f}"
    )
    assert participant_effects_table(planned(CLDA).planned("a"), run(CLDA)[0]) is None


# -- what is asked of the plan -----------------------------------------------------------------------------------------


def test_visit_in_a_term_stands_for_time() -> None:
    assert model_formula(planned({**LINES, "adjust": ["baseline:visit"]}), "a") == (
        "change ~ arm * study_day + baseline:study_day + (study_day | participant_id)"
    )
    assert model_formula(planned(FROM_BASELINE), "a") == (
        "value ~ study_day + arm:study_day + age + (study_day | participant_id)"
    )


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("clda", "adjust: [baseline * visit]", "the baseline is an outcome of a clda. Take it out of `adjust`."),
        ("clda", "covariance: sp_exp", "sp_exp looks at the day of each assessment, and a baseline has none"),
        ("clda", "random: {site_id: {}}", "`random` does not belong to model clda. Remove it, or use `model: mmrm`"),
        ("lmm", "covariance: us", "`covariance` does not belong to model lmm"),
        ("lmm", "baseline: response", "`baseline: response` goes with `time: weeks`"),
        ("lmm", "baseline: response, time: weeks", "cannot analyse a change"),
        ("lmm", "random: slopes", "did you mean slope?"),
        ("lmm", "ddf: between-within", "Choose one of satterthwaite, kenward-roger"),
        ("lmm", "reml: false", "Kenward-Roger needs REML"),
        (
            "lmm",
            "random: slope",
            "a random slope of each participant needs 3 visits, and the model has 2. Use `random: inte",
        ),
        ("lmm", "visits: [week_12]", "a random intercept of each participant needs 2 visits, and the model has 1"),
    ],
)
def test_what_a_model_cannot_have_is_refused_by_name(model: str, options: str, message: str) -> None:
    head = PLAN[: PLAN.index("analyses:")]
    found = faults(f"{head}analyses:\n  main: {{estimand: primary, model: {model}, {options}}}\n")
    assert any(message in fault[2] for fault in found), found


# -- simulation and power ----------------------------------------------------------------------------------------------


def test_the_truth_of_a_slope_is_that_of_the_lines() -> None:
    """An effect of 2 points a week from randomisation on: lines from one baseline have exactly this slope."""
    change = {"exercise": {"w6": 3.0, "w12": 6.0, "w26": 13.0}}
    pain = {"baseline": {"mean": 50, "sd": 10}, "mean_change": change, "scale": "continuous", "correlation": 0.5}
    study = planned(FROM_BASELINE, outcomes={"pain": pain})
    for analysis in ("a",):
        truth = true_differences(study, [analysis]).values
        found = truth[analysis, ("exercise", "usual_care", "", "difference_in_slope")]
        assert found.value == pytest.approx(0.5)


@pytest.mark.parametrize("analysis", [CLDA, LINES, FROM_BASELINE], ids=["clda", "lines", "from baseline"])
def test_power_is_that_of_the_model(analysis: dict[str, Any]) -> None:
    found = simulated_power(planned(analysis), n=90, replicates=4, seed=2).frame
    assert len(found) == (4 if analysis is CLDA else 6)
    assert found["power"].between(0, 1).all()
