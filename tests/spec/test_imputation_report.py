"""What a report shows of imputed outcomes: every strategy with its assumption, tipping points, and a map."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import coxa
from coxa.analyses.imputed.means import imputed_means
from coxa.analyses.imputed.sets import imputed_sets
from coxa.impute import tipping_point
from coxa.report.document import FigureBlock, TableBlock
from coxa.report.report import Report
from coxa.report.topics.analyses.estimands import missing_attributes
from coxa.report.topics.analyses.kinds.imputation import imputation_blocks
from coxa.report.topics.analyses.sensitivity import sensitivity_table
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from coxa.study.models.imputation import Branch
from coxa.tables.table import Table
from tests.spec.power_plan import MMRM, power_plan

IMPUTED: dict[str, Any] = {
    "estimand": "primary",
    "model": "imputation",
    "role": "sensitivity",
    "adjust": ["baseline * visit", "age"],
}


@cache
def report() -> Report[Any]:
    content = power_plan({"primary": MMRM}).model_dump(mode="json", exclude_unset=True)
    content["analyses"] |= {
        "mar": IMPUTED,
        "jump": IMPUTED | {"strategy": "j2r"},
        "worse": IMPUTED | {"deltas": {"add": {"exercise": -5}}, "relaxes": "Imputed outcomes are 5 points worse"},
    }
    content["assumptions"]["dropout"] = {"probability": 0.3}
    plan = study_of(content)
    assert isinstance(plan, ComparativeStudy)
    trial = coxa.simulate_study(plan, participants=90, truth_size=2000, seed=4)
    return coxa.analyse(coxa.read_cohort(trial.study, trial.tables))


def study() -> ComparativeStudy:
    plan = report().study
    assert isinstance(plan, ComparativeStudy)
    return plan


@cache
def blocks(name: str) -> tuple[Any, ...]:
    return tuple(imputation_blocks(report(), study().planned(name)))


def assumptions() -> Table:
    table = [block.table for block in blocks("mar") if isinstance(block, TableBlock)][-1]
    return table


def test_all_strategies_stand_side_by_side_with_the_first_analysis_alone() -> None:
    assert [row.label for row in assumptions().groups[0].rows] == [
        "Missing at random",
        "Copy increments in reference",
        "Copy reference",
        "Jump to reference",
        "Last mean carried forward",
    ]
    assert len(assumptions().groups) == 2
    assert [block.table.id for block in blocks("jump")] == ["imputed-jump"]
    assert blocks("primary") == ()


def test_each_row_says_what_is_assumed_in_the_names_of_the_plan() -> None:
    said = {str(row.label): str(row.cells[-1].text) for row in assumptions().groups[0].rows}
    assert said["Jump to reference"].startswith("After the event participants have the mean of Usual care")


def test_the_row_of_a_strategy_is_the_analysis_that_uses_it() -> None:
    shown = next(row for row in assumptions().groups[0].rows if row.label == "Jump to reference")
    frame = report().estimates.only(analysis="jump", term="difference", visit="w26", arm="exercise").frame
    assert shown.cells[0].text.startswith(f"{frame['estimate'].item():.1f}".replace("-", "\N{MINUS SIGN}"))


def test_there_is_a_map_for_each_comparison_whose_words_are_its_numbers() -> None:
    figures = [block.figure for block in blocks("mar") if isinstance(block, FigureBlock)]
    assert len(figures) == 2
    assert len(figures[0].data) == 21 * 21
    assert "Dashed: amounts that the observed outcomes make plausible" in figures[0].alt
    assert figures[0].svg().startswith("<svg")


def test_the_sensitivity_table_says_what_each_branch_assumes() -> None:
    table = sensitivity_table(study().planned("primary"), report().estimates)
    assert table is not None
    rows = table.groups[0].rows
    said = {str(row.label): row.cells[-1].text for row in rows}
    assert said["Jump"].startswith("After the event participants have the mean of Usual care")
    assert said["Worse"] == "Imputed outcomes are 5 points worse"


def test_all_participants_are_analysed() -> None:
    frame = report().estimates.only(analysis="mar", term="difference", visit="w26").frame
    assert (frame["n_participants"] == 60).all()
    assert (frame["n_observations"] < 60).all()


@pytest.mark.parametrize("arm", ["exercise", "manual_therapy"])
def test_a_tipping_point_is_reached_exactly(arm: str) -> None:
    (fit,) = report().fits["mar"]
    found = imputed_means(study().planned("mar"), fit, report().datasets["primary"])  # type: ignore[arg-type]
    tip = tipping_point(found, arm, against="usual_care", visit="w26")
    assert min(abs(tip.conf_low), abs(tip.conf_high)) < 1e-8


def test_a_strategy_that_the_data_do_not_allow_is_a_note_and_stops_nothing() -> None:
    content = power_plan({"primary": MMRM}).model_dump(mode="json", exclude_unset=True)
    content["estimands"]["primary"]["endpoint"]["measure"] = "value"
    content["analyses"] = {"primary": content["analyses"]["primary"], "jump": IMPUTED | {"strategy": "j2r"}}
    content["assumptions"]["dropout"] = {"probability": 0.3}
    plan = study_of(content)
    assert isinstance(plan, ComparativeStudy)
    trial = coxa.simulate_study(plan, participants=90, truth_size=2000, seed=4)
    found = coxa.analyse(coxa.read_cohort(trial.study, trial.tables))
    gone = found.datasets["primary"].frame.groupby("participant_id")["value"].agg(lambda values: values.isna().all())
    assert gone.any()  # of whom there is no last mean
    blocks_of_jump = imputation_blocks(found, plan.planned("jump"))
    table = [block.table for block in blocks_of_jump if isinstance(block, TableBlock)][-1]
    assert "Last mean carried forward" not in {row.label for row in table.groups[0].rows}
    assert any(str(note.text).startswith("Not shown, last mean carried forward: ") for note in table.footnotes)


TREE: dict[str, Any] = {
    "jump": {"strategy": "j2r"},
    "worse": {"label": "Five points worse", "deltas": {"add": {"exercise": -5}}},
    "jump_worse": {"strategy": "j2r", "deltas": {"add": {"exercise": -5}}},
}


@cache
def tree_report() -> Report[Any]:
    content = report().study.model_dump(mode="json", exclude_unset=True)
    content["analyses"] = {
        "primary": content["analyses"]["primary"],
        "tree": IMPUTED | {"branches": TREE},
        "drawn": IMPUTED | {"estimand": "response", "by": "multiple", "imputations": 20, "branches": {"j": {}}},
    }
    plan = study_of(content)
    assert isinstance(plan, ComparativeStudy)
    trial = coxa.simulate_study(plan, participants=90, truth_size=2000, seed=4)
    return coxa.analyse(coxa.read_cohort(trial.study, trial.tables))


@cache
def shown(name: str) -> tuple[Any, ...]:
    plan = tree_report().study
    assert isinstance(plan, ComparativeStudy)
    return tuple(imputation_blocks(tree_report(), plan.planned(name)))


def test_a_tree_has_every_branch_behind_the_one_that_it_differs_from() -> None:
    figure = next(block.figure for block in shown("tree") if isinstance(block, FigureBlock))
    assert figure.id == "tree-tree-exercise"
    assert figure.data["branch"].tolist() == ["tree", "worse", "jump", "jump_worse"]
    assert figure.data["label"].tolist()[1] == "Five points worse"
    moved = figure.data.set_index("branch")["estimate"]
    assert moved["worse"] < moved["tree"]
    assert figure.data["tipping_point"].isna().tolist() == [False, True, False, True]
    assert "As above. Added to imputed outcomes: -5 points in Exercise" in figure.alt
    assert "no difference" in figure.alt
    assert figure.svg().count("<circle") == 4


def test_a_branch_is_the_analysis_that_has_its_strategy() -> None:
    figure = next(block.figure for block in shown("tree") if isinstance(block, FigureBlock))
    alone = report().estimates.only(analysis="jump", term="difference", visit="w26", arm="exercise").frame
    own = figure.data.set_index("branch").loc["jump"]
    assert own["estimate"] == pytest.approx(alone["estimate"].item(), rel=1e-9)
    assert own["conf_low"] == pytest.approx(alone["conf_low"].item(), rel=1e-9)


def test_observed_and_imputed_outcomes_add_up_to_the_participants() -> None:
    table = next(block.table for block in shown("tree") if isinstance(block, TableBlock))
    for group in table.groups:
        whole, *parts = [[cell.statistics[0].value for cell in row.cells] for row in group.rows]
        assert [sum(each) for each in zip(*parts, strict=True)] == whole


def test_drawn_data_sets_show_their_number_and_what_is_missing() -> None:
    tables = {block.table.id: block.table for block in shown("drawn") if isinstance(block, TableBlock)}
    cost = tables["pooled-drawn"]
    assert [cell.rule for cell in cost.groups[0].rows[0].cells] == ["points_interval", "share", "share", "share"]
    assert "20 imputed data sets" in str(cost.footnotes[0].text)


def test_a_tree_of_responders_tips_where_its_analysis_does() -> None:
    """The amount is held against the analysis with that delta, a little below and a little above."""
    figure = next(
        block.figure for block in shown("drawn") if isinstance(block, FigureBlock) and "tree" in block.figure.id
    )
    tip, own = figure.data["tipping_point"][0], figure.data["p_value"][0] < 0.05
    assert np.isfinite(tip)
    assert "before responders are counted" in figure.alt
    plan = tree_report().study
    assert isinstance(plan, ComparativeStudy)
    planned, (fit,) = plan.planned("drawn"), tree_report().fits["drawn"]
    for factor, same in ((0.97, True), (1.03, False)):
        moved = Branch.model_validate({"deltas": {"add": {"exercise": factor * tip}}})
        sets = imputed_sets(planned, fit, tree_report().datasets["response"], moved)
        row = sets.results.estimates.only(arm="exercise", term="risk_difference", visit="w26").frame.iloc[0]
        assert bool((row["p_value"] < 0.05) == own) == same


def test_the_card_of_an_estimand_says_what_is_assumed_of_missing_outcomes() -> None:
    plan = tree_report().study
    assert isinstance(plan, ComparativeStudy)
    said = dict(missing_attributes(plan, "primary"))["Missing outcomes"]
    assert said.startswith("Tree: Missing outcomes follow")
