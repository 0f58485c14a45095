"""The screening log: read, and compared with who became a participant."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from tests.spec.cohort_trial import LONG, PARTICIPANTS, messages, only, read_tiny

DATA = (
    LONG
    + """\
    screening:
      file: screening.csv
      columns: {screening_id: number, screening_date: seen, exclusion_reason: why, participant_id: id}
"""
)
LOG = pd.DataFrame(
    [
        ("S1", "2024-12-20", "yes", "yes", "", "01"),
        ("S2", "2024-12-21", "no", "", "other joint", ""),
        ("S3", "2024-12-22", "yes", "yes", "", "02"),
        ("S4", "2024-12-23", "yes", "no", "", ""),
        ("S5", "2024-12-24", "yes", "yes", "", "03"),
        ("S6", "2024-12-25", "yes", "yes", "", "04"),
    ],
    columns=["number", "seen", "eligible", "consented", "why", "id"],
)


def read(folder: Path, log: pd.DataFrame) -> Cohort:
    """Read the tiny trial with a screening log."""
    log.to_csv(folder / "screening.csv", index=False)
    return read_tiny(folder, data=DATA)


def changed(number: str, /, **cells: str) -> pd.DataFrame:
    """Return the log with other cells in the row of one person."""
    row = LOG["number"] == number
    return LOG.assign(**{name: LOG[name].mask(row, text) for name, text in cells.items()})


def test_a_complete_log_has_nothing_wrong(tmp_path: Path) -> None:
    cohort = read(tmp_path, LOG)
    assert messages(cohort) == []
    table = cohort.table("screening")
    assert table["eligible"].tolist() == [True, False, True, True, True, True]
    assert table["participant_id"].dropna().tolist() == ["01", "02", "03", "04"]


def test_a_plan_without_a_log_is_asked_for_none(tmp_path: Path) -> None:
    assert messages(read_tiny(tmp_path)) == []


@pytest.mark.parametrize(
    ("log", "severity", "field", "rule", "remedy"),
    [
        (LOG[LOG["number"] != "S5"], "error", "participant_id", "the participant is not in table screening",
         "the flow diagram starts at randomisation"),
        (changed("S4", id="03", consented="yes"), "error", "participant_id",
         "a participant is enrolled from several assessments", "Keep `participant_id` on the row"),
        (changed("S1", eligible="no", why="too ill"), "warning", "eligible",
         "a participant was not eligible", "counts as allocated"),
        (changed("S1", consented="no"), "error", "consented", "a participant declined",
         "Correct `consented`"),
        (changed("S4", consented="yes"), "warning", "exclusion_reason",
         "an eligible person who agreed is no participant and has no reason", "Fill in"),
        (changed("S3", seen="2025-01-11"), "warning", "screening_date",
         "the assessment for eligibility is after randomisation", "Check both dates"),
    ],
)  # fmt: skip
def test_what_the_log_and_the_participants_disagree_about(
    tmp_path: Path, log: pd.DataFrame, severity: str, field: str, rule: str, remedy: str
) -> None:
    found = only(read(tmp_path, log))
    assert (found.severity, found.field, found.rule) == (severity, field, rule)
    assert remedy in found.remedy
    assert found.row is not None


def test_a_participant_whom_nobody_knows(tmp_path: Path) -> None:
    found = only(read(tmp_path, changed("S4", id="77", consented="yes")))
    assert (found.severity, found.table, found.participant_id) == ("error", "screening", "77")


def test_a_number_that_is_twice_in_the_log(tmp_path: Path) -> None:
    found = [item for item in read(tmp_path, changed("S4", number="S2")).findings if item.table == "screening"]
    assert [(item.severity, item.rule, item.value) for item in found] == [
        ("error", "there is more than one row per screening", "rows 3 and 5, not identical")
    ]


def test_many_participants_without_an_assessment_are_one_finding(tmp_path: Path) -> None:
    people = pd.concat([PARTICIPANTS, *[PARTICIPANTS.iloc[:1].assign(id=f"9{number:02d}") for number in range(30)]])
    LOG.to_csv(tmp_path / "screening.csv", index=False)
    cohort = read_tiny(tmp_path, people=people, data=DATA)
    found = [item for item in cohort.findings if item.rule == "the participant is not in table screening"]
    assert [item.n_rows for item in found] == [30]
