"""Each check of episodes, on a registry of eight rows: what is found, what is then empty, what is left out and why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from coxa.episodes import Episodes, read_episodes
from coxa.episodes.checks.spellings import alike, name_key
from coxa.errors import DataError, OptionError
from coxa.findings import Finding
from tests.spec.small_registry import COLUMNS, ROWS, audit_plan, changed, registry, rules


def read(frame: pd.DataFrame, source: dict[str, Any] | None = None, **parts: Any) -> Episodes:
    episodes = read_episodes(audit_plan(source, **parts), frame)
    assert episodes.disposition.imbalance().empty
    return episodes


def one(episodes: Episodes, words: str) -> Finding:
    """Return the only finding with these words in its rule."""
    found = [each for each in episodes.findings if words in each.rule]
    assert len(found) == 1, rules(episodes.findings)
    return found[0]


def kept(episodes: Episodes) -> list[str]:
    rows = episodes.query("SELECT patient, episode FROM episodes ORDER BY patient, episode")
    return [f"{patient}{episode}" for patient, episode in zip(rows["patient"], rows["episode"], strict=True)]


EVERY = ["001a", "002a", "003a", "003b", "004a", "005a", "006a", "007a"]


def test_a_clean_registry_has_notes_alone() -> None:
    episodes = read(registry()).require_clean()
    assert kept(episodes) == EVERY
    assert not episodes.findings.warnings
    assert len(episodes.disposition.left_out) == 0


def test_episodes_show_what_they_are() -> None:
    assert repr(read(changed(1, patient=None), start=date(2025, 2, 1))).splitlines() == [
        "Episodes of two_clinics: Two clinics",
        "  Episodes  6",
        "  Sources   episodes",
        "  Data cut  2025-12-31",
        "  Findings  1 error, 2 notes",
        "  Left out  checking: 2",
    ]


def test_errors_are_raised_where_clean_data_are_asked_for() -> None:
    episodes = read(changed(1, pain_intake=11.0))
    with pytest.raises(DataError, match="the range of Pain, 0 to 10") as caught:
        episodes.require_clean()
    assert len(caught.value.findings) == 1


def test_an_empty_patient_or_day_of_intake_leaves_the_row_out() -> None:
    episodes = read(changed(1, patient=None).assign(From=[registry()["From"][0], None, *registry()["From"][2:]]))
    assert kept(episodes) == EVERY[2:]
    assert episodes.disposition.left_out[["source_row", "reason"]].to_numpy().tolist() == [
        [1, "no patient"],
        [2, "no intake_date"],
    ]
    assert one(episodes, "no day of intake").field == "intake_date (From)"


def test_a_registry_without_a_column_of_episodes_makes_them_of_patient_and_day() -> None:
    columns = {name: column for name, column in COLUMNS.items() if name != "episode"}
    episodes = read(registry().drop(columns="Case"), {"columns": columns})
    assert kept(episodes)[2:4] == ["003003 2025-02-03", "003003 2025-06-03"]
    assert one(episodes, "patient and day of intake tell them apart").severity == "note"


def test_an_episode_without_an_identifier_has_one_made() -> None:
    episodes = read(changed(2, episode=None))
    assert one(episodes, "the episode has no identifier").n_rows == 1
    assert kept(episodes)[1] == "002002 2025-01-09"


def test_a_registry_without_a_column_of_patients_counts_episodes() -> None:
    columns = {name: column for name, column in COLUMNS.items() if name not in ("patient", "clinic")}
    frame = registry().drop(columns=["Pat. no", "Site"]).assign(Case=list("abcdefgh"))
    episodes = read(frame, {"columns": columns})
    assert kept(episodes) == [letter * 2 for letter in "abcdefgh"]
    assert one(episodes, "each episode counts as a patient").severity == "warning"
    assert one(episodes, "all episodes count as one clinic").severity == "warning"
    nothing = read(frame.drop(columns="Case"), {"columns": {n: c for n, c in columns.items() if n != "episode"}})
    assert one(nothing, "no column of patients").severity == "error"


def test_a_row_that_repeats_an_episode_is_an_error_that_names_it() -> None:
    frame = pd.concat([registry(), changed(2, booked=7).iloc[[1]], registry().iloc[[3]]], ignore_index=True)
    episodes = read(frame)
    again = [each for each in episodes.findings if "repeats an episode" in each.rule]
    assert [(each.row, each.value, each.severity) for each in again] == [
        (9, "as row 2", "error"),
        (10, "as row 4", "error"),
    ]
    assert kept(episodes) == EVERY
    assert episodes.disposition.left_out["reason"].tolist() == ["another row of an episode"] * 2


def test_identical_rows_are_used_once_where_the_plan_says_so() -> None:
    frame = pd.concat([registry(), registry().iloc[[3]]], ignore_index=True)
    episodes = read(frame, {"drop_identical_rows": True}).require_clean()
    assert kept(episodes) == EVERY
    assert episodes.disposition.left_out["reason"].tolist() == ["identical to an earlier row"]


def test_a_transfer_is_counted_at_the_clinic_of_intake() -> None:
    frame = pd.concat([registry(), changed(1, clinic="Old Mill", intake_date=date(2025, 2, 20)).iloc[[0]]])
    episodes = read(frame.reset_index(drop=True))
    found = one(episodes, "goes on in another clinic")
    assert (found.severity, found.row, found.value) == ("warning", 9, "Harbour, from 2025-02-20 in Old Mill")
    clinics = episodes.query("SELECT clinic, intake_date FROM episodes WHERE patient = '001'")
    assert clinics["clinic"].tolist() == ["Harbour"]
    assert clinics["intake_date"].tolist() == [pd.Timestamp("2025-01-07")]
    assert episodes.disposition.left_out["reason"].tolist() == ["transfer: counted at the clinic of intake"]


@pytest.mark.parametrize(("counts", "clinic"), [("intake", "Harbour"), ("discharge", "Old Mill")])
def test_the_plan_says_at_which_clinic_a_transfer_counts_and_the_discharge_is_that_of_the_last_row(
    counts: str, clinic: str
) -> None:
    """001 goes on twice; the second row has no score, and the last one the discharge that counts."""
    first = changed(1, discharge_date=None, pain_discharge=None).iloc[[0]]
    second = changed(1, clinic="Nowhere", intake_date=date(2025, 2, 1), discharge_date=None, pain_discharge=None).iloc[
        [0]
    ]
    last = changed(1, clinic="Old Mill", intake_date=date(2025, 2, 20), discharge_date=date(2025, 6, 3)).iloc[[0]]
    rows = pd.concat([registry().iloc[1:], last.assign(**{"NPRS last": 2}), first, second]).reset_index(drop=True)
    episodes = read(rows, transfers=counts)
    assert len([each for each in episodes.findings if "goes on in another clinic" in each.rule]) == 2
    row = episodes.query(
        "SELECT clinic, intake_date, discharge_date, pain_discharge FROM episodes WHERE patient = '001'"
    )
    assert row.values.tolist() == [[clinic, pd.Timestamp("2025-01-07"), pd.Timestamp("2025-06-03"), 2.0]]
    reasons = episodes.disposition.left_out["reason"].tolist()
    assert reasons == [f"transfer: counted at the clinic of {counts}"] * 2


def test_a_discharge_before_intake_is_not_used_and_neither_is_its_score() -> None:
    episodes = read(changed(2, discharge_date=date(2025, 1, 1)))
    found = one(episodes, "the discharge is before the intake")
    assert (found.severity, found.row, found.value) == ("warning", 2, "2025-01-01, intake 2025-01-09")
    row = episodes.query("SELECT discharge_date, pain_discharge, pain_intake, due FROM episodes WHERE patient = '002'")
    assert row[["discharge_date", "pain_discharge"]].isna().all(axis=None)
    assert (row["pain_intake"].item(), row["due"].item()) == (6, False)


def test_a_questionnaire_before_intake_is_not_used() -> None:
    scores = {"pain": {"intake": "NPRS first", "discharge": "NPRS last", "date": "Asked on"}}
    episodes = read(registry().assign(**{"Asked on": [date(2025, 1, 1), *registry()["Until"][1:]]}), {"scores": scores})
    assert one(episodes, "questionnaire is dated before the intake").row == 1
    assert episodes.query("SELECT pain_discharge FROM episodes WHERE patient = '001'")["pain_discharge"].isna().all()


def test_days_after_the_data_cut_are_errors_and_are_not_used() -> None:
    episodes = read(changed(1, discharge_date=date(2026, 3, 7)), data_cut=date(2025, 12, 31))
    found = one(episodes, "the date is after 2025-12-31, the data cut")
    assert (found.severity, found.field, found.value) == ("error", "discharge_date (Until)", "2026-03-07")
    assert episodes.query("SELECT discharge_date FROM episodes WHERE patient = '001'")["discharge_date"].isna().all()


def test_without_a_data_cut_it_is_the_latest_day_in_the_data_and_no_day_is_in_the_future() -> None:
    tomorrow = datetime.now().date() + timedelta(days=2)
    episodes = read(changed(7, discharge_date=tomorrow), data_cut=None)
    assert episodes.data_cut == date(2025, 7, 1)
    assert one(episodes, "2025-07-01, is taken for the day of the export").severity == "note"
    assert one(episodes, "the day of reading").severity == "error"


@pytest.mark.parametrize(
    ("cells", "parts", "words"),
    [
        ({"pain_intake": -1.0}, {}, "the range of Pain, 0 to 10"),
        ({"booked": -2, "attended": 0, "missed": 0}, {}, "the range, 0 or more"),
        ({"pain_discharge": 10.5}, {}, "the range of Pain, 0 to 10"),
    ],
)
def test_values_outside_their_range_are_errors_and_are_not_used(cells: dict[str, Any], parts: Any, words: str) -> None:
    episodes = read(changed(1, **cells), **parts)
    found = one(episodes, words)
    assert (found.severity, found.row) == ("error", 1)
    name = next(iter(cells))
    assert episodes.query(f"SELECT {name} AS v FROM episodes WHERE patient = '001'")["v"].isna().all()


def test_a_descriptor_has_the_range_of_the_plan() -> None:
    ages = registry().assign(age=[34, 51, 133, 40, 61, 70, 18, 55])
    people = {"age": {"type": "number", "range": [16, 110]}}
    source = {
        "values": {"asked_flags": {"Y": True, "N": False}},
        "columns": {n: c for n, c in COLUMNS.items() if n != "sex"},
    }
    episodes = read(ages, source, descriptors=people)
    assert (one(episodes, "outside the range, 16").value, one(episodes, "outside the range, 16").row) == ("133", 3)


def test_a_level_that_is_not_in_the_plan_is_an_error_with_the_line_to_write() -> None:
    found = one(read(changed(5, sex="x")), "code of sex is unknown")
    assert (found.row, found.value) == (5, "x")
    assert found.remedy == 'Add it under `values: {sex: {"x": ...}}`. Allowed: female (Female), male (Male).'


def test_more_sessions_than_booked_are_not_counted() -> None:
    episodes = read(changed(1, booked=5))
    found = one(episodes, "more sessions were attended and missed than booked")
    assert (found.severity, found.value) == ("warning", "7 + 1 of 5")
    assert episodes.query("SELECT SUM(booked) AS n, SUM(missed) AS m FROM episodes").iloc[0].tolist() == [43, 6]


def test_an_empty_clinic_is_not_recorded() -> None:
    episodes = read(changed(1, clinic=" "))
    assert one(episodes, "counted as `not recorded`").row == 1
    counts = episodes.query("SELECT clinic, COUNT(*) AS n FROM episodes GROUP BY clinic ORDER BY clinic")
    assert counts.to_numpy().tolist() == [["Harbour", 3], ["Old Mill", 4], ["not recorded", 1]]


def test_episodes_outside_the_audited_days_are_left_out() -> None:
    episodes = read(registry(), start=date(2025, 2, 1), end=date(2025, 5, 31))
    assert kept(episodes) == ["003a", "004a", "005a", "006a", "007a"]
    assert episodes.disposition.left_out["reason"].tolist() == [
        "intake before the start of the audit (2025-02-01)",
        "intake before the start of the audit (2025-02-01)",
        "intake after the end of the audit (2025-05-31)",
    ]
    assert not episodes.findings.errors


def test_only_the_first_audited_episode_of_a_patient_counts_where_the_plan_says_so() -> None:
    assert kept(read(registry(), repeats="first")) == [each for each in EVERY if each != "003b"]
    later = read(registry(), repeats="first", start=date(2025, 3, 1))
    assert "003b" in kept(later)
    reasons = set(later.disposition.left_out["reason"])
    assert reasons == {"intake before the start of the audit (2025-03-01)"}


def test_episodes_of_a_patient_that_overlap_are_named() -> None:
    episodes = read(changed(4, intake_date=date(2025, 3, 1)))
    found = one(episodes, "begins before an earlier one of the patient has ended")
    assert (found.severity, found.row, found.value) == ("warning", 4, "2025-03-01, earlier one until 2025-04-03")
    assert kept(episodes) == EVERY


def test_spellings_are_proposed_as_a_line_of_the_plan_and_never_joined() -> None:
    names = ["J. Okafor", "Okafor, J", "R. Idris", "r idris ", "T. Ueda", "T Ueda", "K. Brandt", "J. Okafor"]
    rows = [[*row[:3], name, *row[4:]] for row, name in zip(ROWS, names, strict=True)]
    episodes = read(registry(rows))
    found = one(episodes, "3 labels of `therapist` are written in several ways")
    assert found.severity == "warning"
    assert found.remedy.endswith(
        'add `therapist: {"Okafor, J": "J. Okafor", "r idris": "R. Idris", "T. Ueda": "T Ueda"}` to `values` under '
        "`data`."
    )
    assert episodes.query("SELECT DISTINCT therapist FROM episodes")["therapist"].nunique() == 7
    mapped = audit_plan()
    values = {**mapped.data.values, "therapist": {"Okafor, J": "J. Okafor", "r idris": "R. Idris", "T. Ueda": "T Ueda"}}
    assert not [each for each in rules(read(registry(rows), {"values": values}).findings) if "several ways" in each]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("J. Okafor", "Okafor, J", True),
        ("M. Santos", "m santos", True),
        ("Old Mill", "old-mill", True),
        ("Müller", "Muller", True),
        ("Hip OA", "hip osteoarthritis", False),
        ("M. Santos", "N. Santos", False),
        ("Site 1", "Site 11", False),
    ],
)
def test_what_counts_as_another_spelling(first: str, second: str, same: bool) -> None:
    assert (name_key(first) == name_key(second)) is same


def test_therapists_of_two_clinics_are_compared_within_each() -> None:
    labels = pd.DataFrame({"within": ["A", "B"], "label": ["J. Okafor", "Okafor, J"], "n": [1, 1]})
    assert alike(labels) == []


def test_a_name_is_kept_in_one_way_in_every_clinic() -> None:
    labels = pd.DataFrame({"within": ["A", "A", "B", "B"], "label": ["Muller", "Müller"] * 2, "n": [3, 2, 1, 9]})
    assert [[label for label, _ in group] for group in alike(labels)] == [["Müller", "Muller"]] * 2


def test_what_cannot_be_compared_is_noted() -> None:
    frame = registry().assign(Physio=["J. Okafor"] * 5 + ["T. Ueda"] * 3, **{"M/F": ["F", "M", "F", "F", *["M"] * 4]})
    episodes = read(frame)
    assert one(episodes, "1 clinic with one therapist").value == "Harbour"
    assert one(episodes, "1 name of therapists in more than one clinic").value == "J. Okafor (Harbour, Old Mill)"
    assert one(episodes, "1 level of `sex` in one clinic alone").value == "female (Harbour)"
    alone = read(registry().assign(Site="Harbour", Until=None))
    assert one(alone, "all episodes are of one clinic").severity == "note"
    assert one(alone, "no episode has a day of discharge").severity == "warning"


def test_many_faults_of_a_kind_are_one_finding_with_their_number() -> None:
    frame = pd.concat([registry().assign(**{"Pat. no": f"{k:03d}", "NPRS first": 12.0}) for k in range(10)])
    episodes = read(frame.assign(Case=range(80)).reset_index(drop=True))
    found = one(episodes, "outside the range of Pain")
    assert (found.n_rows, found.rows[:3], found.value) == (80, (1, 2, 3), "12")


def test_many_rows_that_are_left_out_for_one_reason_are_one_line_of_the_account() -> None:
    frame = pd.concat([registry()] * 300, ignore_index=True)
    frame = frame.assign(**{"Pat. no": range(2400), "Case": "a"})
    episodes = read(frame, start=date(2025, 6, 1))
    assert episodes.disposition.left_out[["reason", "n_rows"]].to_numpy().tolist() == [
        ["intake before the start of the audit (2025-06-01)", 2100]
    ]
    assert episodes.disposition.counts["kept"].tolist() == [2400, 300]


def test_arguments_of_a_wrong_kind_are_refused_by_name() -> None:
    with pytest.raises(OptionError, match=r"`data` is 3 \(int\), not a path, or a frame"):
        read_episodes(audit_plan(), 3)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`plan` is 'audit\.yaml'"):
        read_episodes("audit.yaml")  # type: ignore[arg-type]
