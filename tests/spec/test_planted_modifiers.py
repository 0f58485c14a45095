"""Effects that are planted to change with a covariate: what is drawn, what is true, and what a report shows of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import coxa
from coxa.cohort.checks.evidence import evidence_findings
from coxa.errors import OptionError, PlanError
from coxa.report.build import build_document
from coxa.simulate import SimulatedTrial, Truth, estimand_frame, true_values
from coxa.simulate.from_plan.design import TrialDesign, trial_design
from coxa.simulate.from_plan.draw import draw_outcomes
from coxa.simulate.from_plan.modified_truths import _exact, _simulated
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.spec.test_study_read import faults

TABLE = {40: 0, 60: 0, 80: -10}


def plan(modifiers: dict[str, Any], scale: str = "continuous", **outcome: Any) -> dict[str, Any]:
    """Return the plan of a trial with two visits whose effect is 6 points of a score."""
    return {
        "study": "modified",
        "title": "An effect that changes",
        "design": "parallel",
        "arms": {"usual": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise"}},
        "visits": {"baseline": {"day": 0}, "week_6": {"day": 42}, "week_12": {"day": 84}},
        "outcomes": {
            "pain": {
                "label": "Pain",
                "range": [-100, 200] if scale == "continuous" else [0, 100],
                "unit": "points",
                "higher_is_better": False,
            }
        },
        "covariates": {
            "age": {"label": "Age", "type": "number", "unit": "years", "range": [18, 95]},
            "sex": {"label": "Sex", "type": "category", "levels": {"female": "Female", "male": "Male"}},
        },
        "estimands": {
            "pain": {
                "treatment": {"compare": "exercise", "against": "usual"},
                "endpoint": {"outcome": "pain", "measure": "change", "visit": "week_12"},
            }
        },
        "analyses": {
            "primary": {
                "estimand": "pain",
                "role": "primary",
                "model": "mmrm",
                "adjust": ["baseline"],
                "modifiers": [name for name in modifiers if name != "sex"],
                "subgroups": ["sex"],
            }
        },
        "assumptions": {
            "participants": 240,
            "covariates": {"age": {"mean": 60, "sd": 9}, "sex": {"shares": {"female": 0.7, "male": 0.3}}},
            "outcomes": {
                "pain": {
                    "baseline": {"mean": 50, "sd": 15},
                    "mean_change": {"exercise": -6},
                    "scale": scale,
                    "modifiers": modifiers,
                    **outcome,
                }
            },
        },
    }


def design_from(held: dict[str, Any]) -> TrialDesign:
    study = study_of(held)
    assert isinstance(study, ComparativeStudy)
    return trial_design(study)


def design_of(modifiers: dict[str, Any], scale: str = "continuous", **outcome: Any) -> TrialDesign:
    return design_from(plan(modifiers, scale, **outcome))


@pytest.mark.parametrize(
    "modifiers",
    [
        {"age": {"exercise": -0.3}},
        {"age": {"exercise": TABLE}},
        {"sex": {"exercise": {"female": -3, "male": 4}}},
        {"baseline": {"exercise": -0.25}},
        {"age": {"exercise": TABLE}, "sex": {"exercise": {"male": 4}, "usual": {"male": 1}}},
    ],
)
def test_mean_effect_and_spread_are_those_assumed(modifiers: dict[str, Any]) -> None:
    design = design_of(modifiers, covariates={"age": 0.3}, sd=16)
    n = 60_000
    for arm, change in enumerate((0.0, -6.0)):
        drawn = draw_outcomes(design, 5, arm=np.full(n, arm, dtype=np.intp))
        value = drawn.complete[:, 0, :]
        assert value.mean(axis=0) == pytest.approx([50, 50 + change, 50 + change], abs=4 * 16 / n**0.5)
        assert value.std(axis=0) == pytest.approx([15, 16, 16], rel=0.012)


@pytest.mark.parametrize("given", [-0.3, TABLE])
def test_the_difference_over_a_number_is_the_planted_one(given: Any) -> None:
    design = design_of({"age": {"exercise": given}}, covariates={"age": 0.3})
    (curve,) = true_values(design).curves
    assert (curve.obtained, curve.modifier) == ("exact", "age")
    n = 150_000
    two = [draw_outcomes(design, 5, arm=np.full(n, arm, dtype=np.intp)) for arm in (0, 1)]
    for low in (48, 60, 71):
        means = []
        for drawn in two:
            near = np.abs(drawn.covariates["age"] - low) < 1.5
            means.append(drawn.complete[near, 0, 2].mean())
        around = curve.at([low - 1, low, low + 1]).mean()
        assert means[1] - means[0] == pytest.approx(around, abs=0.9)  # four standard errors of the smallest group
    slopes = np.diff(curve.at([62, 72, 45, 55]))[[0, 2]]
    expected = [-3.0, -3.0] if given == -0.3 else [-5.0, 0.0]
    assert slopes == pytest.approx(expected, abs=1e-9)


def test_the_mean_of_the_curve_is_the_mean_effect() -> None:
    design = design_of({"age": {"exercise": TABLE}})
    age = draw_outcomes(design, 3, arm=np.zeros(100_000, dtype=np.intp)).covariates["age"]
    truth = true_values(design)
    assert np.nanmean(truth.curves[0].at(age)) == pytest.approx(-6.0, abs=0.1)
    assert truth.value("pain", "exercise").value == pytest.approx(-6.0)


def test_the_slope_on_the_baseline_differs_by_what_is_planted() -> None:
    design = design_of({"baseline": {"exercise": -0.25}})
    n = 60_000
    slopes = []
    for arm in (0, 1):
        value = draw_outcomes(design, 5, arm=np.full(n, arm, dtype=np.intp)).complete[:, 0, :]
        slopes.append(np.polyfit(value[:, 0], value[:, 2], 1)[0])
    assert slopes[1] - slopes[0] == pytest.approx(-0.25, abs=0.015)
    (curve,) = true_values(design).curves
    assert curve.at([50, 60]) == pytest.approx([-6.0, -8.5])


@pytest.mark.parametrize("scale", ["continuous", "bounded"])
def test_the_difference_over_the_baseline_where_covariates_modify_too(scale: str) -> None:
    modifiers = {"age": {"exercise": {50: 0, 60: 0, 70: -10}}, "baseline": {"exercise": -0.2}}
    design = design_of(modifiers, scale, covariates={"age": 0.6, "sex": {"male": 6}}, correlation=0.5)
    curve = next(one for one in true_values(design).curves if one.modifier == "baseline")
    assert (curve.obtained, curve.monte_carlo_error < 0.1) == ("simulation", True)
    n = 200_000
    two = [draw_outcomes(design, 5, arm=np.full(n, arm, dtype=np.intp)).complete[:, 0, :] for arm in (0, 1)]
    for at in (30, 50, 70):
        means = []
        for value in two:
            near = np.abs(value[:, 0] - at) < 1.5
            means.append((value[near, 2].mean(), value[near, 2].std() / near.sum() ** 0.5))
        error = float(np.hypot(means[0][1], means[1][1]))
        assert means[1][0] - means[0][0] == pytest.approx(curve.at([at])[0], abs=4 * error + 0.05)


@pytest.mark.parametrize("modifiers", [{"age": {"exercise": TABLE}}, {"sex": {"exercise": {"male": 8}}}])
def test_the_closed_form_at_the_ends_of_a_scale_is_that_of_participants(modifiers: dict[str, Any]) -> None:
    design = design_of(modifiers, "bounded", baseline={"mean": 20, "sd": 15}, covariates={"age": 0.3})
    plan_ = design.study.estimands["pain"]
    name = next(iter(modifiers))
    values = np.array([45.0, 60.0, 75.0]) if name == "age" else np.array([0.0, 1.0])
    exact = _exact(design, plan_, name, values, (1, 0), 2)
    found, error = _simulated(design, "pain", plan_, name, values, (1, 0), 2, seed=8)
    assert found == pytest.approx(exact, abs=4 * error)
    assert np.ptp(exact) < 9.9  # the floor takes a part of the effect away


def test_who_does_not_start_has_no_effect_to_be_changed() -> None:
    study = plan({"age": {"exercise": -0.3}})
    study["assumptions"]["not_started"] = {"exercise": 0.25}
    design = design_from(study)
    (curve,) = true_values(design).curves
    assert curve.at([60, 70]) == pytest.approx([-4.5, -4.5 - 0.75 * 3.0], abs=0.01)
    found, error = _simulated(design, "pain", design.study.estimands["pain"], "age", [70.0], (1, 0), 2, seed=8)
    assert found[0] == pytest.approx(curve.at([70])[0], abs=4 * error)


@pytest.mark.parametrize("how", [{}, {"keeps": 0.5}, {"copies": True}])
def test_who_switches_has_the_modifiers_of_the_arm_that_is_followed(how: dict[str, Any]) -> None:
    study = plan({"age": {"exercise": -0.6}})
    study["intercurrent_events"] = {"stops": {"label": "Stops"}}
    study["estimands"]["pain"]["intercurrent_events"] = {"stops": {"strategy": "treatment_policy"}}
    study["assumptions"]["events"] = {"stops": {"probability": 0.999, "switch_to": "usual", **how}}
    design = design_from(study)
    n = 40_000
    two = [draw_outcomes(design, 5, arm=np.full(n, arm, dtype=np.intp)) for arm in (0, 1)]
    late = [drawn.events["stops"] > 42 for drawn in two]
    slopes = [
        np.polyfit(drawn.covariates["age"][mine], drawn.complete[mine, 0, 2], 1)[0]
        for drawn, mine in zip(two, late, strict=True)
    ]
    # of correlations of 0.6: what is left at week 12 of a difference at week 6, given the baseline
    kept = 0.6 * (1 - 0.6) / (1 - 0.6**2) if "copies" in how else how.get("keeps", 0.0)
    assert slopes[1] - slopes[0] == pytest.approx(-0.6 * kept, abs=0.05)


@cache
def reported() -> tuple[SimulatedTrial, Any]:
    study = study_of(plan({"age": {"exercise": -0.5}, "sex": {"exercise": {"male": 5}}}))
    assert isinstance(study, ComparativeStudy)
    trial = coxa.simulate_study(study, seed=4)
    return trial, coxa.analyse(trial)


def test_estimates_of_a_trial_stand_beside_the_planted_curve() -> None:
    trial, report = reported()
    found = trial.truth.beside_curves(report.estimates.frame)
    band = found[found["term"] == "band_at_value"]
    assert len(band) == 21
    assert band["inside"].all()
    assert np.polyfit(band["value"].astype(float), band["truth"], 1)[0] == pytest.approx(-0.5, abs=1e-6)
    levels = found[found["term"] == "subgroup_difference"].set_index("value")["truth"]
    assert levels["male"] - levels["female"] == pytest.approx(5.0)
    assert 0.7 * levels["female"] + 0.3 * levels["male"] == pytest.approx(-6.0)


def test_curves_come_back_from_json() -> None:
    trial, _ = reported()
    back = Truth.from_json(trial.truth.to_json())
    assert back.to_json() == trial.truth.to_json()
    assert back.curve("pain", "age", "exercise", "week_12") is not None


def test_without_modifiers_a_trial_is_what_it_was() -> None:
    one, two = (design_of(given) for given in ({}, {"age": {"exercise": 0.0}}))
    frames = [estimand_frame(design, draw_outcomes(design, 7), "pain") for design in (one, two)]
    assert np.allclose(frames[0]["change"], frames[1]["change"], equal_nan=True)


@pytest.mark.parametrize(
    ("modifiers", "message"),
    [
        ({"height": {"exercise": 1}}, 'no covariate "height"'),
        ({"age": {"other": 1}}, 'no arm "other"'),
        ({"age": {"exercise": {60: 1}}}, "a table needs two values"),
        ({"age": {"exercise": {"old": 1, "young": 2}}}, "'age' is a number"),
        ({"sex": {"exercise": 1}}, "'sex' is a category"),
        ({"sex": {"exercise": {"other": 1}}}, 'no level "other"'),
        ({"baseline": {"exercise": {40: 0, 60: 2}}}, "write one number"),
    ],
)
def test_a_modifier_that_does_not_fit_is_refused(modifiers: dict[str, Any], message: str) -> None:
    study = plan(modifiers)
    study["analyses"]["primary"]["modifiers"] = []
    found = faults(yaml.safe_dump(study))
    assert any(message in fault for _, _, fault in found), found


def test_modifiers_that_take_more_than_the_variance_are_refused() -> None:
    with pytest.raises(PlanError, match="cannot be simulated") as error:
        design_of({"age": {"exercise": -3.0}})
    assert "modifiers" in str(error.value.findings)


def test_the_report_has_the_planted_curve_and_levels() -> None:
    trial, report = reported()
    tables = {table.id: table for table in build_document(report).tables()}
    table = tables["modifier-age-primary"]
    assert [str(column.label) for column in table.columns][-1] == "Planted"
    row = table.groups[0].rows[0]
    curve = trial.truth.curve("pain", "age", "exercise", "week_12")
    assert curve is not None
    value = report.estimates.only(term="difference_at_value").frame["analysis"].iloc[0]
    expected = curve.at([str(value).partition("=")[2].removesuffix("]")])[0]
    assert str(row.cells[-1].text) == f"{expected:.1f}".replace("-", "\N{MINUS SIGN}")
    notes = [note.text for note in tables["subgroups-primary"].footnotes]
    assert any("Female \N{MINUS SIGN}7.5, Male \N{MINUS SIGN}2.5" in str(note) for note in notes)


def test_a_plan_names_the_truth_and_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    trial, _ = reported()
    path = tmp_path / "truth.json"
    path.write_text(trial.truth.to_json(), encoding="utf-8")
    options = trial.study.report.model_copy(update={"truth": str(path)})
    study = trial.study.model_copy(update={"report": options})
    again = coxa.analyse(study, dict(trial.tables))
    assert again.truth is not None
    assert again.truth.to_json() == trial.truth.to_json()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(OptionError, match="is no truth of a simulated trial"):
        coxa.analyse(study, dict(trial.tables))
    path.unlink()
    assert [found.field for found in evidence_findings(study)] == ["report.truth"]
