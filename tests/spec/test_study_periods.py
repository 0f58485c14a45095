"""Treatments in periods: what a plan may say, what is planted and found, and what a report has of it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

import coxa
from coxa.analyses.periods import in_periods
from coxa.design import power_crossover, williams
from coxa.errors import OptionError, PlanError
from coxa.simulate import trial_design
from coxa.simulate.from_plan.truths import true_values
from coxa.study.reading.read import parse_study
from tests.spec.period_trial import plan, rows

ASSUMED = """
assumptions:
  participants: 24
  outcomes:
    pain: {baseline: {mean: 50, sd: 8}, shared_change: {p1: -2, p2: -5}, treatments: {tb: -6}, carry_over: {tb: 3},
           correlation: 0.7, scale: continuous}
"""
FOUR = ("abdc", "bcad", "cdba", "dacb")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sba: [tb, ta]", "sba: [tb]", "1 treatments and there are 2 periods"),
        ("sba: [tb, ta]", "sba: [tb, tc]", "tc"),
        ("sba: [tb, ta]", "sba: [ta, tb]", "same treatment in each period"),
        (", sba: [tb, ta]", "", "the sequence of sba is not given"),
        ("visits: [p1, p2]\nvisits", "visits: [p2, p1]\nvisits", "order of their days"),
        ("ta: Treatment A", "sab: Treatment A, ta: X", "name of an arm too"),
        ("against: ta", "against: sab", "sab"),
        ("model: crossover", "model: mmrm", "Use crossover"),
        ("model: crossover", "model: crossover, carry_over: adjusted", "cannot be separated from"),
        ("model: crossover", "model: crossover, adjust: [sequence]", "Take it out of `adjust`"),
        ("measure: value", "measure: percent_change", "cannot analyse a percent change"),
        ("design: crossover", "design: parallel", "periods"),
    ],
)
def test_faults_name_the_key_and_the_remedy(old: str, new: str, said: str) -> None:
    text = plan().decode().replace("Treatment a", "Treatment A")
    assert old in text
    with pytest.raises(PlanError) as caught:
        parse_study(text.replace(old, new).encode())
    assert said in str(caught.value)


def test_treatments_in_periods_need_their_design() -> None:
    text = plan().decode()
    start, end = text.index("periods:\n"), text.index("visits:\n  baseline")
    with pytest.raises(PlanError) as caught:
        parse_study((text[:start] + text[end:]).encode())
    assert "periods" in str(caught.value)


def test_carry_over_can_be_told_in_a_williams_design_and_not_in_two_periods() -> None:
    two, four = (parse_study(plan(sequences)) for sequences in (("ab", "ba"), FOUR))
    assert not two.periods.carry_over_is_estimable()
    assert four.periods.carry_over_is_estimable()
    assert parse_study(plan(FOUR, "carry_over: adjusted")).analyses["main"].carry_over == "adjusted"


def test_rows_are_of_the_treatment_received() -> None:
    study = parse_study(plan(("ab", "ba")))
    data = rows({"id": [1, 1, 2, 2], "sequence": ["ab", "ab", "ba", "ba"], "period": [1, 2, 1, 2], "y": [1, 2, 3, 4]})
    found = in_periods(study, data.frame)
    assert found["arm"].tolist() == ["ta", "tb", "tb", "ta"]
    assert found["carried"].tolist() == ["ta", "ta", "ta", "tb"]
    assert found["sequence"].tolist() == ["sab", "sab", "sba", "sba"]
    assert found["period"].tolist() == ["1", "2", "1", "2"]


def test_the_truth_is_the_planted_effect_without_carry_over() -> None:
    design = trial_design(parse_study(plan(more=ASSUMED)))
    (value,) = true_values(design).values
    assert (value.arm, value.reference, value.visit) == ("tb", "ta", "")
    assert value.value == pytest.approx(-6.0, abs=1e-10)
    arm, visit = design.arms.index("sba"), design.visits.index("p2")
    assert design.means[arm, 0, visit] == pytest.approx(50 - 5 + 3)


def test_a_report_compares_treatments_and_describes_sequences(tmp_path: Path) -> None:
    trial = coxa.simulate_study(parse_study(plan(more=ASSUMED.replace("carry_over: {tb: 3},", ""))), seed=1)
    report = coxa.analyse(trial)
    rows_of = report.estimates.frame
    difference = rows_of[rows_of["term"] == "difference"].iloc[0]
    assert (difference["arm"], difference["reference"], difference["visit"]) == ("tb", "ta", "")
    assert difference["n_participants"] == 24
    assert difference["conf_low"] < -6 < difference["conf_high"]
    page = report.write(tmp_path)[0].read_text(encoding="utf-8")
    for text in ("Randomised crossover trial", "by sequence and period", "Carry-over", "Treatment b minus Treatment a"):
        assert text in page
    assert "The reference arm" not in page


def test_a_williams_design_is_balanced_for_treatment_and_what_it_follows() -> None:
    for names in ("ab", "abc", "abcd", "abcde"):
        sequences = list(williams(list(names)).values())
        assert all(len(set(Counter(column).values())) == 1 for column in zip(*sequences, strict=True))
        follows = Counter(pair for row in sequences for pair in pairwise(row))
        assert len(follows) == len(names) * (len(names) - 1)
        assert len(set(follows.values())) == 1
    with pytest.raises(OptionError, match="two treatments"):
        williams(["a"])


def test_power_of_a_crossover_is_that_of_half_the_differences() -> None:
    found = power_crossover(sd=15, correlation=0.7, difference=8, n=10)
    assert found.std_error == pytest.approx(15 * (2 * 0.3) ** 0.5 / 2 * (2 / 10) ** 0.5)
    assert found.df == 18
    with pytest.raises(OptionError, match="correlation"):
        power_crossover(sd=15, correlation=1, difference=8, n=10)
