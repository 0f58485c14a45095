"""A plan of a trial, proposed from small files: what is mapped, what is asked, and what the answers do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import coxa
from coxa.errors import OptionError
from coxa.importing import Proposal, answered, propose, write_plan

HEAD = "id,arm,age,nprs_bl,nprs_6wk,nprs_12wk"
ARMS = ("usual care", "exercise")


def csv(folder: Path, name: str, head: str, rows: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def trial(folder: Path, head: str = HEAD, n: int = 20) -> Path:
    rows = [f"P{k:02},{ARMS[k % 2]},{50 + k},{k % 9},{(k + 3) % 9},{(k + 5) % 9}" for k in range(1, n + 1)]
    return csv(folder, "trial.csv", head, rows)


def roles(proposal: Proposal) -> dict[str, str]:
    return {each.column: each.role for each in proposal.readings if each.status == "mapped"}


def keys(proposal: Proposal, *, needed: bool = True) -> list[str]:
    return [question.key for question in proposal.questions if question.needed or not needed]


DECIDED = {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_12"}


def checked(proposal: Proposal, folder: Path) -> coxa.Cohort:
    """Write a plan, read it and its data, and return the cohort."""
    return coxa.read_cohort(coxa.read_study(write_plan(proposal, folder)))


def test_a_wide_trial_is_mapped_and_its_authors_decide_what_is_primary(tmp_path: Path) -> None:
    proposal = propose(trial(tmp_path), "trial")
    assert roles(proposal) == {
        "id": "participant_id",
        "arm": "arm",
        "age": "covariates.age",
        "nprs_bl": "outcomes.nprs at baseline",
        "nprs_6wk": "outcomes.nprs at week_6",
        "nprs_12wk": "outcomes.nprs at week_12",
    }
    assert keys(proposal) == ["arm.reference", "primary.outcome", "primary.visit"]
    assert "estimands" not in proposal.plan
    assert proposal.plan["visits"] == {"baseline": {"day": 0}, "week_6": {"day": 42}, "week_12": {"day": 84}}


def test_an_answered_plan_is_complete_and_its_data_are_read_without_a_finding(tmp_path: Path) -> None:
    proposal = propose(trial(tmp_path), "trial", DECIDED)
    assert not keys(proposal)
    cohort = checked(proposal, tmp_path)
    assert not cohort.findings
    assert {name: len(table) for name, table in cohort.tables.items()} == {"participants": 20, "assessments": 60}
    estimand = proposal.plan["estimands"]["primary"]
    assert estimand["endpoint"] == {"outcome": "nprs", "measure": "change", "visit": "week_12"}
    assert estimand["treatment"] == {"compare": ["exercise"], "against": "usual_care"}
    assert "for the authors to decide" in proposal.comments["estimands.primary"]


def test_a_plan_of_a_cohort_has_groups_and_one_of_a_service_has_none(tmp_path: Path) -> None:
    file = trial(tmp_path)
    cohort = propose(file, "cohort", DECIDED)
    assert cohort.plan["design"] == "cohort"
    assert not checked(cohort, tmp_path / "cohort").findings.errors
    service = propose(file, "service")
    assert not {"arms", "estimands", "analyses"} & set(service.plan)
    assert not keys(service)
    assert not checked(service, tmp_path / "service").findings.errors


def test_numbers_without_a_unit_are_weeks_months_or_days_by_an_answer_only(tmp_path: Path) -> None:
    file = trial(tmp_path, "id,arm,age,nprs_0,nprs_6,nprs_12")
    first = propose(file, "trial")
    assert "visits.unit" in keys(first)
    assert {each.column for each in first.readings if each.status == "asked"} == {"nprs_6", "nprs_12"}
    assert roles(answered(first, {"visits.unit": "weeks"}))["nprs_12"] == "outcomes.nprs at week_12"
    months = answered(first, {"visits.unit": "months"})
    assert roles(months)["nprs_12"] == "outcomes.nprs at month_12"
    assert months.plan["visits"]["month_12"] == {"day": 365}


def test_visits_that_are_only_counted_are_asked_with_the_median_of_their_dates(tmp_path: Path) -> None:
    head = "id,arm,date_t0,date_t1,nprs_t0,nprs_t1"
    rows = [f"{k},{ARMS[k % 2]},2024-01-{k:02},2024-02-{k + 12:02},{k % 9},{k % 7}" for k in range(1, 13)]
    first = propose(csv(tmp_path, "dated.csv", head, rows), "trial")
    (question,) = [each for each in first.questions if each.key == "visits.days"]
    assert "t1 on day 43" in question.why
    assert "t1:42" in question.why
    found = answered(first, {"visits.days": "t1:42"})
    assert roles(found)["date_t1"] == "date of week_6"
    assert found.plan["data"]["tables"]["assessments"]["dates"] == {"baseline": "date_t0", "week_6": "date_t1"}


def test_windows_are_given_by_an_answer(tmp_path: Path) -> None:
    file = trial(tmp_path)
    assert propose(file, "trial", {"visits.window": "-7 14"}).plan["visits"]["week_6"]["window"] == [-7, 14]
    assert "window" not in propose(file, "trial", {"visits.window": "none"}).plan["visits"]["week_6"]
    with pytest.raises(OptionError, match="two numbers"):
        propose(file, "trial", {"visits.window": "two weeks"})


def test_codes_of_arms_without_labels_get_their_names_from_an_answer(tmp_path: Path) -> None:
    rows = [f"{k},{k % 2},{k % 9},{k % 7}" for k in range(1, 21)]
    file = csv(tmp_path, "codes.csv", "id,group,nprs_bl,nprs_6wk", rows)
    first = propose(file, "trial")
    assert list(first.plan["arms"]) == ["arm_0", "arm_1"]
    named = answered(first, {"arm.labels": "0:usual_care 1:exercise"})
    assert named.plan["data"]["tables"]["participants"]["values"]["arm"] == {0: "usual_care", 1: "exercise"}
    assert answered(first, {"arm.labels": "0: usual care 1:exercise"}).plan["arms"] == named.plan["arms"]
    for given in ("0:usual_care", "0:exercise 1:Exercise", "usual_care exercise"):
        with pytest.raises(OptionError, match="does not name each of 0, 1"):
            answered(first, {"arm.labels": given})


def test_a_participant_in_two_arms_is_a_question_of_who_is_one(tmp_path: Path) -> None:
    rows = [f"{k % 5},{arm},{arm}/{k % 5},{week},{k % 9}" for arm in ARMS for k in range(5) for week in (0, 6)]
    first = propose(csv(tmp_path, "nested.csv", "subject,arm,subj,week,nprs", rows), "trial")
    assert keys(first) == ["participant_id:nested.csv"]
    assert not roles(first)
    found = answered(first, {"participant_id:nested.csv": "subj"})
    assert roles(found)["subj"] == "participant_id"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"outcomes.pain": "nprs"}, {"instrument": "nprs", "scale": "pain"}),
        (
            {"outcomes.pain": "own", "outcomes.pain.scale": "0 10 lower points"},
            {"range": [0.0, 10.0], "unit": "points", "higher_is_better": False},
        ),
    ],
)
def test_a_measure_that_names_no_instrument_is_asked(
    tmp_path: Path, answer: Mapping[str, str], expected: Mapping[str, object]
) -> None:
    file = trial(tmp_path, "id,arm,age,pain_bl,pain_6wk,pain_12wk")
    first = propose(file, "trial")
    (question,) = [each for each in first.questions if each.key == "outcomes.pain"]
    assert "nprs" in [each.word for each in question.answers]
    assert "outcomes" not in first.plan
    found = answered(first, answer)
    assert expected.items() <= found.plan["outcomes"]["pain"].items()


def test_a_scale_of_its_own_needs_range_and_direction(tmp_path: Path) -> None:
    file = trial(tmp_path, "id,arm,age,pain_bl,pain_6wk,pain_12wk")
    with pytest.raises(OptionError, match="does not say range and direction"):
        propose(file, "trial", {"outcomes.pain": "own", "outcomes.pain.scale": "from 0 to 10"})


def test_codes_outside_the_range_mean_missing_and_other_values_outside_stay_faults(tmp_path: Path) -> None:
    rows = [f"P{k:02},{ARMS[k % 2]},{50 + k},{k % 9},{999 if k in (3, 4) else k % 8},{k % 9}" for k in range(1, 41)]
    rows[7] = "P08,usual care,58,5,15,4"
    proposal = propose(csv(tmp_path, "trial.csv", HEAD, rows), "trial", DECIDED)
    assert proposal.plan["data"]["tables"]["assessments"]["missing"] == {"nprs": [999]}
    (error,) = checked(proposal, tmp_path).findings.errors
    assert "is not between 0 and 10" in error.rule


def test_values_that_contradict_the_name_are_asked(tmp_path: Path) -> None:
    rows = [f"P{k:02},{ARMS[k % 2]},{50 + k},{10 * (k % 9)},{5 * k},{k}" for k in range(1, 21)]
    first = propose(csv(tmp_path, "trial.csv", HEAD, rows), "trial")
    assert "outcomes" not in first.plan
    assert "outcomes.nprs" in keys(first, needed=False)


LONG = "subjid,trt,avisit,base,nprs,chg"


def long_rows(*, with_baseline: bool) -> list[str]:
    weeks = ("Baseline", "Week 6", "Week 12") if with_baseline else ("Week 6", "Week 12")
    rows = []
    for k in range(1, 21):
        for j, week in enumerate(weeks):
            base, now = k % 8 + 1, (k + 2 * j) % 9 if week != "Baseline" else k % 8 + 1
            rows.append(f"{k},{ARMS[k % 2]},{week},{base},{now},{now - base}")
    return rows


def test_a_baseline_on_every_row_is_proved_by_the_change(tmp_path: Path) -> None:
    proposal = propose(csv(tmp_path, "long.csv", LONG, long_rows(with_baseline=False)), "trial", DECIDED)
    assert proposal.plan["data"]["tables"]["assessments"]["baselines"] == {"nprs": "base"}
    unused = {each.column: each.why for each in proposal.readings if each.status == "unused"}
    assert unused == {"chg": "It is nprs less base on all rows."}
    assert not checked(proposal, tmp_path).findings.errors


def test_a_baseline_that_has_rows_is_not_read_twice(tmp_path: Path) -> None:
    proposal = propose(csv(tmp_path, "long.csv", LONG, long_rows(with_baseline=True)), "trial", DECIDED)
    assert "baselines" not in proposal.plan["data"]["tables"]["assessments"]
    unused = {each.column: each.why for each in proposal.readings if each.status == "unused"}
    assert unused["base"] == "It repeats the baseline of nprs, which has rows of its own."
    assert not checked(proposal, tmp_path).findings.errors


def test_events_are_tables_of_their_own_and_their_strategies_are_asked(tmp_path: Path) -> None:
    people = trial(tmp_path)
    events = csv(tmp_path, "events.csv", "id,event,event date", ["P01,surgery,2024-02-03", "P02,surgery,2024-03-04"])
    harms = csv(tmp_path, "ae.csv", "id,AE no,Description,Severity", ["P01,1,sore hip,Mild", "P03,1,fall,Severe"])
    first = propose([people, events, harms], "trial", DECIDED)
    assert keys(first) == ["intercurrent_events.surgery"]
    found = answered(first, {"intercurrent_events.surgery": "treatment_policy"})
    assert found.plan["estimands"]["primary"]["intercurrent_events"] == {"surgery": "treatment_policy"}
    harm = found.plan["data"]["tables"]["adverse_events"]
    assert harm["columns"]["term"] == "Description"
    assert harm["values"] == {"severity": {"Mild": "mild", "Severe": "severe"}}
    cohort = checked(found, tmp_path)
    assert not cohort.findings.errors
    assert len(cohort.tables["adverse_events"]) == 2


def test_what_identifies_people_is_not_used_and_not_shown(tmp_path: Path) -> None:
    rows = [f"P{k:02},Name {k},{ARMS[k % 2]},{k % 9},{k % 7}" for k in range(1, 21)]
    proposal = propose(csv(tmp_path, "named.csv", "id,Surname,arm,nprs_bl,nprs_6wk", rows), "trial")
    named = {each.column: each for each in proposal.readings}
    assert (named["Surname"].status, named["Surname"].examples) == ("unused", ())
    assert named["id"].examples == ()
    assert named["arm"].examples == ("exercise", "usual care")


def test_therapists_reasons_and_terms_are_used_and_not_shown(tmp_path: Path) -> None:
    rows = [f"P{k:02},{ARMS[k % 2]},Dr {'AB'[k % 2]},moved,{k % 9},{k % 7}" for k in range(1, 21)]
    people = csv(tmp_path, "p.csv", "id,arm,therapist,withdrawal reason,nprs_bl,nprs_6wk", rows)
    harms = csv(tmp_path, "ae.csv", "id,AE no,Description,Severity", ["P01,1,sore,Mild", "P03,1,sore,Severe"])
    named = {each.column: each for each in propose([people, harms], "trial").readings}
    for column in ("therapist", "withdrawal reason", "Description"):
        assert (named[column].status, named[column].examples) == ("mapped", ())
    assert named["arm"].examples == ("exercise", "usual care")


def test_words_are_no_covariates_before_an_answer(tmp_path: Path) -> None:
    rows = [f"P{k:02},{ARMS[k % 2]},{'yes' if k % 3 else 'no'},{k % 9},{k % 7}" for k in range(1, 21)]
    first = propose(csv(tmp_path, "words.csv", "id,arm,response,nprs_bl,nprs_6wk", rows), "trial")
    assert "covariates" not in first.plan
    assert keys(first, needed=False)[-2:] == ["columns.response", "visits.window"]
    used = answered(first, {"columns.response": "category"})
    assert used.plan["covariates"]["response"]["levels"] == {"no": "no", "yes": "yes"}


def test_day_and_month_are_asked_where_no_date_decides(tmp_path: Path) -> None:
    head = "id,arm,randomised on,nprs_bl,nprs_6wk"
    rows = [f"{k},{ARMS[k % 2]},0{k % 9 + 1}/03/2024,{k % 9},{k % 7}" for k in range(1, 21)]
    first = propose(csv(tmp_path, "dates.csv", head, rows), "trial")
    key = "date_format:dates.csv:randomised on"
    assert key in keys(first)
    found = answered(first, {key: "%m/%d/%Y"})
    assert found.plan["data"]["tables"]["participants"]["date_format"] == "%m/%d/%Y"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("id,arm,age,nprs_bl,nprs_6wk,nprs_12wk", "trial"),
        ("id,group,age,nprs_bl,nprs_6wk,nprs_12wk", None),
        ("id,treatment,age,nprs_bl,nprs_6wk,nprs_12wk", None),
    ],
)
def test_groups_are_arms_of_a_trial_only_where_a_column_says_that_they_were_allocated(
    tmp_path: Path, head: str, kind: str | None
) -> None:
    proposal = propose(trial(tmp_path, head))
    asked = [question.key for question in proposal.questions if question.key == "kind"]
    assert asked == ([] if kind else ["kind"])
    if kind:
        assert proposal.kind == kind
    else:
        assert answered(proposal, {"kind": "cohort"}).plan["design"] == "cohort"


def dated_rows(*, arm: bool = True) -> list[str]:
    days = ("2024-01-10", "2024-02-22", "2024-04-02")
    group = [f",{ARMS[k % 2]}" if arm else "" for k in range(21)]
    return [f"P{k:02}{group[k]},2024-01-10,{day},{(k + j) % 9}" for k in range(1, 21) for j, day in enumerate(days)]


def test_visits_of_rows_that_have_only_a_date_are_found_by_windows_about_planned_days(tmp_path: Path) -> None:
    file = csv(tmp_path, "dated.csv", "id,arm,randomised on,visit date,nprs", dated_rows())
    first = propose(file, "trial")
    assert "visits.planned" in keys(first)
    found = answered(first, {"visits.planned": "0 42 84", **DECIDED})
    assert found.plan["visits"] == {
        "baseline": {"day": 0, "window": [-20, 20]},
        "week_6": {"day": 42, "window": [-21, 20]},
        "week_12": {"day": 84, "window": [-21, 21]},
    }
    cohort = checked(found, tmp_path)
    assert not cohort.findings.errors
    assert cohort.tables["assessments"]["visit"].astype(str).value_counts().to_dict() == {
        "baseline": 20,
        "week_6": 20,
        "week_12": 20,
    }
    with pytest.raises(OptionError, match="with 0 for the baseline"):
        answered(first, {"visits.planned": "after six weeks"})


def test_like_names_in_two_files_are_two_questions(tmp_path: Path) -> None:
    people = trial(tmp_path, "id,arm,age,pain_bl,pain_6wk,pain_12wk")
    diary = csv(
        tmp_path,
        "calls.csv",
        "id,week,pain",
        [f"P{k:02},{week},{(k + week) % 90}" for k in range(1, 21) for week in (1, 2)],
    )
    asked = [key for key in keys(propose([people, diary], "trial"), needed=False) if key.startswith("outcomes")]
    assert sorted(asked) == ["outcomes.pain", "outcomes.pain:calls.csv"]


ADAM = "USUBJID,TRT01P,AVISIT,PARAMCD,AVAL,BASE,CHG"


def adam_rows() -> list[str]:
    rows = []
    for k in range(1, 21):
        for j, week in enumerate(("Baseline", "Week 6", "Week 12")):
            for param, top in (("NPRS", 11), ("LEFS", 80), ("XYZ", 7)):
                base, now = (3 * k) % top, (3 * k + j) % top
                rows.append(f"{k},{ARMS[k % 2]},{week},{param},{now},{base},{now - base}")
    return rows


def test_outcomes_in_rows_are_read_by_the_column_that_names_them(tmp_path: Path) -> None:
    first = propose(csv(tmp_path, "adqs.csv", ADAM, adam_rows()), "trial", DECIDED)
    table = first.plan["data"]["tables"]["assessments"]
    assert {key: table["columns"][key] for key in ("outcome", "value")} == {"outcome": "PARAMCD", "value": "AVAL"}
    assert table["values"]["outcome"] == {"LEFS": "lefs", "NPRS": "nprs"}
    assert table["where"] == {"PARAMCD": ["LEFS", "NPRS"]}
    assert "outcomes.xyz" in keys(first, needed=False)
    assert {each.column for each in first.readings if each.status == "unused"} == {"BASE", "CHG"}
    cohort = checked(first, tmp_path)
    assert not cohort.findings.errors
    assert cohort.tables["assessments"]["outcome"].astype(str).value_counts().to_dict() == {"nprs": 60, "lefs": 60}
    all_three = answered(first, {"outcomes.xyz": "own", "outcomes.xyz.scale": "0 6 higher"})
    assert "where" not in all_three.plan["data"]["tables"]["assessments"]
    assert all_three.plan["outcomes"]["xyz"]["higher_is_better"]


WIDE = "id,group,Date baseline,Pain baseline,Date 6w,Pain 6 weeks"


def wide_with_dates(folder: Path) -> Path:
    rows = [f"{k},{1 + k % 2},{k:02}.03.2024,{k % 9},{k:02}.05.2024,{k % 7}" for k in range(1, 29)]
    return csv(folder, "wide.csv", WIDE, rows)


def test_columns_wait_while_it_is_open_what_the_data_are_of(tmp_path: Path) -> None:
    assert {each.status for each in propose(wide_with_dates(tmp_path)).readings} == {"asked"}


def test_dates_belong_to_the_visit_that_they_name_in_other_words(tmp_path: Path) -> None:
    file = wide_with_dates(tmp_path)
    waiting = {each.column: each.why for each in propose(file, "trial").readings}
    assert waiting["Date 6w"] == "Its name has a time, and no outcome that is used has one."
    plan = propose(file, "trial", {"outcomes.pain": "nprs"}).plan
    dates = {"baseline": "Date baseline", "week_6": "Date 6w"}
    assert plan["data"]["tables"]["assessments"]["dates"] == dates


def test_the_only_outcome_is_needed_and_one_of_several_is_not(tmp_path: Path) -> None:
    assert "outcomes.pain" in keys(propose(wide_with_dates(tmp_path), "trial"))
    rows = [f"{k},{ARMS[k % 2]},{k % 9},{k % 7},{k % 9},{k % 7}" for k in range(1, 21)]
    several = csv(tmp_path, "several.csv", "id,arm,nprs_bl,nprs_6wk,pain_bl,pain_6wk", rows)
    assert "outcomes.pain" not in keys(propose(several, "trial"))
    assert "outcomes.pain" in keys(propose(several, "trial"), needed=False)


@pytest.mark.parametrize("reference", ["1", "arm_1", "usual_care"])
def test_the_reference_is_the_same_arm_before_and_after_it_has_a_name(tmp_path: Path, reference: str) -> None:
    answers = {"arm.reference": reference, "arm.labels": "1:usual_care 2:exercise"}
    assert propose(wide_with_dates(tmp_path), "trial", answers).plan["arms"]["usual_care"]["reference"] is True
