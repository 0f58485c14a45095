"""The estimand in words comes from the plan, so that title and contrast cannot disagree."""

from __future__ import annotations

from coxa.sentences import join_words
from coxa.study.wording import estimand_attributes, estimand_title, model_formula, responder_words
from tests.spec.test_study_read import PLAN, parse


def test_the_five_attributes_in_the_order_of_the_guideline() -> None:
    attributes = dict(estimand_attributes(parse(PLAN), "primary"))
    assert list(attributes) == [
        "Treatment",
        "Population",
        "Endpoint",
        "Intercurrent events",
        "Population-level summary",
    ]
    assert attributes["Treatment"] == "Exercise therapy, against Usual care"
    assert attributes["Endpoint"] == (
        "change from baseline in pain at Week 12 (range 0 to 100 points, higher is better)"
    )
    assert attributes["Intercurrent events"].startswith("Hip surgery: hypothetical (values after the event are")


def test_the_title_follows_the_plan() -> None:
    assert estimand_title(parse(PLAN), "primary") == (
        "change from baseline in pain at Week 12: Exercise therapy against Usual care"
    )
    swapped = PLAN.replace("compare: exercise, against: usual_care", "compare: usual_care, against: exercise")
    assert estimand_title(parse(swapped), "primary").endswith("Usual care against Exercise therapy")


def test_the_responder_rule_reads_in_the_direction_of_the_outcome() -> None:
    rule = "responder: {measure: value, at_least: 40, source: made up}, range: [0, 100], higher_is_better: "
    high = parse(PLAN.replace("range: [0, 100], higher_is_better: ", rule))
    low = parse(PLAN.replace("range: [0, 100], higher_is_better: true", rule + "false"))
    assert responder_words(high, "pain") == "a value of at least 40 points (made up)"
    assert responder_words(low, "pain") == "a value of at most 40 points (made up)"


def test_one_formula_per_analysis_and_no_visit_in_an_ancova() -> None:
    two_visits = PLAN.replace("  week_12: {day: 84", "  week_6: {day: 42}\n  week_12: {day: 84")
    assert model_formula(parse(two_visits), "main") == "change ~ arm * visit + baseline * visit + site"
    options = PLAN.replace("model: mmrm", "model: ancova").replace(", covariance: [UN]", "")
    ancova = parse(options)
    assert model_formula(ancova, "main") == "change ~ arm + baseline + site"


def test_words_are_joined_as_in_a_sentence() -> None:
    assert [join_words(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
