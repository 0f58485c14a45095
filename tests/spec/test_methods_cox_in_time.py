"""`split_at` of `model: cox`: a hazard ratio in each part of follow-up, its call, words and table, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.analyses.methods import method_of
from coxa.errors import FitError, OptionError, PlanError
from coxa.models import fit_cox, split_follow_up
from coxa.report.build import build_document
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.reading.read import parse_study
from tests.spec.test_methods_times import plan, rows, run

CUTS = [40, 91]
PLAN = Path(__file__).parents[2] / "analyses" / "outcomes" / "return_to_sport.yaml"


def in_parts(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["analysis"].str.startswith("main[days=") & (found["term"] == "hazard_ratio")]


def test_a_participant_is_at_risk_in_each_part_until_the_event() -> None:
    data = pd.DataFrame({"time": [0.0, 8.0, 9.0, np.nan], "flare": [1, 1, 0, 1], "arm": ["a", "b", "b", "a"]})
    split = split_follow_up(data, at=[8], event="flare", arm="arm", against="b")
    assert split[["start", "time", "flare", "part", "a_1", "a_2"]].to_numpy().tolist() == [
        [-1, 0, 1, 1, 1, 0],
        [-1, 8, 1, 1, 0, 0],
        [-1, 8, 0, 1, 0, 0],
        [8, 9, 0, 2, 0, 0],
    ]
    for at in ([], [8, 8], [0, 3]):
        with pytest.raises(OptionError, match="Give times above 0, in ascending order"):
            split_follow_up(data, at=at, event="flare")


def test_cut_rows_without_another_effect_are_the_same_model() -> None:
    data = rows().assign(happened=lambda d: (d["status"] == 1).astype(int))
    whole = fit_cox("arm + age", data, time="time", event="happened")
    cut = fit_cox("arm + age", split_follow_up(data, at=CUTS, event="happened"), time="time", event="happened",
                  start="start")  # fmt: skip
    assert cut.coef == pytest.approx(whole.coef, rel=1e-9)
    assert cut.se == pytest.approx(whole.se, rel=1e-9)


def test_each_part_has_a_ratio_and_the_recorded_call_gives_both_models() -> None:
    study, frame = plan("cox", adjust=["age"], split_at=CUTS), rows()
    fits, found = run(study, frame)
    planned = study.planned("main")
    call = method_of(planned.analysis).recorded_call(planned, fits[0])
    main, parts = eval(call, {"fit_cox": fit_cox, "split_follow_up": split_follow_up, "data": frame})
    assert main.coef == pytest.approx(fits[0].model.coef, rel=1e-12)
    mine = in_parts(found)
    assert mine["analysis"].to_list() == ["main[days=0 to 40]", "main[days=41 to 91]", "main[days=92 to 182]"]
    assert np.log(mine["estimate"].to_numpy(dtype=float)) == pytest.approx(parts.coef[:3], rel=1e-9)
    assert mine["std_error"].to_numpy(dtype=float) == pytest.approx(parts.se[:3], rel=1e-9)
    left = [int((frame["time"] > start).sum()) for start in (-1, *CUTS)]
    assert mine["n_participants"].to_list() == left
    without = run(plan("cox", adjust=["age"]), frame)[1]
    assert found[found["analysis"] == "main"]["estimate"].to_list() == without["estimate"].to_list()


def test_the_test_is_that_of_no_change() -> None:
    """Wald's chi-square of equal coefficients, by hand from the fit."""
    found = run(plan("cox", split_at=[91]), rows())[1]
    one, two = in_parts(found)[["estimate", "std_error"]].astype(float).to_numpy()
    by_hand = (np.log(one[0]) - np.log(two[0])) ** 2 / (one[1] ** 2 + two[1] ** 2)
    test = found[found["analysis"] == "main[days=*]"].iloc[0]
    # without covariates the parts share no coefficient, so that their ratios are independent
    assert (test["statistic"], test["df"]) == (pytest.approx(by_hand, rel=1e-6), 1)


def test_a_part_without_an_event_in_an_arm_says_so_and_leaves_the_rest() -> None:
    frame = rows()
    none = (frame["arm"] == "usual") & (frame["time"] > 91) & (frame["status"] == 1)
    found = run(plan("cox", split_at=[91]), frame.assign(status=frame["status"].mask(none, 0)))[1]
    assert in_parts(found)["estimate"].isna().all()
    assert in_parts(found)["warning"].str.contains("no ratio in this part: the hazard ratio of `exercise_2`").all()
    assert found[(found["analysis"] == "main") & (found["term"] == "hazard_ratio")]["estimate"].notna().all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split_at": [91, 40]}, "in ascending order"),
        ({"split_at": [0]}, "above 0"),
        ({"split_at": [91], "adjust": ["arm * sex"]}, "take one out"),
    ],
)
def test_days_that_are_no_parts_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        plan("cox", **options)


def test_a_day_after_the_last_visit_is_a_fault_of_the_plan() -> None:
    content = plan("cox", split_at=[91]).model_dump(mode="json", exclude_unset=True)
    content["analyses"]["main"]["split_at"] = [182]
    with pytest.raises(PlanError, match="day 182 is not before the last visit of the estimand, day 182"):
        parse_study(json.dumps(content).encode())


def test_events_known_at_visits_are_not_split() -> None:
    with pytest.raises(FitError, match="grouped hazards are not split on other days"):
        run(plan("cox", split_at=[91], event={"known_at_visits": True}), rows())


def test_the_report_has_the_ratios_the_test_and_the_words() -> None:
    content = coxa.read_study(PLAN).model_dump(mode="json", exclude_unset=True)
    content["analyses"]["hazard"]["split_at"] = [60]
    trial = coxa.simulate_study(parse_study(json.dumps(content).encode()), seed=1, truth_size=1000)
    report = coxa.analyse(trial)
    table = next(one for one in build_document(report).tables() if one.id == "in-time-hazard")
    labels = [row.label for row in table.rows()]
    assert labels[-1] == "All parts alike"
    assert next(row.cells[0].text for row in table.rows()) == "0 to 60"
    assert "only those of the first part are as randomised" in str(table.footnotes[0].text)
    said = str(analysis_methods(report, report.study.planned("hazard")))
    assert "In a second model the hazard ratio could change after day 60: follow-up was split" in said
