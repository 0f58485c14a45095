"""Like findings are one line with a count and the rows, so that many repeats do not hide the next fault."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.cli.show import show_findings
from coxa.derive.adherence import diary_adherence
from coxa.errors import DataError
from coxa.findings import Finding, Findings, fold


def repeats(n: int) -> list[Finding]:
    """Return one fault n times, at rows 2, 3, ..."""
    return [
        Finding("error", "assessments", "pain is 0 to 100", "Correct it.", row, f"P{row}", "pain", str(100 + row))
        for row in range(2, 2 + n)
    ]


OTHER = Finding("error", "participants", "no participant is in arm exercise", "Check the codes of arm.")


def test_a_folded_finding_counts_and_lists_its_rows() -> None:
    folded = fold(repeats(7))
    assert (folded.n_rows, folded.rows, folded.row) == (7, (2, 3, 4, 5, 6, 7, 8), 2)
    assert folded.value == "102 in row 2; 103 in row 3; 104 in row 4; 105 in row 5; 106 in row 6; and 2 more"


def test_folding_again_adds_up() -> None:
    folded = fold([fold(repeats(7)), *repeats(2)])
    assert folded.n_rows == 9
    assert len(folded.rows) == 9


def test_sixty_repeats_do_not_hide_the_next_fault(capsys: pytest.CaptureFixture[str]) -> None:
    findings = Findings((*repeats(60), OTHER))
    assert findings.as_text().splitlines()[-1] == OTHER.as_text()
    show_findings(findings)
    assert "No participant is in arm exercise" in capsys.readouterr().out


def test_a_short_list_is_one_line_too_and_names_its_rows() -> None:
    (line,) = Findings.of(repeats(2)).as_text().splitlines()
    assert line == (
        "error: assessments, 2 rows (2, 3), pain: pain is 0 to 100 (found '102 in row 2; 103 in row 3'). Correct it."
    )


def test_the_frame_lists_the_rows_of_a_folded_finding() -> None:
    frame = Findings((fold(repeats(3)), OTHER)).to_frame()
    assert frame["rows"].fillna("").tolist() == ["2, 3, 4", ""]


def test_fractional_days_of_a_diary_are_one_finding() -> None:
    diary = pd.DataFrame({"participant_id": "P1", "study_day": [day + 0.5 for day in range(132)], "pain": 3.0})
    diary = diary.assign(exercises_prescribed=1, exercises_done=1)
    with pytest.raises(DataError) as caught:
        diary_adherence(diary, last_day=132)
    (finding,) = caught.value.findings
    assert (finding.field, finding.n_rows, finding.rows[-1]) == ("study_day", 132, 133)
