"""`coxa twin` from a file to a file."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from coxa.cli.main import app
from tests.reference.trial import HERE

TRIAL = HERE / "reference_trial.csv"


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
    assert "there already" in said
    code, said = run(str(TRIAL), "--participant", "patient", "--out", str(tmp_path / "other.csv"))
    assert code == 2
    assert "unknown column 'patient'" in said
    code, said = run(str(TRIAL), "--out", str(tmp_path / "other.csv"))  # four rows of each participant
    assert code == 1
    assert "one row per participant_id" in said
