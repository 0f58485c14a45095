"""Series of n-of-1 trials: what a plan may say, how orders are read, what is planted and found, what a report has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.analyses.blocks import in_blocks
from coxa.design import power_n_of_1
from coxa.errors import CoxaError, OptionError, PlanError
from coxa.n_of_1 import block_differences, day_effect, person_effect, pool_series
from coxa.n_of_1.series import series_model
from coxa.report.topics.analyses.kinds.people_days import days_of_people
from coxa.simulate import trial_design
from coxa.simulate.from_plan.own_sequences import effects_on_days, orders, sequence_words
from coxa.simulate.from_plan.truths import true_values
from coxa.study.kinds import NOfOneTrial
from coxa.study.reading.read import parse_study
from coxa.tables.characters import plain
from tests.spec.test_study_read import faults

WORKED = (Path(__file__).parents[2] / "analyses/n_of_1/study.yaml").read_text(encoding="utf-8")

PLAN = """
study: heat
title: Heat, a series of n-of-1 trials
design: n_of_1
blocks: {treatments: {usual: Usual, heat: Heat}, number: 3, period_days: 5, run_in_days: 1}
outcomes:
  pain: {label: Pain, source: {table: daily_diary, field: pain}}
estimands:
  pain: {treatment: {compare: heat, against: usual}, endpoint: {outcome: pain}}
analyses:
  main: {estimand: pain, role: primary, model: n_of_1}
assumptions:
  participants: 12
  diary:
    last_day: 30
    pain: {start: 5, sd: 1, day_sd: 0.6, treatments: {heat: -1}, treatment_sd: {heat: 0.5}, carry_over_days: 0.5}
    training: {days: 0}
"""


def plan(*changes: tuple[str, str]) -> bytes:
    text = PLAN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def test_arm_visits_windows_and_endpoint_follow_from_the_blocks() -> None:
    study = parse_study(plan())
    assert list(study.arms) == ["total"]
    assert [(name, visit.day) for name, visit in study.visits.items()][:3] == [
        ("baseline", 0), ("period_1", 5), ("period_2", 10)]  # fmt: skip
    assert study.estimands["pain"].endpoint.visit == tuple(f"period_{k}" for k in range(1, 7))
    assert study.outcomes["pain"].source.days_at(10) == (7, 10)


def test_what_the_plan_says_itself_is_kept() -> None:
    said = "visits: {screening: {day: 0, label: Screening}, period_2: {label: The second}}\noutcomes:\n"
    study = parse_study(plan(("outcomes:\n", said), ("field: pain}", "field: pain, days: 3}")))
    assert "baseline" not in study.visits
    assert (study.visits["period_2"].label, study.visits["period_2"].day) == ("The second", 10)
    assert study.outcomes["pain"].source.days_at(10) == (8, 10)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("number: 3", "number: 1", "number"),
        ("run_in_days: 1", "run_in_days: 5", "Leave at least one"),
        ("model: n_of_1", "model: crossover", "Use n_of_1"),
        ("model: n_of_1", "model: mmrm", "Use n_of_1"),
        ("compare: heat", "compare: cold", "cold"),
        ("{heat: -1}", "{cold: -1}", "cold"),
        ("outcomes:\n", "visits: {period_2: {day: 11}}\noutcomes:\n", "ends on day 10"),
        ("outcomes:\n", "arms: {a: {}, b: {reference: true}}\noutcomes:\n", "treatments are under `blocks`"),
    ],
)
def test_faults_name_the_key_and_the_remedy(old: str, new: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_study(plan((old, new)))
    assert said in str(caught.value)


def test_the_model_needs_its_design() -> None:
    parallel = """
