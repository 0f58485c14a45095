"""`model: imputed_counts` in a plan: its numbers are those of the functions, its tree, its checks, and what is told."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.analyses.imputed.counts import PLANNED, SEEN, imputed_at
from coxa.estimates import model_rates
from coxa.impute import analyse_each, analyse_rates, impute_counts, pool_imputations, tipping_factor
from coxa.models import fit_glm
from coxa.report.document import FigureBlock, TableBlock
from coxa.report.report import Report
from coxa.report.topics.analyses.kinds import kind_blocks
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.report.trace.imputed import imputed_frame
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.spec.binary_counts_trial import PLAN, TREATMENT, tables
from tests.spec.test_impute_counts import falls, fitted

BRANCHES: dict[str, Any] = {
    "jump": {"strategy": "j2r"},
    "copy": {"strategy": "cr", "label": "As usual care all along"},
    "half": {"strategy": "j2r", "keeps": 0.5},
    "more": {"strategy": "j2r", "multiply": {"exercise": 2}},
}
TREE: dict[str, Any] = {
    "estimand": "injuries",
    "model": "imputed_counts",
    "role": "sensitivity",
    "adjust": ["age"],
    "imputations": 20,
}


def plan(events: dict[str, str] | None = None, **options: Any) -> ComparativeStudy:
    """Return a plan of injuries with their dates; participants stop treatment, and leave."""
    endpoint = {"outcome": "injury", "measure": "count", "visit": "month_6"}
    injuries = {"treatment": TREATMENT, "endpoint": endpoint, "summary": "rate_ratio"}
    content = {
        **PLAN,
        "covariates": {"age": {"type": "number", "unit": "years", "range": [18, 95]}},
        "outcomes": {"fell": PLAN["outcomes"]["fell"]},
        "visits": {"baseline": {"day": 0}, "month_3": {"day": 91}, "month_6": {"day": 182}},
        "intercurrent_events": {"stop": {"label": "Stopped treatment"}},
        "estimands": {"injuries": {**injuries, "intercurrent_events": events or {"stop": "hypothetical"}}},
        "analyses": {
            "seen": {"estimand": "injuries", "model": "counts", "adjust": ["age"]},
            "tree": TREE | {"branches": BRANCHES} | options,
        },
        "assumptions": {
            "participants": 200,
            "covariates": {"age": {"mean": 60, "sd": 8}},
            "outcomes": {"fell": {"risk": 0.2}},
            "dropout": {"probability": 0.25},
            "events": {"stop": {"probability": {"exercise": 0.25}}},
            "happenings": {"injury": {"number": {"usual": 2.0, "exercise": 1.2}, "variation": 0.6}},
        },
    }
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


@cache
def report() -> Report[Any]:
    trial = coxa.simulate_study(plan(), truth_size=2000, seed=3)
    return coxa.analyse(coxa.read_cohort(trial.study, trial.tables))


def study() -> ComparativeStudy:
    found = report().study
    assert isinstance(found, ComparativeStudy)
    return found


@cache
def shown() -> tuple[Any, ...]:
    return tuple(kind_blocks(report(), study().planned("tree")))


def test_rates_of_all_data_sets_are_those_of_single_fits() -> None:
    d = falls(200)
    imputed = impute_counts(fitted(d), d, "year", reference="usual", strategy="j2r", draws=6)
    found = analyse_rates(imputed, "~ arm", against="usual", per=2)

    def one(data: pd.DataFrame) -> Any:
        fit = fit_glm("falls ~ arm", data, family="negative_binomial", exposure="seen")
        return model_rates(fit, against="usual", averaging="counterfactual", per=2)

    single = analyse_each(imputed, one)
    assert found.labels["term"].tolist() == single.labels["term"].tolist()
    assert found.estimates == pytest.approx(single.estimates, rel=1e-9)
    assert found.variances == pytest.approx(single.variances, rel=1e-6)


def test_the_conclusion_changes_at_the_tipping_factor() -> None:
    d = falls(300)
    fit, term = fitted(d), "rate_ratio"
    tip = tipping_factor(
        impute_counts(fit, d, "year", reference="usual", draws=40), "~ arm", "exercise", against="usual"
    )
    assert tip.significant
    for factor, clear in ((tip.factor * 0.98, True), (tip.factor * 1.02, False)):
        moved = impute_counts(fit, d, "year", reference="usual", factor={"exercise": factor}, draws=40)
        table = pool_imputations(analyse_rates(moved, "~ arm", against="usual")).table
        assert bool(table.loc[table["term"] == term, "p_value"].iloc[0] < 0.05) == clear


def test_a_share_that_is_kept_lies_between_a_jump_and_missing_at_random() -> None:
    d = falls(300)
    fit = fitted(d)
    more = {
        name: impute_counts(fit, d, "year", reference="usual", draws=5, **options).after
        for name, options in {
            "mar": {},
            "jump": {"strategy": "j2r"},
            "half": {"strategy": "j2r", "keeps": 0.5},
        }.items()
    }
    assert more["half"] == pytest.approx((more["mar"] + more["jump"]) / 2)


def test_a_kind_of_event_has_its_strategy() -> None:
    d = falls(100).assign(kind=["surgery", "left"] * 50)
    fit = fitted(d)
    mixed = impute_counts(
        fit, d, "year", reference="usual", strategy={"surgery": "mar", "left": "j2r"}, event="kind", draws=4
    )
    alone = {
        word: impute_counts(fit, d, "year", reference="usual", strategy=word, draws=4).after  # type: ignore[arg-type]
        for word in ("mar", "j2r")
    }
    own = (d["kind"] == "surgery").to_numpy()
    assert mixed.after[:, own] == pytest.approx(alone["mar"][:, own])
    assert mixed.after[:, ~own] == pytest.approx(alone["j2r"][:, ~own])


def test_the_plan_gives_the_numbers_of_the_functions() -> None:
    planned = study().planned("tree")
    rows = report().datasets["injuries"].frame
    d = rows.assign(time=182.0, exposure=rows["exposure"].astype(float))
    fit = fit_glm("count ~ arm + age", d[d["exposure"] > 0], family="negative_binomial", exposure="exposure")
    imputed = impute_counts(fit, d, "time", reference="usual", draws=20, seed=1)
    expected = pool_imputations(analyse_rates(imputed, "~ arm + age", against="usual", per=365)).table
    found = report().estimates.only(analysis="tree", term="rate_ratio").frame.iloc[0]
    row = expected[expected["term"] == "rate_ratio"].iloc[0]
    assert found["estimate"] == pytest.approx(row["estimate"], rel=1e-9)
    assert found["std_error"] == pytest.approx(row["std_error"], rel=1e-9)
    assert found["n_participants"] == 200
    assert planned.analysis.model == "imputed_counts"


def test_a_report_has_the_time_not_seen_and_the_tree_on_a_log_axis() -> None:
    tables = {one.table.id: one.table for one in shown() if isinstance(one, TableBlock)}
    rows = {
        str(row.label): [cell.statistics[0].value for cell in row.cells]
        for row in tables["imputed-tree-month-6"].groups[0].rows
    }
    parts = ("Seen for the whole planned time", "Seen for a part of it", "Not seen")
    assert np.sum([rows[name] for name in parts], axis=0).tolist() == rows["In the analysis"]
    tree = next(one.figure for one in shown() if isinstance(one, FigureBlock) and one.figure.id.startswith("tree"))
    data = tree.data.set_index("branch")
    assert list(data.index) == ["tree", "jump", "more", "copy", "half"]
    assert data.loc["jump", "estimate"] > data.loc["half", "estimate"] > data.loc["tree", "estimate"]
    assert data["tipping_point"].isna().tolist() == [False, False, True, False, False]
    assert "times the rate" in tree.svg()
    assert "log scale" in tree.svg()
    assert "Rates of the time not seen are multiplied by 2 in Exercise therapy" in tree.alt


def test_a_report_says_who_had_which_event() -> None:
    table = next(one.table for one in shown() if isinstance(one, TableBlock) and one.table.id == "events-had-tree")
    (row,) = table.groups[0].rows
    assert str(row.label) == "Stopped treatment (hypothetical)"
    events = report().cohort.table("intercurrent_events")
    people = report().cohort.table("participants").set_index("participant_id")["arm"].astype(str)
    arms = events["participant_id"].drop_duplicates().map(people).value_counts()
    expected = [int(arms.get(arm, 0)) for arm in ("usual", "exercise")]
    assert [cell.statistics[0].value for cell in row.cells] == expected
    assert sum(expected) > 0


def test_a_branch_is_the_analysis_that_has_its_assumption() -> None:
    trial = coxa.simulate_study(plan(branches={}, strategy="j2r"), truth_size=2000, seed=3)
    alone = coxa.analyse(coxa.read_cohort(trial.study, trial.tables))
    row = alone.estimates.only(analysis="tree", term="rate_ratio").frame.iloc[0]
    tree = next(one.figure for one in shown() if isinstance(one, FigureBlock) and one.figure.id.startswith("tree"))
    assert tree.data.set_index("branch").loc["jump", "estimate"] == pytest.approx(row["estimate"], rel=1e-9)


def test_methods_and_imputed_events_say_what_is_assumed() -> None:
    said = str(analysis_methods(report(), study().planned("tree")))
    assert "was imputed many times" in said
    assert "Participants go on at the rate of their own arm" in said
    frame = imputed_frame(report())
    assert frame is not None
    planned = study().planned("tree")
    (fit,) = report().fits["tree"]
    imputed, _ = imputed_at(planned, fit, report().datasets["injuries"], 200)
    lacking = imputed.data[SEEN] < imputed.data[PLANNED]
    assert sorted(frame["participant_id"]) == sorted(imputed.data.loc[lacking, "participant_id"])
    assert frame["observed"].str.contains(r"\d+ events? in ").all()


def test_a_count_with_an_exposure_is_imputed_up_to_what_was_planned() -> None:
    """Who has no count was seen for no time; the rest is as of events with dates."""
    content = {**PLAN, "estimands": {"flares": PLAN["estimands"]["flares"]}}
    content["analyses"] = {"flares": TREE | {"estimand": "flares", "planned_exposure": 9}}
    found = coxa.analyse(coxa.read_cohort(study_of(content), tables()).require_clean())
    assert not found.not_fitted
    rows = found.estimates.only(analysis="flares", term="rate_ratio").frame
    assert rows["n_participants"].tolist() == [160]
    numbers = next(
        one.table
        for one in kind_blocks(found, found.study.planned("flares"))  # type: ignore[attr-defined]
        if isinstance(one, TableBlock) and one.table.id.startswith("imputed")
    )
    labels = {str(row.label): sum(cell.statistics[0].value for cell in row.cells) for row in numbers.groups[0].rows}
    assert labels["Not seen"] == 17


def test_a_half_is_kept_of_a_plan_without_an_exposure() -> None:
    content = {**PLAN, "estimands": {"flares": PLAN["estimands"]["flares"]}}
    content["outcomes"] = {"flares": {"kind": "count", "label": "Flares", "higher_is_better": False}}
    content["analyses"] = {"flares": TREE | {"estimand": "flares"}}
    rows = tables()
    rows["assessments"] = rows["assessments"].query("outcome == 'flares'")
    found = coxa.analyse(coxa.read_cohort(study_of(content), rows).require_clean())
    assert not found.not_fitted
    assert found.estimates.only(analysis="flares", term="rate_ratio").frame["n_participants"].tolist() == [160]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"keeps": 0.5}, "`keeps` is of `strategy: j2r`"),
        ({"multiply": {"exercise": 0}}, "give a factor above 0"),
        ({"multiply": {"manual": 2}}, "manual"),
        ({"strategies": {"surgery": "j2r"}}, "surgery"),
        ({"references": {"exercise": "sham"}}, "sham"),
        ({"planned_exposure": 3}, "remove `planned_exposure`"),
        ({"events": {"stop": "while_on_treatment"}}, "while on treatment"),
    ],
)
def test_what_a_plan_cannot_ask_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        plan(**options)
    found = [error.get("ctx", {}).get("problems", [error["msg"]]) for error in caught.value.errors()]
    assert said in " ".join(getattr(one, "message", str(one)) for each in found for one in each)
