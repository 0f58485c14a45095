"""Items imputed before scores in a plan: which forms, what stays, and what a report says of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.analyses.imputed.items import imputed_items, with_items
from coxa.report.document import TableBlock
from coxa.report.report import Report
from coxa.report.topics.analyses.kinds.imputation import imputation_blocks
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of

ITEMS: dict[str, Any] = {
    "estimand": "primary",
    "model": "imputation",
    "role": "sensitivity",
    "adjust": ["baseline * visit"],
}


def plan(outcome: dict[str, Any] | None = None, **options: Any) -> ComparativeStudy:
    content = {
        "study": "items",
        "title": "Items before scores",
        "arms": {"usual": {"reference": True}, "exercise": {}},
        "visits": {"baseline": {"day": 0}, "w6": {"day": 42}, "w12": {"day": 84}},
        "outcomes": {"pain": outcome or {"instrument": "hoos", "scale": "pain"}},
        "estimands": {
            "primary": {
                "treatment": {"compare": "exercise", "against": "usual"},
                "endpoint": {"outcome": "pain", "measure": "change", "visit": "w12"},
            }
        },
        "analyses": {
            "main": {"estimand": "primary", "model": "mmrm", "adjust": ["baseline * visit"]},
            "items": ITEMS | {"items": "impute"} | options,
            "rule": ITEMS,
        },
        "assumptions": {
            "participants": 100,
            "outcomes": {
                "pain": {"scale": "items", "baseline": {"mean": 50, "sd": 15}, "mean_change": {"exercise": 8}}
            },
            "dropout": {"probability": 0.2, "item_gaps": 0.08},
        },
    }
    if outcome:
        content["assumptions"]["outcomes"] = {}
        del content["assumptions"]
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


@cache
def report() -> Report[Any]:
    trial = coxa.simulate_study(plan(), truth_size=2000, seed=2)
    return coxa.analyse(coxa.read_cohort(trial.study, trial.tables))


def test_partly_answered_forms_get_a_score_of_whole_answers() -> None:
    dataset, planned = report().datasets["primary"], report().study.planned("items")
    found = imputed_items(planned, dataset)
    assert found is not None
    answers = dataset.items.set_index(["participant_id", "visit"])
    lacking = answers.isna().sum(axis=1)
    partly = lacking[(lacking > 0) & (lacking <= 5)]
    assert set(found.scores.set_index(["participant_id", "visit"]).index) == set(partly.index)
    assert found.table["n_items"].sum() == partly.sum()
    steps = found.scores["imputed"].to_numpy(dtype=float) / 2.5
    assert steps == pytest.approx(np.rint(steps))
    assert (found.scores["imputed"] - found.scores["by_rule"]).abs().max() <= 50
    assert abs((found.scores["imputed"] - found.scores["by_rule"]).mean()) < 1


def test_values_of_whole_forms_and_missing_ones_stay() -> None:
    dataset, planned = report().datasets["primary"], report().study.planned("items")
    before, after = dataset.frame, with_items(planned, dataset)
    found = imputed_items(planned, dataset)
    assert found is not None
    keys = set(map(tuple, found.scores[["participant_id", "visit"]].to_numpy()))
    own = [(str(p), str(v)) in keys for p, v in zip(before["participant_id"], before["visit"], strict=True)]
    whole = ~np.array(own)
    pd.testing.assert_series_equal(before.loc[whole, "value"], after.loc[whole, "value"])
    assert after["value"].isna().equals(before["value"].isna())
    assert after["change"].to_numpy() == pytest.approx((after["value"] - after["baseline"]).to_numpy(), nan_ok=True)


def test_the_rule_is_used_without_the_key() -> None:
    dataset = report().datasets["primary"]
    assert imputed_items(report().study.planned("rule"), dataset) is None
    numbers = report().estimates.only(term="difference", visit="w12").frame.set_index("analysis")["estimate"]
    assert numbers["items"] != numbers["rule"]
    assert numbers["items"] == pytest.approx(numbers["rule"], abs=1.5)


def test_a_report_lists_what_was_imputed() -> None:
    blocks = imputation_blocks(report(), report().study.planned("items"))
    (table,) = [one.table for one in blocks if isinstance(one, TableBlock) and one.table.id == "imputed-items-items"]
    found = imputed_items(report().study.planned("items"), report().datasets["primary"])
    assert found is not None
    shown = [[cell.statistics[0].value for cell in row.cells] for row in table.groups[0].rows]
    assert shown == found.table[["n_forms", "n_items"]].astype(float).to_numpy().tolist()
    assert "Items without an answer" in str(analysis_methods(report(), report().study.planned("items")))


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ({"range": [0, 100], "higher_is_better": True}, "has no instrument"),
        ({"instrument": "psfs"}, "choose their own items"),
        ({"instrument": "nprs"}, "only where all items are answered"),
    ],
)
def test_where_there_are_no_items_to_impute_the_plan_is_refused(outcome: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        plan(outcome)
    found = [error.get("ctx", {}).get("problems", [error["msg"]]) for error in caught.value.errors()]
    assert said in " ".join(getattr(one, "message", str(one)) for each in found for one in each)