study: p
title: P
arms: {a: {reference: true}, b: {}}
visits: {baseline: {day: 0}, end: {day: 7}}
outcomes: {pain: {range: [0, 10], unit: points, higher_is_better: false}}
estimands: {pain: {treatment: {compare: b, against: a}, endpoint: {outcome: pain, visit: end}}}
analyses: {main: {estimand: pain, model: n_of_1}}
"""
    with pytest.raises(PlanError) as caught:
        parse_study(parallel.encode())
    assert "model n_of_1" in str(caught.value)


def frame(sequences: dict[str, str]) -> pd.DataFrame:
    visits = [f"period_{k}" for k in range(1, 7)]
    rows = [(who, visit, words, float(k)) for who, words in sequences.items() for k, visit in enumerate(visits)]
    made = pd.DataFrame(rows, columns=["participant_id", "visit", "sequence", "value"])
    return made.assign(visit=pd.Categorical(made["visit"], categories=visits))


def test_rows_are_of_the_treatment_that_was_taken() -> None:
    study = parse_study(plan())
    found = in_blocks(study, frame({"a": "usual heat heat usual heat usual", "b": "heat, usual; heat > usual"}))
    mine = found[found["participant_id"] == "a"]
    assert mine["arm"].tolist() == ["usual", "heat", "heat", "usual", "heat", "usual"]
    assert mine["block"].tolist() == [1, 1, 2, 2, 3, 3]
    assert len(found[found["participant_id"] == "b"]) == 4  # periods without a treatment are not there


def test_wrong_orders_are_findings_with_rows() -> None:
    trial = coxa.simulate_study(parse_study(plan()), seed=1, truth_size=500)
    people = trial.tables["participants"].copy()
    assert "arm" not in people
    people.loc[0, "sequence"] = "heat heat usual usual heat usual"
    people.loc[1, "sequence"] = "heat usual heat usual"
    people.loc[2, "sequence"] = None
    people.loc[3, "sequence"] = "heat usual heat ice heat usual"
    cohort = coxa.read_cohort(trial.study, {**trial.tables, "participants": people})
    said = {(one.severity, one.rule) for one in cohort.findings if one.field == "sequence"}
    assert ("error", "the order of treatments is not one of the plan: block 1 has heat twice") in said
    assert ("error", "the order of treatments is not one of the plan: ice is not a treatment of the plan") in said
    assert ("warning", "the order of treatments is not known") in said
    assert ("note", "the order of treatments has fewer than 6 periods") in said


def test_orders_are_drawn_within_blocks_and_do_not_depend_on_others() -> None:
    blocks = parse_study(plan()).blocks
    drawn = orders(blocks, 400, 3).reshape(400, 3, 2)
    assert (drawn.sum(axis=2) == 1).all()
    assert abs(drawn[:, :, 0].mean() - 0.5) < 0.05
    assert sequence_words(blocks, 400, 3)[0].split()[0] in ("usual", "heat")


def test_effects_build_up_and_fade_with_the_time_constant() -> None:
    study = parse_study(plan(("treatment_sd: {heat: 0.5}, ", "")))
    pain = study.assumptions.diary.pain
    found = effects_on_days(study, pain, 2, 30, 1, 5)
    taken = [[word == "heat" for word in words.split()] for words in sequence_words(study.blocks, 2, 5)]
    level = 0.0
    for day in range(30):
        level = np.exp(-2) * level + (1 - np.exp(-2)) * (-1.0 if taken[0][day // 5] else 0.0)
        assert found[0, day] == pytest.approx(level, abs=1e-12)


def test_the_planted_mean_and_spread_come_back() -> None:
    study = parse_study(plan(("participants: 12", "participants: 150")))
    truth = true_values(trial_design(study), n=4000).values[0]
    assert truth.value == pytest.approx(-1.0, abs=0.04)
    report = coxa.analyse(coxa.simulate_study(study, seed=2, truth_size=500))
    row = report.estimates.frame.query("term == 'difference'").iloc[0]
    assert row["conf_low"] < truth.value < row["conf_high"]
    (fit,) = report.fits["main"]
    sd = fit.variance_components.set_index("factor")["sd"]
    assert sd["participant_id"] == pytest.approx(0.5, abs=0.12)


def test_an_outcome_at_visits_has_its_exact_truth() -> None:
    measured = "{label: Pain, range: [0, 100], unit: points, higher_is_better: false}"
    study = parse_study(
        plan(
            ("{label: Pain, source: {table: daily_diary, field: pain}}", measured),
            ("  diary:\n", "  outcomes: {pain: {baseline: {mean: 50, sd: 8}, treatments: {heat: -6}, "
             "treatment_sd: {heat: 3}, correlation: 0.8, scale: continuous}}\n  diary:\n"),
        )
    )  # fmt: skip
    truth = true_values(trial_design(study)).values[0]
    assert (truth.value, truth.obtained) == (-6.0, "exact")
    report = coxa.analyse(coxa.simulate_study(study, seed=4))
    row = report.estimates.frame.query("term == 'difference'").iloc[0]
    assert row["conf_low"] < -6 < row["conf_high"]


def test_a_report_shows_each_person_and_shares_none(tmp_path: Path) -> None:
    report = coxa.analyse(coxa.simulate_study(parse_study(plan()), seed=6, truth_size=500))
    page = plain(report.write(tmp_path / "own")[0].read_text(encoding="utf-8"))
    for text in ("Series of randomised n-of-1 trials", "Effect in the next person", "Person 12", "over all periods",
                 "CENT 2015", "randomisation test"):  # fmt: skip
        assert text in page
    answer = page[: page.index("For whom?")]
    assert "Alike in everyone?" in answer
    assert "; in another person it is expected from" in answer
    shared = report.write(tmp_path / "shared", share=True)[0].read_text(encoding="utf-8")
    assert "Person 12" not in shared
    assert "as it shows single participants" in shared
    assert "Effect in the next person" in shared


def test_means_are_of_participants_and_not_of_periods() -> None:
    report = coxa.analyse(coxa.simulate_study(parse_study(plan()), seed=6, truth_size=500))
    means = report.estimates.frame.query("term == 'marginal_mean'")
    assert set(means["n_participants"]) == {12}
    assert set(means["n_observations"]) == {12}


def test_blocks_with_one_treatment_are_left_out_and_days_are_averaged() -> None:
    rows = pd.DataFrame({"participant_id": 1, "block": [1, 1, 1, 2, 2], "period": [1, 1, 2, 3, 4],
                         "treatment": list("aabba"), "y": [4.0, 6, 3, 2, np.nan]})  # fmt: skip
    found = block_differences(rows, "y", compare="b", against="a")
    assert found[["block", "difference", "order"]].to_numpy().tolist() == [[1, -2.0, 0.5]]
    with pytest.raises(OptionError, match="two periods of block 1"):
        block_differences(rows.assign(block=1), "y", compare="b", against="a")
    with pytest.raises(OptionError, match="no column 'z'"):
        block_differences(rows, "z", compare="b", against="a")
    assert block_differences(rows.head(2), "y", compare="b", against="a").empty


def test_one_person_alone_is_estimated_and_says_nothing_of_others() -> None:
    rows = pd.DataFrame({"participant_id": "a", "difference": [1.0, 2, 4], "order": [0.5, -0.5, 0.5]})
    found = pool_series(rows, order=False)
    assert found.estimate == pytest.approx(7 / 3)
    assert found.df == 2
    assert np.isnan(found.sd_between)
    assert np.isnan(found.prediction_low)
    assert "People" in str(found)


def test_one_block_of_everybody_is_refused() -> None:
    rows = pd.DataFrame({"participant_id": list("abc"), "difference": [1.0, 2, 4], "order": 0.5})
    with pytest.raises(OptionError, match="two blocks or more"):
        series_model(rows, order=True, ddf="kenward-roger", reml=True)
    short = plan(("participants: 12", "participants: 3"))
    trial = coxa.simulate_study(parse_study(short), seed=1, truth_size=500)
    people = trial.tables["participants"].assign(sequence="heat usual")
    with pytest.raises(CoxaError, match=r"two blocks or more|3 people have 3 blocks"):
        coxa.analyse(trial.study, {**trial.tables, "participants": people})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([], [], []), "0 days"),
        (([1, 2], [0, 1], [1]), "numbers"),
        ((np.arange(8), [0, 1] * 4, [1] * 8), "twice"),
        ((np.arange(8), [1] * 8, np.arange(8)), "both treatments"),
    ],
)
def test_days_that_cannot_be_used_are_named(arguments: tuple, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        day_effect(*arguments)


def test_person_effects_without_numbers_are_refused() -> None:
    with pytest.raises(OptionError, match="no number"):
        person_effect([np.nan])
    with pytest.raises(OptionError, match="21 blocks"):
        person_effect(np.ones(21))
    assert np.isnan(person_effect([1.0]).p_value)


def test_power_is_that_of_the_means_of_people() -> None:
    found = power_n_of_1(sd_within=1.5, sd_between=0.8, blocks=4, difference=0.8, n=20)
    assert found.std_error == pytest.approx(np.sqrt((0.8**2 + 1.5**2 / 4) / 20))
    assert found.df == 19
    with pytest.raises(OptionError, match="blocks"):
        power_n_of_1(sd_within=1, sd_between=0, blocks=1, difference=1, n=10)


# -- washout -----------------------------------------------------------------------------------------------------------


def with_washout(days: int, last: int) -> str:
    text = WORKED.replace("  period_days: 7", f"  period_days: 7\n  washout_days: {days}")
    return text.replace("last_day: 56", f"last_day: {last}")


def test_a_washout_lies_between_periods_and_the_effect_fades_in_it() -> None:
    text = with_washout(7, 105)
    study = parse_study(
        text.replace("carry_over_days: 0.8", "carry_over_days: 3").replace("{heat: 0.7}", "{heat: 0}").encode()
    )
    assert isinstance(study, NOfOneTrial)
    assert [study.visits[name].day for name in study.blocks.visits] == [7, 21, 35, 49, 63, 77, 91, 105]
    part = study.assumptions
    assert part is not None
    assert part.diary is not None
    added = effects_on_days(study, part.diary.pain, 6, 105, 1, seed=3)
    words = sequence_words(study.blocks, 6, seed=3)
    for person, row in enumerate(words):
        first = row.split()[0] == "heat"
        level = added[person]
        assert level[6] == pytest.approx(-(1 - np.exp(-7 / 3)) if first else 0.0)
        assert level[13] == pytest.approx(level[6] * np.exp(-7 / 3))  # a week without treatment


def test_days_of_a_washout_are_not_analysed() -> None:
    text = with_washout(3, 77)
    study = parse_study(text.encode())
    assert isinstance(study, NOfOneTrial)
    trial = coxa.simulate_study(study, seed=5, truth_size=500)
    report = coxa.analyse(trial)
    planned = report.study.planned("primary")
    people = report.cohort.table("participants")
    days = days_of_people(report, planned, "heat", people)
    assert days is not None
    within = (days["day"] - 1) % 10 + 1
    assert within.max() == 7
    assert (days["analysed"] == (within > 2)).all()
    diary = trial.tables["daily_diary"]
    rows = report.datasets["pain"].analysed
    one = rows[(rows["visit"].astype(str) == "period_2")].iloc[0]
    own = days[(days["participant_id"] == one["participant_id"]) & (days["period"] == 2) & days["analysed"]]
    assert own["day"].between(13, 17).all()
    assert one["value"] == pytest.approx(own["value"].mean())
    assert len(diary) > len(days)


def test_the_end_of_a_period_is_that_with_its_washouts() -> None:
    text = with_washout(3, 77).replace("visits:\n", "visits:\n  period_2: {day: 14}\n", 1)
    found = faults(text)
    assert any("with 3 days of washout between them, ends on day 17" in fault for *_, fault in found), found
