"""What a monitoring committee sees: recruitment, completeness, departures and harms, and no result."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.report.analyse import describe
from coxa.report.build import build_document
from coxa.report.report import Report
from coxa.report.topics.committee.groups import Arms, groups_of
from coxa.report.topics.committee.recruitment import recruited_by_month
from coxa.report.trace.verify import verify
from coxa.study.protocol import RecruitmentTarget
from coxa.tables.table import Table

HIP_OA = Path(__file__).parents[2] / "analyses" / "hip_oa_trial" / "study.yaml"


@cache
def report() -> Report[Any]:
    return describe(coxa.read_study(HIP_OA))


def table(name: str, arms: Arms = "masked") -> Table:
    return next(one for one in build_document(report(), committee=arms).tables() if one.id == name)


def test_participants_are_counted_by_month_and_beside_a_steady_pace() -> None:
    days = pd.to_datetime(["2024-01-10", "2024-01-20", "2024-03-05", None])
    target = RecruitmentTarget(participants=10, first_day=date(2024, 1, 1), last_day=date(2024, 3, 31))
    months = recruited_by_month(pd.DataFrame({"day": days}), target, pd.Timestamp("2024-12-31"))
    assert months["month"].tolist() == ["2024-01", "2024-02", "2024-03"]
    assert months["n"].tolist() == [2, 0, 1]
    assert months["total"].tolist() == [2, 2, 3]
    assert months["target"].round(2).tolist() == [3.33, 6.56, 10.0]


def test_without_a_target_months_end_with_the_last_randomisation() -> None:
    days = pd.to_datetime(["2024-01-10", "2024-02-20"])
    months = recruited_by_month(pd.DataFrame({"day": days}), None, pd.Timestamp("2025-12-31"))
    assert months["month"].tolist() == ["2024-01", "2024-02"]
    assert months["target"].isna().all()


def test_a_target_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="write them in order"):
        RecruitmentTarget(participants=10, first_day=date(2024, 3, 1), last_day=date(2024, 1, 1))


def test_masked_arms_have_letters_that_do_not_change_and_add_up_to_the_pooled_report() -> None:
    study = report().study
    groups = groups_of(study, "masked")
    assert set(groups.code_of) == set(study.arms)
    assert sorted(groups.labels) == ["A", "B", "C"][: len(study.arms)]
    assert groups_of(study, "masked") == groups
    for name in ("departures", "harms-for-committee"):
        masked, pooled = table(name), table(name, "pooled")
        for by_arm, together in zip(masked.rows(), pooled.rows(), strict=True):
            numbers = [cell.statistics[0].value for cell in by_arm.cells]
            assert sum(numbers) == together.cells[0].statistics[0].value, by_arm.label


def test_due_visits_are_those_of_participants_whose_window_is_past() -> None:
    document = build_document(report(), committee="pooled")
    complete = [one for one in document.tables() if one.id.startswith("complete-")]
    assert complete
    for one in complete:
        rows = [(row.label, row.cells[0].statistics[0].value) for row in one.rows()]
        for (label, due), (_, known) in pairwise(rows):
            if label.endswith("due"):
                assert 0 <= known <= due


@pytest.mark.parametrize("arms", ["pooled", "masked"])
def test_no_arm_is_named_and_no_result_is_in_any_file(arms: Arms, tmp_path: Path) -> None:
    made = report()
    made.write(tmp_path, "html", length="committee", arms=arms)
    assert not [name for name in ("estimates.csv", "findings.csv", "left_out.csv") if (tmp_path / name).exists()]
    page = (tmp_path / "report.html").read_text(encoding="utf-8").replace(made.study.title, "")
    for arm in made.study.arms:
        assert made.study.label("arms", arm) not in page
        assert arm not in page
    kept = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert kept["estimands"] == {}
    assert kept["models"] == {}
    assert {row["analysis"] for row in kept["results"]} <= {"committee", ""}  # a row of a figure has no analysis
    assert not {row["arm"] for row in kept["results"]} & set(made.study.arms)


def test_arms_are_refused_of_any_other_report(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(HIP_OA), "--arms", "masked", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "Add `--length committee`." in done.output


def test_it_is_verified_like_any_report_and_an_unknown_length_is_refused(tmp_path: Path) -> None:
    report().write(tmp_path, "html", length="committee", arms="masked")
    done = verify(tmp_path)
    assert done.n_numbers > 100
    assert not done.findings
    with pytest.raises(OptionError, match="length"):
        report().write(tmp_path, "html", length="long")  # type: ignore[arg-type]


def test_a_folder_with_results_by_arm_is_refused(tmp_path: Path) -> None:
    (tmp_path / "estimates.csv").write_text("arm\n", encoding="utf-8")
    with pytest.raises(OptionError, match=r"estimates\.csv"):
        report().write(tmp_path, "html", length="committee")
