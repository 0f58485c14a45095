"""Levels of an ordered outcome in a plan: imputed under a strategy, analysed by proportional odds, reported."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.analyses.imputed.sets import imputed_sets
from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.impute import Steps, analyse_levels, draw_scores, impute_scores, incomplete_outcomes, pool_imputations
from coxa.models import Fit, fit_mmrm
from coxa.report.document import FigureBlock, TableBlock
from coxa.report.topics.analyses.kinds import kind_blocks
from coxa.study.kinds import study_of
from tests.spec.power_plan import COMPARE
from tests.spec.test_imputation_plan import drawn, planned

LEVELS = {1: "Worse", 2: "Unchanged", 4: "Better", 5: "Well"}
"""Codes with a gap: it is their order that counts."""


def plan(summary: str = "cumulative_odds_ratio", **change: Any) -> Any:
    content = planned({"by": "multiple", "imputations": 20, **change}).model_dump(mode="json", exclude_unset=True)
    content["outcomes"]["groc"] = {"kind": "ordered", "higher_is_better": True, "levels": LEVELS, "label": "Change"}
    endpoint = {"outcome": "groc", "measure": "value", "visit": "w26"}
    content["estimands"] = {"change": {"treatment": COMPARE, "endpoint": endpoint, "summary": summary}}
    content["analyses"] = {"a": {**content["analyses"]["a"], "estimand": "change", "adjust": ["age"]}}
    content["assumptions"] = None
    return study_of(content)


@cache
def rows() -> pd.DataFrame:
    pain = drawn()["value"]
    level = np.array(list(LEVELS))[np.digitize(pain.fillna(0), [45, 55, 65])]
    return drawn().assign(value=pd.Series(level, index=pain.index).where(pain.notna()).astype(float))


def test_a_plan_gives_what_the_functions_give_whatever_the_codes() -> None:
    study = plan()
    (fit,), found, _ = run_analysis(study, "a", study.analyses["a"], SimulatedRows(rows(), "value"))
    placed = rows().assign(value=rows()["value"].map({code: float(k) for k, code in enumerate(LEVELS)}))
    own = fit_mmrm("value ~ arm * visit + age", placed.dropna(subset=["value"]))
    outcomes = incomplete_outcomes(own, placed, reference="usual_care", strategy="j2r")
    levels = Steps(0, 3, equal=False)
    sets = impute_scores(own, outcomes, draw_scores(own, outcomes, levels, 20), levels)
    hand = analyse_levels(sets, "~ arm + age", visit="w26", against="usual_care")
    pooled = pool_imputations(hand).estimates.frame
    columns = ["arm", "term", "estimate", "std_error", "p_value"]
    pd.testing.assert_frame_equal(
        found.frame[columns].reset_index(drop=True), pooled[columns].reset_index(drop=True), check_dtype=False
    )
    assert isinstance(fit, Fit)
    drawn_sets = imputed_sets(study.planned("a"), fit, SimulatedRows(rows(), "value")).imputed
    assert set(np.unique(np.concatenate(list(drawn_sets.blocks())))) <= {0.0, 1.0, 2.0, 3.0}


def test_win_odds_of_imputed_levels_are_those_of_the_functions() -> None:
    study = plan("win_odds")
    _, found, _ = run_analysis(study, "a", study.analyses["a"], SimulatedRows(rows(), "value"))
    other = plan()
    _, odds, _ = run_analysis(other, "a", other.analyses["a"], SimulatedRows(rows(), "value"))
    wins = [one.only(term="win_odds").frame["estimate"].tolist() for one in (found, odds)]
    assert study.planned("a").effect.term == "win_odds"
    assert len(wins[0]) > 0
    assert wins[0] == pytest.approx(wins[1], rel=1e-12)


def test_levels_need_imputed_data_sets() -> None:
    study = plan()
    problem = study.analyses["a"].model_copy(update={"by": "conditional_mean"}).summary_problem("cumulative_odds_ratio")
    assert problem is not None
    assert "levels are counted in imputed data sets" in problem[1]
    with pytest.raises(ValidationError, match="parts of the plan do not agree"):
        plan(by="conditional_mean", imputations=None)


def test_the_methods_section_says_what_is_behind_the_levels() -> None:
    study = plan()
    telling = Telling(study.planned("a"), [], lambda *_: "", lambda formula: formula)
    said = " ".join(method_of(study.analyses["a"]).sentences(telling))
    assert "The 4 levels were imputed from a normal variable behind them" in said
    assert "proportional odds (cumulative logit) model at each visit" in said


@cache
def blocks() -> list[Any]:
    """Return what a report shows of a simulated trial from which a third leaves."""
    study = plan(branches={"mar": {"strategy": "mar"}}, strategy="j2r")
    content = study.model_dump(mode="json", exclude_unset=True)
    shares = {1: 0.2, 2: 0.3, 4: 0.3, 5: 0.2}
    odds = {"exercise": 3.0, "manual_therapy": 1.5}
    content["assumptions"] = {
        "outcomes": {"groc": {"shares": shares, "odds_ratio": odds, "correlation": 0.5}},
        "dropout": {"probability": 0.3},
        "covariates": {"age": {"mean": 60, "sd": 9}},
    }
    trial = coxa.simulate_study(study_of(content), participants=150, truth_size=2000, seed=4)
    report = coxa.analyse(coxa.read_cohort(trial.study, trial.tables))
    assert not report.not_fitted
    return kind_blocks(report, report.study.planned("a"))


def test_a_tree_on_levels_tips_on_the_variable_behind_them_and_draws_ratios_on_a_log_axis() -> None:
    tree = next(one.figure for one in blocks() if isinstance(one, FigureBlock) and one.figure.id.startswith("tree-"))
    assert "log scale" in tree.svg()
    found = tree.data["tipping_point"].dropna()
    assert len(found) > 0
    assert "the variable behind the imputed levels" in tree.alt
    assert "levels" in tree.svg()


def test_a_report_has_the_odds_ratios_the_levels_and_the_tree() -> None:
    tables = {one.table.id: one.table for one in blocks() if isinstance(one, TableBlock)}
    assert {"levels-a", "imputed-a"} <= set(tables)
    figures = [one.figure for one in blocks() if isinstance(one, FigureBlock)]
    (tree, _) = [one for one in figures if one.id.startswith("tree-")]
    assert (tree.data["estimate"] > 0).all()
    assert "odds ratio of a higher level" in tree.svg().lower()
