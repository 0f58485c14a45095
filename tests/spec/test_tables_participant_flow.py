"""The flow of participants: counted by hand, in every design, and refused where it does not add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from coxa.derive import derive_dataset
from coxa.errors import DataError
from coxa.report.topics.missing.patterns import reasons_table
from coxa.report.topics.participants.flow.check import check_flow, flow_sums
from coxa.report.topics.participants.flow.people import KEPT_ON, NO_REASON, STAYED, STOPPED, STOPPED_TREATMENT
from coxa.report.topics.participants.flow.record import Box, Count, Flow
from coxa.report.topics.participants.flow.table import flow_table
from tests.spec.flow_trial import OUTSIDE, PEOPLE, Assessed, Person, cohort, flow_of, numbers, plan


def test_a_tiny_trial_counted_by_hand() -> None:
    flow = flow_of(cohort(plan(), PEOPLE, OUTSIDE))
    assert numbers(flow, "assessed") == {"Assessed for eligibility": 15}
    assert numbers(flow, "excluded") == {
        "Excluded": 6,
        "Not eligible": 3,
        "Not eligible: Other joint": 2,
        "Not eligible: Too ill": 1,
        "Declined to take part": 1,
        "Declined to take part: Reason not recorded": 1,
        "Other reasons": 2,
        "Other reasons: Not reached": 1,
        "Other reasons: Reason not recorded": 1,
    }
    assert numbers(flow, "enrolled") == {"Randomised": 9}
    assert numbers(flow, "allocated.a") == {
        "Allocated": 4,
        "Treated as allocated": 3,
        "Not treated as allocated": 1,
        "Not treated as allocated: Received Arm B": 1,
    }
    assert numbers(flow, "sessions.b") == {
        "Sessions": 5,
        "Attended at least half of the planned sessions": 3,
        "Attended fewer of the planned sessions": 1,
        "No sessions planned": 1,
    }
    assert flow.box("sessions.a") is None
    assert numbers(flow, "follow_up.b") == {
        "Follow-up": 5,
        "In follow-up to the end": 4,
        "Follow-up stopped": 1,
        "Follow-up stopped: Moved away": 1,
        "Follow-up stopped: Moved away: before Week 6": 1,
    }
    assert numbers(flow, "analysis.a") == {
        "Analysis": 4,
        "Analysed at Week 12": 2,
        "Not analysed at Week 12": 2,
        "Not analysed at Week 12: Excluded after randomisation: not eligible after all": 1,
        "Not analysed at Week 12: No value": 1,
        "Not analysed at Week 12: No value: follow-up had stopped": 1,
    }
    assert numbers(flow, "analysis.b") == {
        "Analysis": 5,
        "Analysed at Week 12": 1,
        "Not analysed at Week 12": 4,
        "Not analysed at Week 12: No value": 2,
        "Not analysed at Week 12: No value: follow-up had not stopped": 1,
        "Not analysed at Week 12: No value: follow-up had stopped": 1,
        "Not analysed at Week 12: After hip surgery (hypothetical)": 1,
        "Not analysed at Week 12: No baseline value": 1,
    }
    # The operated and the one without week 12 have a change at week 6; the others have none.
    assert numbers(flow, "other_visits.b") == {
        "Of those not analysed": 4,
        "With values at other visits, which the model uses": 2,
        "Not in the model at any visit": 2,
        "Not in the model at any visit: No baseline value": 1,
        "Not in the model at any visit: No value after baseline": 1,
    }


def test_without_a_screening_log_it_starts_at_randomisation_and_says_so() -> None:
    flow = flow_of(cohort(plan(), PEOPLE))
    assert next(box.id for box in flow.boxes) == "enrolled"
    assert flow.boxes[0].note == "Assessment for eligibility was not recorded."


def test_somebody_allocated_to_no_arm_is_excluded_for_that_reason() -> None:
    checked = cohort(plan(), PEOPLE, OUTSIDE)
    people = checked.tables["participants"]
    unallocated = replace(checked, tables={**checked.tables, "participants": people.assign(
        arm=people["arm"].mask(people["participant_id"] == "P000"))})  # fmt: skip
    flow = flow_of(unallocated)
    assert numbers(flow, "enrolled") == {"Randomised": 8}
    assert numbers(flow, "excluded")["Other reasons: Not allocated to an arm"] == 1


def test_treatment_not_started_is_seen_from_dates_where_no_arm_received_is_recorded() -> None:
    people = [Person("a"), Person("b", started=3), Person("b")]
    flow = flow_of(cohort(plan(model="ancova"), people))
    assert numbers(flow, "allocated.b")["Not treated as allocated: Treatment not started"] == 1
    assert numbers(flow, "allocated.a")["Treatment received not recorded"] == 1


def test_what_nobody_recorded_is_said_and_not_counted_as_none() -> None:
    flow = flow_of(cohort(plan(), [Person("a"), Person("b")]))
    allocated, follow_up = flow.box("allocated.a"), flow.box("follow_up.a")
    assert allocated
    assert follow_up
    assert (allocated.count.parts, allocated.note) == ((), "The treatment received is not recorded.")
    assert (follow_up.count.parts, follow_up.note) == ((), "No stop of follow-up is recorded.")


@pytest.mark.parametrize(
    ("day", "when"),
    [(0, "before Week 6"), (41, "before Week 6"), (42, "Week 6 to Week 12"), (84, "after Week 12")],
)
def test_a_stop_on_the_day_of_a_visit_is_after_it(day: int, when: str) -> None:
    flow = flow_of(cohort(plan(), [Person("a", stopped=day, why="moved"), Person("b")]))
    assert numbers(flow, "follow_up.a")[f"Follow-up stopped: Moved: {when}"] == 1


def test_a_stop_without_a_date() -> None:
    flow = flow_of(cohort(plan(), [Person("a", why="moved"), Person("b")]))
    assert numbers(flow, "follow_up.a")["Follow-up stopped: Moved: date not recorded"] == 1


def test_who_stopped_treatment_early_is_told_with_the_reason_and_stays_in_follow_up() -> None:
    people = [
        Person("a"),
        Person("b"),
        Person("b", ended=20, ended_why="flare of pain"),
        Person("b", ended_why=" no time"),
    ]
    flow = flow_of(cohort(plan(), [*people, Person("b", ended=30, stopped=50, why="moved")]))
    counted = {box.id: {part.label: part.n for part in box.count.parts} for box in flow.boxes}
    assert counted["treatment.b"] == {KEPT_ON: 1, STOPPED_TREATMENT: 3}
    assert counted["treatment.a"] == {KEPT_ON: 1, STOPPED_TREATMENT: 0}
    assert counted["follow_up.b"] == {STAYED: 3, STOPPED: 1}
    box = flow.box("treatment.b")
    assert box is not None
    reasons = {part.label: part.n for part in box.count.parts[1].parts}
    assert reasons == {"Flare of pain": 1, "No time": 1, NO_REASON: 1}


def test_no_box_tells_of_treatment_where_no_stop_is_recorded() -> None:
    assert flow_of(cohort(plan(), [Person("a"), Person("b")])).box("treatment.b") is None


def test_a_composite_strategy_keeps_the_operated_in_the_analysis() -> None:
    study = plan(surgery="{strategy: composite, value: worst}")
    flow = flow_of(cohort(study, [Person("a"), Person("b", surgery=50)]))
    assert numbers(flow, "analysis.b") == {"Analysis": 1, "Analysed at Week 12": 1, "Not analysed at Week 12": 0}


def test_several_visits_are_analysed_at_one_or_more() -> None:
    study = plan(visit="[week_6, week_12]")
    flow = flow_of(
        cohort(study, [Person("a"), Person("b", values=(50, 45, None)), Person("b", values=(50, None, None))])
    )
    assert numbers(flow, "analysis.b") == {
        "Analysis": 2,
        "Analysed at one or more of Week 6 and Week 12": 1,
        "Not analysed at any of Week 6 and Week 12": 1,
        "Not analysed at any of Week 6 and Week 12: No value": 1,
    }


def test_four_arms() -> None:
    flow = flow_of(cohort(plan("abcd"), [Person(arm) for arm in "aabbbccccd"]))
    assert [numbers(flow, f"allocated.{arm}")["Allocated"] for arm in "abcd"] == [2, 3, 4, 1]


def test_a_factorial_design_counts_its_factors_as_well() -> None:
    people = [*[Person(arm) for arm in "aabbbccccd"], Person("d", values=(50, None, None))]
    flow = flow_of(cohort(plan("abcd", design="factorial"), people))
    assert numbers(flow, "margin.exercise") == {
        "Analysed at Week 12, by exercise": 10, "With exercise": 4, "Without exercise": 6,
    }  # fmt: skip
    assert numbers(flow, "margin.manual") == {
        "Analysed at Week 12, by manual": 10, "With manual": 5, "Without manual": 5,
    }  # fmt: skip


def test_a_cluster_trial_counts_clusters_those_lost_as_a_whole_where_people_leave() -> None:
    gone: tuple[float | None, ...] = (50, None, None)
    people = [
        Person("a", site="K1"), Person("a", site="K1", values=gone),
        Person("a", site="K2", values=gone), Person("a", site="K2", values=gone),
        Person("b", site="K3"), Person("b", site="K4"),
    ]  # fmt: skip
    flow = flow_of(cohort(plan(design="cluster"), people, [Assessed(False, None, "too ill")]))
    analysis = flow.box("analysis.a")
    assert analysis
    assert flow.boxes[0].count.clusters == 4
    assert [(part.label, part.n, part.clusters) for part in analysis.count.parts] == [
        ("Analysed at Week 12", 1, 1), ("Not analysed at Week 12", 3, 1),
    ]  # fmt: skip
    shown = next(row for row in flow_table(flow).rows() if row.label == "Analysed at Week 12")
    assert [cell.text for cell in shown.cells] == ["1 [1]", "2 [2]", "3 [3]"]


def test_a_cohort_study_has_no_randomisation() -> None:
    people = [Person("a", "a"), Person("b", "a"), Person("b", "b", excluded="too ill")]
    flow = flow_of(cohort(plan(design="cohort"), people, OUTSIDE))
    assert numbers(flow, "enrolled") == {"Included in the cohort": 3}
    assert numbers(flow, "analysis.b")["Not analysed at Week 12: Excluded after inclusion: too ill"] == 1
    assert numbers(flow, "allocated.b")["Did not receive it: Received Arm A"] == 1
    said = " ".join(flow.to_frame()["label"]).lower()
    assert "randomised" not in said
    assert "allocated" not in said


def test_groups_that_are_not_of_treatments_received_none() -> None:
    people, received = [Person("a", "a"), Person("b", "b")], "Received the treatment of the group"
    for design, labels in (("cohort", []), ("parallel", ["Treated as allocated"] * 2)):
        said = flow_of(cohort(plan(design=design), people, OUTSIDE)).to_frame()["label"]
        assert [one for one in said if one in (received, "Treated as allocated", "Did not receive it")] == labels


def test_the_table_has_every_number_with_an_address_of_its_own() -> None:
    flow = flow_of(cohort(plan(), PEOPLE, OUTSIDE))
    table = flow_table(flow)
    keys = [(one.term, one.arm, one.name) for one in table.statistics()]
    assert len(keys) == len(set(keys))
    value = {(one.term, one.arm): one.value for one in table.statistics()}
    assert value["analysis: Not analysed at Week 12: No value", "b"] == 2
    assert value["analysis: Not analysed at Week 12: No value", "total"] == 3
    assert value["excluded: Not eligible: Other joint", "total"] == 2
    assert ("excluded: Not eligible: Other joint", "a") not in value


def test_a_participant_who_is_twice_in_the_table_is_refused_with_the_sums() -> None:
    checked = cohort(plan(), PEOPLE)
    people = checked.tables["participants"]
    twice = pd.concat([people, people.iloc[:1]], ignore_index=True)
    with pytest.raises(DataError) as refused:
        flow_of(replace(checked, tables={**checked.tables, "participants": twice}))
    assert "Randomised: 9 participants; Allocated (Arm A) 5 + Allocated (Arm B) 5 = 10" in str(refused.value)
    assert "coxa check" in str(refused.value)


def test_a_participant_whom_nobody_assessed_is_refused_with_the_sums() -> None:
    checked = cohort(plan(), PEOPLE, OUTSIDE)
    log = checked.tables["screening"]
    short = log[log["participant_id"] != "P003"]
    with pytest.raises(DataError, match="Assessed for eligibility: 14 participants; Excluded 6 \\+ Randomised 9 = 15"):
        flow_of(replace(checked, tables={**checked.tables, "screening": short}))


def tampered(flow: Flow, box: str, change: int, label: str = "") -> Flow:
    """Return a flow with another number in a box, or in a part of it."""

    def other(count: Count, named: str) -> Count:
        if count.label == named:
            return replace(count, n=count.n + change)
        return replace(count, parts=tuple(other(part, named) for part in count.parts))

    boxes: list[Box] = [replace(one, count=other(one.count, label or one.count.label)) if one.id == box else one
                        for one in flow.boxes]  # fmt: skip
    return replace(flow, boxes=tuple(boxes))


@pytest.mark.parametrize(
    ("box", "label"),
    [
        ("assessed", ""),
        ("excluded", "Other joint"),
        ("enrolled", ""),
        ("allocated.a", ""),
        ("allocated.b", "Received Arm A"),
        ("sessions.b", ""),
        ("follow_up.a", "Week 6 to Week 12"),
        ("analysis.b", "No baseline value"),
        ("other_visits.b", "Not in the model at any visit"),
    ],
)
def test_any_number_that_is_another_is_refused(box: str, label: str) -> None:
    flow = flow_of(cohort(plan(), PEOPLE, OUTSIDE))
    assert tampered(flow, box, 1, label) != flow
    assert check_flow(flow) is flow
    with pytest.raises(DataError, match="does not add up"):
        check_flow(tampered(flow, box, 1, label))


def test_negative_numbers_and_arrows_to_nowhere_are_refused() -> None:
    flow = Flow("parallel", "primary", "pain", (), (Box("enrolled", "main", "enrolment", "", Count("Randomised", 1),
                into=("allocated.a",)),))  # fmt: skip
    assert [str(one) for one in flow_sums(flow)] == ["Randomised: 1 participants; no box allocated.a 0 = 0"]
    with pytest.raises(DataError, match="no box allocated"):
        check_flow(flow)
    parts = (Count("left", -1), Count("stayed", 2))
    with pytest.raises(DataError):
        check_flow(replace(flow, boxes=(Box("x", "main", "enrolment", "", Count("x", 1, None, parts)),)))


def test_the_refusal_on_the_page_is_the_one_that_is_raised() -> None:
    excluded, randomised = (
        Box(name, "main", "enrolment", "", Count(label, n))
        for name, label, n in [("excluded", "Excluded", 6), ("enrolled", "Randomised", 9)]
    )
    assessed = Box("assessed", "main", "enrolment", "", Count("Assessed for eligibility", 14),
                   into=("excluded", "enrolled"))  # fmt: skip
    with pytest.raises(DataError) as raised:
        check_flow(Flow("parallel", "primary", "pain", (), (assessed, excluded, randomised)))
    page = (Path(__file__).parents[2] / "docs" / "flow.md").read_text(encoding="utf-8")
    shown = " ".join(page.split("```\nThe flow")[1].split("...")[0].split())
    assert " ".join(str(raised.value).split()).startswith(f"The flow {shown}")


@pytest.mark.parametrize(("day", "gone"), [(84, True), (98, True), (99, False)])
def test_a_stop_within_the_window_of_a_visit_is_one_before_it_is_over_in_flow_and_table(day: int, gone: bool) -> None:
    study = plan()
    visits = {**study.visits, "week_12": study.visits["week_12"].model_copy(update={"window": (-14, 14)})}
    people = [Person("a", stopped=day, why="moved", values=(50, 45, None)), Person("b")]
    checked = cohort(study.model_copy(update={"visits": visits}), people)
    found = numbers(flow_of(checked), "analysis.a")
    said = "had stopped" if gone else "had not stopped"
    assert found[f"Not analysed at Week 12: No value: follow-up {said}"] == 1
    table = reasons_table(checked, derive_dataset(checked, "primary"))
    reasons = {row.label: row.cells[0].text for row in table.rows()} if table else {}
    assert reasons.get("Stopped: moved") == ("1 (100.0%)" if gone else None)
