"""The self-test: every case passes, a wrong number fails, and the validation file says both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.report import render
from coxa.selftest import Selftest, run_selftest
from coxa.selftest.cases import CASES
from coxa.selftest.document import numbers_table, selftest_document
from coxa.selftest.operation import check_operation
from coxa.selftest.rows import compliers, imputed_sets, shrout_fleiss
from coxa.selftest.run import compared
from coxa.tables.characters import plain
from tests.reference.causal_numbers import trial
from tests.reference.selftest_numbers import NUMBERS, as_text
from tests.reference.test_measurement_reference import TABLE
from tests.reference.trial import reference


@pytest.fixture(scope="module")
def result() -> Selftest:
    return run_selftest(only=[name for name in CASES if name != "glmm"])


def test_the_numbers_are_those_of_the_reference_files() -> None:
    assert NUMBERS.read_text(encoding="utf-8") == as_text()
    assert set(json.loads(as_text())) == set(CASES)


def test_rows_that_ship_are_those_of_the_reference() -> None:
    made = trial()
    assert compliers()[["arm", "got", "y"]].astype(object).equals(made[["arm", "got", "y"]].astype(object))
    assert (shrout_fleiss().to_numpy() == TABLE).all()
    estimates, covariances = imputed_sets()
    three = next(case for case in reference("imputation_r")["cases"] if case["m"] == 3)
    assert (estimates.tolist(), covariances.tolist()) == (three["Q"], three["U"])


def test_every_number_passes(result: Selftest) -> None:
    assert result.passed, (result.failed, result.to_frame().query("not passed").to_string())
    assert {check.case for check in result.checks} == set(CASES) - {"glmm"} - set(result.left_out)
    assert all(0 <= check.difference < check.tolerance for check in result.checks)


def test_a_wrong_number_and_a_number_that_is_not_given_fail() -> None:
    reference = json.loads(as_text())["binary_sas"]
    (name, entry), *_ = reference["numbers"].items()
    entry["value"] += 1e-6
    reference["numbers"]["something else"] = {"value": 1.0, "unit": "absolute", "tolerance": 1.0}
    checks = {check.quantity: check.passed for check in compared("binary_sas", CASES["binary_sas"], reference)}
    assert checks == {name: False, "risk difference: standard error": True, "something else": False}


def test_a_case_that_stops_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def stops() -> dict[str, float]:
        raise ValueError("no rows")

    monkeypatch.setitem(CASES, "ancova", replace(CASES["ancova"], run=stops))
    stopped = run_selftest(only=["ancova", "binary_sas"])
    assert stopped.failed == {"ancova": "ValueError: no rows"}
    assert not stopped.passed
    assert "ancova" in stopped.verdict


def test_absent_data_are_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASES, "cox", replace(CASES["cox"], needs="no_such_package"))
    assert run_selftest(only=["cox", "binary_sas"]).left_out == {"cox": "the package no_such_package is not installed"}


def test_an_unknown_case_is_answered_with_those_there_are() -> None:
    with pytest.raises(OptionError, match="binary_sas"):
        run_selftest(only=["binary_sass"])


def test_operation() -> None:
    found = check_operation()
    assert [operation.found for operation in found if not operation.passed] == []
    whole = replace(run_selftest(only=["counts_sas"]), operation=found)
    assert whole.verdict == "All 3 numbers agree within their tolerance. All 4 checks of operation pass."


def test_the_validation_file_has_versions_hashes_and_every_number(result: Selftest) -> None:
    page = plain(render(selftest_document(result, "2026-01-02")))
    assert result.verdict in page
    table = numbers_table(result)
    marks = {note.mark: str(note.text) for note in table.footnotes}
    cells = [row.cells[3] for group in table.groups for row in group.rows]
    assert [marks.get(cell.mark, "") for cell in cells] == [check.note for check in result.checks]
    assert page.count(f"{result.checks[0].ours:.10g}") >= 1
    assert all(value in page for value in (*result.installed.values(), *result.sha256.values()))


def test_the_command_writes_and_exits(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["selftest", "--case", "binary_sas", "--out", str(tmp_path / "v")])
    assert (done.exit_code, done.output.count("wrote")) == (0, 3)
    assert (tmp_path / "v" / "validation.pdf").read_bytes().startswith(b"%PDF")
    as_json = CliRunner().invoke(app, ["selftest", "--case", "binary_sas", "--json"])
    assert [row["passed"] for row in json.loads(as_json.stdout)] == [True, True]
