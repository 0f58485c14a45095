"""`coxa randomise` as a user meets it: what is printed, what is written, which exit code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from coxa.cli.main import app

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "analyses" / "hip_oa_trial" / "study.yaml").read_text(encoding="utf-8")


def without(text: str, first: str, last: str) -> str:
    """Return a plan without what stands from one key to the next."""
    return text[: text.index(first)] + text[text.index(last) :]


DEMO = without(without(EXAMPLE, "randomisation:\n", "intercurrent_events:\n"), "assumptions:\n", "data:\n")
"""The plan of the worked example without its randomisation and assumptions."""
BLOCKS = """\
randomisation:
  scheme: blocks
  block_sizes: [3, 6]
  strata: [site]
  redcap:
    arm: {codes: {usual_care: 0, exercise: 1, manual_therapy: 2}}
    site: {field: dem_site}
"""
MINIMISATION = "randomisation: {scheme: minimisation, factors: [site, sex], ratio: RATIO}\n"
FILES = {"allocation_list.csv", "redcap.csv", "sealed_list.csv", "sealed_key.csv", "cards.html", "record.json"}


def planned(folder: Path, part: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(DEMO.replace("intercurrent_events:", f"{part}\nintercurrent_events:", 1), encoding="utf-8")
    return path


def randomise(plan: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["randomise", str(plan), *options])


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return planned(tmp_path, BLOCKS)


def people(folder: Path, n: int) -> Path:
    path = folder / "people.csv"
    rows = {
        "participant_id": [f"00{k}" for k in range(n)],
        "sex": ["male", "female"] * (n // 2),
        "site": (["north", "river", "south"] * n)[:n],
    }
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_a_list_is_written_in_every_form(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shown = randomise(plan, "--n", "12", "--seed", "7", "--out", str(out))
    assert shown.exit_code == 0, shown.output
    assert {path.name for path in out.iterdir()} == FILES
    record = json.loads((out / "record.json").read_text())
    for name in ("allocation_list", "sealed_list"):
        digest = hashlib.sha256((out / f"{name}.csv").read_bytes()).hexdigest()
        assert record["sha256"][name] == digest
        assert digest in shown.output
    assert record["seed"] == 7
    assert "date" not in record
    assert "permuted blocks of random size 3 or 6, stratified by site" in shown.output
    assert "keep from everybody who enrols" in shown.output
    assert "a short seed can be found by trying" in shown.output
    redcap = pd.read_csv(out / "redcap.csv")
    assert list(redcap.columns) == ["redcap_randomization_group", "dem_site", "redcap_randomization_number"]
    assert set(redcap["redcap_randomization_group"]) == {0, 1, 2}
    assert "0, Usual care | 1, Exercise therapy | 2, Manual therapy" in shown.output
    page = (out / "cards.html").read_text()
    assert page.count('<section class="card">') == len(redcap)
    assert "Exercise therapy" in page
    assert "exercise" not in (out / "sealed_list.csv").read_text()


def test_the_same_call_gives_the_same_bytes_and_a_date_only_where_it_is_given(plan: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert randomise(plan, "--n", "9", "--seed", "7", "--out", str(tmp_path / name), "-q").exit_code == 0
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    dated = randomise(plan, "--n", "9", "--seed", "7", "--out", str(tmp_path / "c"), "--date", "2026-03-31")
    assert dated.exit_code == 0
    assert json.loads((tmp_path / "c" / "record.json").read_text())["date"] == "2026-03-31"


def test_without_a_seed_a_long_one_is_drawn_and_kept(plan: Path, tmp_path: Path) -> None:
    seeds = []
    for name in ("one", "two"):
        shown = randomise(plan, "--n", "9", "--out", str(tmp_path / name))
        assert "short seed" not in shown.output
        seeds.append(json.loads((tmp_path / name / "record.json").read_text())["seed"])
        assert str(seeds[-1]) not in shown.output
    assert seeds[0] != seeds[1]
    assert min(seeds) > 2**64


def test_a_list_is_never_overwritten(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert randomise(plan, "--n", "9", "--seed", "7", "--out", str(out), "--format", "csv").exit_code == 0
    before = (out / "allocation_list.csv").read_bytes()
    assert {path.name for path in out.iterdir()} == {"allocation_list.csv", "record.json"}
    shown = randomise(plan, "--n", "9", "--seed", "8", "--out", str(out), "--format", "cards")
    assert shown.exit_code == 2
    assert "a list is never overwritten" in shown.output
    assert (out / "allocation_list.csv").read_bytes() == before


def test_the_seals_are_checked(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    randomise(plan, "--n", "9", "--seed", "7", "--out", str(out))
    good = randomise(plan, "--verify", str(out))
    assert (good.exit_code, "every allocation fits its seal" in good.output) == (0, True)
    listed = pd.read_csv(out / "allocation_list.csv")
    listed.loc[4, "arm"] = "usual_care" if listed.loc[4, "arm"] == "exercise" else "exercise"
    listed.to_csv(out / "allocation_list.csv", index=False)
    bad = randomise(plan, "--verify", str(out))
    assert bad.exit_code == 1
    assert "The seal of number 5 does not fit its arm" in bad.output
    assert len(json.loads(randomise(plan, "--verify", str(out), "--json").stdout)) == 1
    assert randomise(plan, "--verify", str(tmp_path / "nowhere")).exit_code == 2


@pytest.mark.parametrize("ratio", ["{}", "{usual_care: 1, exercise: 2, manual_therapy: 1}"])
def test_minimisation_goes_on_from_its_own_list(tmp_path: Path, ratio: str) -> None:
    plan, file = planned(tmp_path, MINIMISATION.replace("RATIO", ratio)), people(tmp_path, 20)
    whole = randomise(plan, "--participants", str(file), "--seed", "7", "--out", str(tmp_path / "whole"))
    assert whole.exit_code == 0, whole.output
    assert not (tmp_path / "whole" / "redcap.csv").exists()
    listed = pd.read_csv(tmp_path / "whole" / "allocation_list.csv", dtype=str)
    assert listed["participant_id"].tolist() == [f"00{k}" for k in range(20)]
    columns = ["slot", "arm"] if "slot" in listed else ["arm"]
    listed.loc[12:, columns] = None
    listed.to_csv(file, index=False)
    rest = randomise(plan, "--participants", str(file), "--seed", "7", "--out", str(tmp_path / "rest"))
    assert rest.exit_code == 0, rest.output
    assert (tmp_path / "rest" / "allocation_list.csv").read_bytes() == (
        tmp_path / "whole" / "allocation_list.csv"
    ).read_bytes()


def test_a_simulation_prints_balance_and_predictability_and_draws_no_list(plan: Path, tmp_path: Path) -> None:
    shown = randomise(plan, "--n", "60", "--simulate", "200", "--out", str(tmp_path / "out"))
    assert shown.exit_code == 0, shown.output
    assert "200 simulated lists of 60 participants" in shown.output
    assert "Monte Carlo error" in shown.output
    assert "by chance 33.3%" in shown.output
    assert not (tmp_path / "out").exists()
    as_json = json.loads(randomise(plan, "--n", "60", "--simulate", "200", "--json").stdout)
    assert {"balance", "predictability"} == set(as_json)
    assert 1 / 3 < as_json["predictability"]["share"] < 1


def test_a_list_as_json(plan: Path, tmp_path: Path) -> None:
    rows = json.loads(randomise(plan, "--n", "9", "--seed", "7", "--out", str(tmp_path / "out"), "--json").stdout)
    assert {"sequence", "site", "number", "block", "arm"} == set(rows[0])


def test_a_stratum_with_one_participant_is_a_finding(plan: Path, tmp_path: Path) -> None:
    file = people(tmp_path, 4)
    shown = randomise(plan, "--participants", str(file), "--seed", "7", "--out", str(tmp_path / "out"))
    assert shown.exit_code == 1
    assert "The stratum has one unit" in " ".join(shown.output.split())
    assert not (tmp_path / "out").exists()


def test_clusters(tmp_path: Path) -> None:
    part = "randomisation: {scheme: blocks, block_sizes: 6, cluster: clinic}\n"
    plan = planned(tmp_path, part)
    of_clinics = plan.read_text().replace("design: parallel", "design: cluster")
    of_clinics = of_clinics.replace("adjust: [baseline * visit, site]", "adjust: [baseline * visit]", 1)
    plan.write_text(of_clinics.replace("    model: mmrm\n", "    model: mmrm\n    random: {site_id: {}}\n", 1))
    (tmp_path / "clinics.csv").write_text("clinic\n" + "\n".join("abcdef") + "\n")
    out = tmp_path / "out"
    shown = randomise(plan, "--participants", str(tmp_path / "clinics.csv"), "--seed", "7", "--out", str(out))
    assert shown.exit_code == 0, shown.output
    assert list(pd.read_csv(out / "allocation_list.csv").columns) == ["sequence", "clinic", "block", "arm"]
    assert "by clinic: permuted blocks of size 6" in shown.output


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "Exactly one of `n`"),
        (("--n", "2"), 2, "2 participants are too few for the ratio 1:1:1. Give at least 3"),
        (("--n", "9", "--seed", "-1"), 2, "Give a whole number of 0 or more"),
        (("--n", "9", "--format", "pdf"), 2, "Choose one of csv, redcap, sealed, cards"),
        (("--n", "9", "--date", "31.3.2026"), 2, "Write year-month-day"),
        (("--participants", "nowhere.csv"), 2, "There is no file nowhere.csv"),
        (("--n", "9", "--simulate", "1"), 2, "Give at least 2"),
    ],
)
def test_wrong_use_exits_with_two(plan: Path, tmp_path: Path, options: tuple[str, ...], code: int, said: str) -> None:
    shown = randomise(plan, *options, "--out", str(tmp_path / "out"))
    assert shown.exit_code == code
    assert said in " ".join(shown.output.split())
    assert not (tmp_path / "out").exists()


def test_a_plan_without_randomisation_says_what_to_add(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(DEMO)
    shown = randomise(path, "--n", "9")
    assert shown.exit_code == 1
    assert "randomisation: {scheme: blocks, block_sizes: [4, 6]}" in " ".join(shown.output.split())
