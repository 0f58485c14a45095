"""`coxa twin` from a file to a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
from typer.testing import CliRunner

import coxa.selftest
from coxa.cli.main import app

TRIAL = Path(coxa.selftest.__file__).parent / "data" / "reference_trial.csv"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["twin", *arguments])
    return result.exit_code, result.output


def test_a_twin_is_written_and_its_distance_told(tmp_path: Path) -> None:
    out = tmp_path / "twin.csv"
    code, said = run(str(TRIAL), "--visit", "visit", "--out", str(out), "--seed", "4")
    assert code == 0
    assert "0 repeat a row of the original" in said
    twin, original = pd.read_csv(out), pd.read_csv(TRIAL)
    assert list(twin.columns) == list(original.columns)
    assert twin["participant_id"].nunique() == original["participant_id"].nunique() == 180
    first = out.read_bytes()
    assert run(str(TRIAL), "--visit", "visit", "--out", str(tmp_path / "again.csv"), "--seed", "4")[0] == 0
    assert (tmp_path / "again.csv").read_bytes() == first


def test_json_tells_how_near_it_is(tmp_path: Path) -> None:
    code, said = run(str(TRIAL), "--visit", "visit", "--out", str(tmp_path / "twin.parquet"), "--json")
    assert code == 0
    (facts,) = json.loads(said)
    assert facts["rows"] == 180
    assert facts["exact"] == facts["nearer"] == 0


def test_an_existing_file_is_kept_and_a_wrong_column_named(tmp_path: Path) -> None:
    out = tmp_path / "twin.csv"
    out.write_text("mine", encoding="utf-8")
    code, said = run(str(TRIAL), "--visit", "visit", "--out", str(out))
    assert (code, out.read_text(encoding="utf-8")) == (2, "mine")
    assert "exists already" in said
    code, said = run(str(TRIAL), "--participant", "patient", "--out", str(tmp_path / "other.csv"))
    assert code == 2
    assert 'no column "patient"' in said
    code, said = run(str(TRIAL), "--out", str(tmp_path / "other.csv"))  # four rows of each participant
    assert code == 1
    assert "that of another row" in said


def test_codes_that_the_file_declares_missing_are_gaps_of_the_twin(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"participant_id": [f"p{k}" for k in range(60)], "pain": generator.normal(50, 10, 60).round()})
    frame.loc[:14, "pain"] = 999
    pyreadstat.write_sav(frame, tmp_path / "trial.sav", missing_ranges={"pain": [999]})
    out = tmp_path / "twin.csv"
    shown = CliRunner().invoke(app, ["twin", str(tmp_path / "trial.sav"), "--out", str(out)])
    assert shown.exit_code == 0, shown.output
    pain = pd.read_csv(out)["pain"]
    assert pain.isna().any()
    assert pain.max() < 100


def test_a_formula_without_result_is_not_drawn_from(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["participant_id", "pain"], ["a", 4], ["b", "=B2+1"]):
        book.active.append(row)
    book.save(tmp_path / "trial.xlsx")
    shown = CliRunner().invoke(app, ["twin", str(tmp_path / "trial.xlsx"), "--out", str(tmp_path / "twin.csv")])
    assert shown.exit_code == 1
    assert "The formula has no stored result" in " ".join(shown.output.split())


def test_the_files_of_a_study_are_drawn_together(tmp_path: Path) -> None:
    trial = pd.read_csv(TRIAL)
    people = trial.drop_duplicates("participant_id")[["participant_id", "arm", "site", "sex"]]
    people.to_csv(tmp_path / "people.csv", index=False)
    trial[["participant_id", "visit", "change"]].to_csv(tmp_path / "change.csv", index=False)
    files = [str(tmp_path / "people.csv"), str(tmp_path / "change.csv")]
    code, said = run(*files, "--visit", "visit", "--out", str(tmp_path / "twins"))
    assert code == 0, said
    drawn = {name: pd.read_csv(tmp_path / "twins" / f"{name}.csv") for name in ("people", "change")}
    assert set(drawn["change"]["participant_id"]) == set(drawn["people"]["participant_id"])
    code, said = run(*files, "--visit", "visit", "--out", str(tmp_path / "twins"))
    assert code == 2
    assert "exists already" in said
