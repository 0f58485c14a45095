"""The days of a diary by a location scale model in a plan: rows, numbers, truth, refusals, power and report."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import coxa
from coxa.analyses.planned import run_analysis
from coxa.derive import derive_dataset
from coxa.errors import OptionError, PlanError
from coxa.models import LocationScaleFit, day_rows, fit_location_scale
from coxa.report.build import build_document
from coxa.report.document import FigureBlock, TableBlock
from coxa.simulate import estimand_frame, trial_design, true_values
from coxa.study.kinds import study_of

PLAN = Path(__file__).parents[2] / "analyses" / "steady_days" / "study.yaml"
RATIO = 1.0 / 1.3
"""Planted."""
DIARY = {"table": "daily_diary", "field": "pain", "days": 14}


def keys(**changes: Any) -> dict[str, Any]:
    written = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    for name in ("level", "variability"):  # days that were not written: tests/spec/test_missing_days.py
        written["analyses"][name]["missing_days"] = {"weights": False}
    for path, value in changes.items():
        *steps, last = path.split("__")
        part = written
        for step in steps:
            part = part[step]
        part[last] = value
    return written


@cache
def cohort():
    trial = coxa.simulate_study(study_of(keys()), seed=1, truth_size=1_000)
    return coxa.read_cohort(trial.study, trial.tables)


@cache
def analysed(name: str):
    study = coxa.read_study(PLAN)
    dataset = derive_dataset(cohort(), study.analyses[name].estimand)
    (run,), estimates, *_ = run_analysis(study, name, study.analyses[name], dataset)
    return run, estimates.frame, dataset


def test_windows_are_rows_of_days():
    rows = pd.DataFrame(
        {
            "participant_id": ["a", "b"], "arm": ["x", "y"], "value": [4.5, np.nan],
            "window_days": [(1, 15), ()], "window_values": [(4.0, 5.0), ()],
        }
    )  # fmt: skip
    days = day_rows(rows)
    assert days[["participant_id", "arm", "study_day", "week", "value"]].to_numpy().tolist() == [
        ["a", "x", 1.0, -1.0, 4.0],
        ["a", "x", 15.0, 1.0, 5.0],
    ]
    with pytest.raises(OptionError, match="not as many values as days"):
        day_rows(rows.assign(window_values=[(4.0,), ()]))


def test_the_days_of_a_row_are_those_of_its_value():
    rows = analysed("level")[2].analysed
    means = rows["window_values"].map(np.mean)
    assert means.to_numpy() == pytest.approx(rows["value"].to_numpy())
    assert rows["window_days"].map(min).min() == 43
    assert rows["window_days"].map(max).max() == 56


def test_simulated_rows_are_the_derived_ones():
    study = coxa.read_study(PLAN)
    trial = coxa.simulate_study(study, seed=1, truth_size=1_000)
    design = trial_design(study)
    simulated = estimand_frame(design, trial.drawn, "level")
    derived = analysed("level")[2].frame
    both = derived.merge(simulated, on=["participant_id", "visit"], suffixes=("", "_drawn"))
    assert len(both) == len(derived)
    assert (both["window_days"] == both["window_days_drawn"]).all()
    assert (both["window_values"] == both["window_values_drawn"]).all()


def test_the_recorded_call_gives_the_fit_again_and_the_numbers_are_of_it():
    run, frame, dataset = analysed("level")
    names = {"fit_location_scale": fit_location_scale, "day_rows": day_rows}
    again = eval(run.spec.call(), {**names, "data": dataset.analysed})
    assert isinstance(again, LocationScaleFit)
    assert again.params.equals(run.model.params)
    by = frame.set_index(["term", "arm"])
    assert by.loc[("difference", "exercise"), "estimate"] == pytest.approx(again.params["arm[exercise]"])
    assert by.loc[("difference", "exercise"), "std_error"] == pytest.approx(again.bse["arm[exercise]"])
    ratio, row = again.sd_ratio("arm[exercise]"), by.loc[("within_person_sd_ratio", "exercise")]
    for name in ("estimate", "conf_low", "conf_high", "p_value"):
        assert row[name] == pytest.approx(ratio[name])
    sds = [by.loc[("within_person_sd", arm), "estimate"] for arm in ("exercise", "usual_care")]
    assert sds[0] / sds[1] == pytest.approx(ratio["estimate"])
    people = run.model.persons.shape[0]
    assert row["df"] == people - 3  # intercept, arm, baseline
    assert row["n_participants"] == people


def test_an_estimand_of_the_variability_has_no_rows_of_the_level():
    assert set(analysed("variability")[1]["term"]) == {"within_person_sd", "within_person_sd_ratio"}


def test_covariates_of_the_variance_are_averaged_on_the_log_scale():
    study = study_of(keys(analyses__level={
        "estimand": "level", "model": "location_scale", "variance": ["baseline"], "vcov": "CR0", "ddf": "normal",
    }))  # fmt: skip
    (run,), estimates, *_ = run_analysis(study, "level", study.analyses["level"], derive_dataset(cohort(), "level"))
    fit, frame = run.model, estimates.frame.set_index(["term", "arm"])
    baseline = fit.designs["within"].frame["baseline"].to_numpy()
    once = pd.Series(baseline).groupby(fit.who).first().mean()
    log_variance = fit.params["within: Intercept"] + fit.params["within: baseline"] * once
    assert frame.loc[("within_person_sd", "usual_care"), "estimate"] == pytest.approx(np.exp(log_variance / 2))
    assert np.isnan(frame.loc[("difference", "exercise"), "df"])


def test_the_truth_is_what_was_planted_and_is_inside_the_limits():
    study = study_of(keys(assumptions__diary__pain__day_sd_spread=0.0))
    values = {one.estimand: one for one in true_values(trial_design(study), n=4_000).values}
    assert values["variability"].value == pytest.approx(RATIO, abs=0.004)
    assert values["variability"].monte_carlo_error < 0.002
    assert values["level"].value == pytest.approx(-0.8, abs=0.02)


def test_variability_differs_from_randomisation_on_only():
    rows = cohort().table("daily_diary")
    people = cohort().table("participants").set_index("participant_id")
    start = pd.to_datetime(rows["participant_id"].map(people["randomisation_date"]))
    day = (pd.to_datetime(rows["diary_date"]) - start).dt.days
    arm = rows["participant_id"].map(people["arm"])
    known = rows.assign(day=day, arm=arm, pain=rows["pain"].astype(float)).dropna(subset="pain")
    sds = known.groupby([known["day"] >= 1, "arm", "participant_id"])["pain"].std().groupby(level=[0, 1]).median()
    assert sds[False, "exercise"] / sds[False, "usual_care"] == pytest.approx(1.0, abs=0.15)
    assert sds[True, "exercise"] / sds[True, "usual_care"] < 0.9


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"outcomes__pain__source": {**DIARY, "take": "max"}}, "is not a mean"),
        ({"outcomes__pain__source": {**DIARY, "days": 2}}, "has 2 days"),
        ({"outcomes__pain": {"range": [0, 10], "unit": "points", "higher_is_better": False}}, "has no days"),
        ({"analyses__level__adjust": ["week"]}, "is in the model by its kind"),
        ({"analyses__ancova__estimand": "variability"}, "ancova"),
        ({"estimands__variability__endpoint__measure": "change"}, "change"),
    ],
)  # fmt: skip
def test_what_has_no_days_is_refused(changes, fault, tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(keys(**changes)), encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        coxa.read_study(tmp_path / "study.yaml")
    assert fault in raised.value.findings.to_frame().to_string()


def test_power_is_of_the_plans_own_model():
    found = coxa.simulated_power(coxa.read_study(PLAN), 40, replicates=3, analyses=["variability"]).frame
    assert found["estimate"].notna().all() if "estimate" in found else found["power"].notna().all()
    assert found["truth"].iloc[0] == pytest.approx(RATIO, abs=0.01)


def test_the_report_has_both_sides_of_the_days():
    report = coxa.analyse(cohort())
    document = build_document(report)
    tables, figures = {}, {}

    def walk(section):
        for block in section.blocks:
            if isinstance(block, TableBlock):
                tables[block.table.id] = block.table
            if isinstance(block, FigureBlock):
                figures[block.figure.id] = block.figure
        for one in section.sections:
            walk(one)

    for section in document.sections:
        walk(section)
    table = tables["variability-level-week-8"]
    assert [group.label for group in table.groups] == [
        "SD of the days of an average participant", "Ratio of these", "Participants",
    ]  # fmt: skip
    figure = figures["variability-sd-level-week-8"]
    assert "95% of participants" in figure.alt
    assert figure.svg().startswith("<svg")
    assert "variability-pain" in tables
