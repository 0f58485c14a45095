"""The assumptions of a plan: what is read, and how a fault is answered."""

from __future__ import annotations

import re

import numpy as np
import pytest

from coxa.errors import PlanError
from coxa.study.assumptions.correlation import matrix_problem, nearest_correlation, visit_matrix
from coxa.study.assumptions.course import Course
from coxa.study.reading.read import parse_study
from tests.spec.assumed_trial import ASSUMED, SMALL, assumed, hip_oa_text


def said(old: str, new: str, more: str = "", design: str = "") -> str:
    """Return the findings about the small plan with one thing changed."""
    assert old in ASSUMED
    with pytest.raises(PlanError) as error:
        assumed(ASSUMED.replace(old, new), more=more, design=design)
    return error.value.findings.as_text()


def test_every_key_may_be_left_out() -> None:
    study = assumed("assumptions: {}\n")
    assert study.assumptions is not None
    assert study.assumptions.dropout.probability == 0
    assert parse_study(SMALL.replace("DESIGN", "").encode()).assumptions is None


def test_the_plan_of_the_worked_example_can_be_given_assumptions() -> None:
    study = parse_study(hip_oa_text().encode())
    assert study.assumptions is not None
    exercise = study.assumptions.outcomes["pain"].mean_change["exercise"]
    assert isinstance(exercise, Course)
    assert study.assumptions.outcomes["pain"].mean_change["manual_therapy"] == {
        "week_6": 6,
        "week_12": 6,
        "week_26": 4,
        "week_52": 2.5,
    }


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("sd: 15}", "sd: -15}", r"line 45.*a standard deviation is above 0, this one is -15"),
        ("correlation: 0.6", "correlation: 1.6", r"a correlation lies between -1 and 1, this one is 1.6"),
        ("mean: 55", "mean: 155", r"the mean 155 lies outside the range, 0 to 100.*in the unit of the outcome"),
        ("exercise: {week_6", "excercise: {week_6", r'no arm "excercise".*did you mean exercise'),
        ("week_12: -7", "week_21: -7", r'no visit after baseline "week_21".*Choose one of week_6, week_12'),
        ("{week_6: -4, week_12: -7}", "{plateau: -7, platau_day: 84}", r"did you mean plateau_day"),
        ("{week_6: -4, week_12: -7}", "{plateau: -7}", r"the key `plateau_day` is required"),
        ("exercise: 60", "exercise: 60, other: 4", r'no arm "other"'),
        ("usual_care: 60, ", "", r"no number for usual_care"),
        ("    pain:", "    pane:", r'no outcome "pane"'),
        ("scale: continuous", "scale: items", r"items belong to an instrument.*`scale: bounded`"),
    ],
)
def test_a_fault_is_answered_with_its_remedy(old: str, new: str, answer: str) -> None:
    assert re.search(answer, said(old, new))


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ("  dropout: {probability: 15}\n", r"a probability lies between 0 and 1, this one is 15.*Write 0.15 for 15%"),
        ("  dropout: {probability: 0.1, odds_ratio: 1.4}\n", r"Write `mechanism: mar`, or `mnar`"),
        ("  dropout: {probability: 0.1, mechanism: mnar}\n", r"mnar needs an `odds_ratio` other than 1"),
        ("  events: {surgry: {probability: 0.1}}\n", r'no intercurrent event "surgry".*did you mean surgery'),
        ("  events: {surgery: {probability: 0.1, keeps: 0.5}}\n", r"`keeps` belongs to `switch_to`"),
        ("  clusters: {site: {number: 4}}\n", r"'site' is a covariate with 3 levels"),
        ("  clusters: {therapist: {number: 4}}\n", r'no cluster "therapist".*did you mean therapist_id'),
        ("  clusters: {therapist_id: {number: 4, within: clinic}}\n", r'no higher cluster "clinic"'),
        (
            "  clusters: {therapist_id: {number: 4, within: site_id}, site_id: {number: 4, within: therapist_id}}\n",
            r"nested in each other in a circle",
        ),
        ("  covariates: {sex: {mean: 3}}\n", r"'sex' is a category.*Give the `shares`"),
        ("  covariates: {sex: {shares: {female: 0.6, male: 0.6}}}\n", r"the shares add up to 1.2"),
        ("  covariates: {age: {shares: {old: 1}}}\n", r"'age' is a number"),
        ("  dose_response: 0.5\n", r"a dose needs sessions"),
        ("  conditions: {hip_osteoarthritis: {share: 0.5}}\n", r"conditions add up to 0.5"),
    ],
)
def test_a_fault_of_another_part_is_answered_with_its_remedy(more: str, answer: str) -> None:
    assert re.search(answer, said("assumptions:", "assumptions:", more))


def test_a_cluster_trial_has_clusters_nested_in_arms() -> None:
    answer = said("assumptions:", "assumptions:", "  clusters: {site_id: {number: 8}}\n", "design: cluster")
    assert "own_per_arm: true" in answer


def test_a_matrix_that_is_no_correlation_is_answered_with_the_nearest() -> None:
    text = said("correlation: 0.6", "correlation: [[1, 0.9, 0.1], [0.9, 1, 0.9], [0.1, 0.9, 1]]")
    assert "not positive definite" in text
    proposed = re.search(r"nearest that can: (\[\[.*\]\])", text)
    assert proposed is not None
    assumed(ASSUMED.replace("correlation: 0.6", f"correlation: {proposed.group(1)}"))  # no fault
    assert "symmetric" in said("correlation: 0.6", "correlation: [[1, 0.5, 0.1], [0.4, 1, 0.5], [0.1, 0.5, 1]]")
    assert "is 3 x 3, this one has 2 x 2" in said("correlation: 0.6", "correlation: [[1, 0.5], [0.5, 1]]")
    assert "equally long" in said("correlation: 0.6", "correlation: [[1, 0.5], [0.5, 1, 2]]")
    assert "1 on its diagonal" in said("correlation: 0.6", "correlation: [[1, 0, 0], [0, 2, 0], [0, 0, 1]]")


def test_nearest_correlation_reproduces_the_published_example() -> None:
    """Higham 2002, section 4: the nearest correlation matrix of [[1, 1, 0], [1, 1, 1], [0, 1, 1]]."""
    wrong = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    expected = np.array([[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]])
    assert nearest_correlation(wrong, least=0.0) == pytest.approx(expected, abs=1e-4)


def test_a_correlation_matrix_is_its_own_nearest() -> None:
    right = visit_matrix(0.6, 4)
    assert nearest_correlation(right) == pytest.approx(right, abs=1e-12)
    assert matrix_problem(right, ["a", "b", "c", "d"], "between visits") is None


def test_a_course_sets_in_reaches_its_plateau_and_wanes_but_not_beyond_nothing() -> None:
    course = Course(plateau=-12, onset_day=14, plateau_day=84, waning_per_year=6, waning_from=182)
    days = [0, 14, 49, 84, 182, 182 + 365.25, 2000]
    assert [course.at(day) for day in days] == pytest.approx([0, 0, -6, -12, -12, -6, 0])


@pytest.mark.parametrize(
    "course", ["{plateau: 5, onset_day: 84, plateau_day: 42}", "{plateau: 5, plateau_day: 42, waning_from: 10}"]
)
def test_a_course_in_the_wrong_order_is_refused(course: str) -> None:
    assert re.search(r"the plateau .* comes after|before its plateau", said("{week_6: -4, week_12: -7}", course))
