"""The worked audit: its data are what the script makes, its plans are read, and a new audit starts from them."""

from __future__ import annotations

import json
import runpy
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.clinics.run import audit_clinics
from coxa.episodes.columns import column_types
from coxa.episodes.episodes import episodes_of_frame
from coxa.episodes.read import read_episodes
from coxa.findings import Findings
from coxa.simulate.registry.plan import registry_plan
from coxa.simulate.registry.registry import simulate_registry
from coxa.study.audit.assumptions import RegistryAssumptions
from coxa.study.audit.plan import AuditPlan
from coxa.study.audit.read import read_audit
from coxa.study.examples import KNOWN, TEMPLATES

ROOT = Path(__file__).parents[2]
DATA = ROOT / "synthetic_data" / "clinic_registry"
PLAN = ROOT / "analyses" / "clinic_registry" / "audit.yaml"
TEMPLATE = TEMPLATES / "audit" / "audit.yaml"

LARGEST = 1_000_000
"""Bytes that the files may take together."""


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(
        DATA / "episodes.csv", parse_dates=["referral_date", "intake_date", "discharge_date", "pain_date"]
    )


def test_the_script_makes_the_same_bytes() -> None:
    made = runpy.run_path(str(DATA / "make.py"))["build"]()
    kept = {path.name: path.read_bytes() for path in DATA.iterdir() if path.suffix in (".csv", ".json", ".md")}
    assert set(made) == set(kept)
    assert [name for name in made if made[name] != kept[name]] == []
    assert sum(len(raw) for raw in kept.values()) < LARGEST


def test_the_registry_is_as_large_as_its_page_tells(rows: pd.DataFrame) -> None:
    assert (len(rows), rows["clinic"].nunique(), rows["therapist"].nunique()) == (6_000, 12, 60)
    page = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"{rows['patient'].nunique():,} patients" in page
    assert [name for name in rows if f"| `{name}` |" not in page] == []
    assert rows["intake_date"].min().year == 2021
    assert rows["intake_date"].max() <= pd.Timestamp(2024, 12, 31)


def test_the_plan_is_that_of_the_simulator_on_the_committed_file(rows: pd.DataFrame) -> None:
    plan = read_audit(PLAN)
    assert plan.model_dump(exclude={"data"}) == registry_plan(RegistryAssumptions()).model_dump(exclude={"data"})
    assert (PLAN.parent / plan.data.folder / str(plan.data.file)).resolve() == DATA / "episodes.csv"
    assert set(plan.columns) - {"birth_date"} <= set(rows)  # the age is there
    named = {name for one in plan.data.scores.values() for name in (one.intake, one.discharge, one.date)}
    assert named <= set(rows)


def test_levels_of_the_plan_are_the_words_of_the_file(rows: pd.DataFrame) -> None:
    for name, one in read_audit(PLAN).descriptors.items():
        if one.type == "category":
            words = {f"{word:g}" if isinstance(word, float) else word for word in rows[name].dropna().unique()}
            assert words == set(one.level_labels()), name


def test_the_committed_file_is_read_without_a_finding_as_it_was_simulated(rows: pd.DataFrame) -> None:
    episodes = read_episodes(read_audit(PLAN))
    assert episodes.findings.as_text() == Findings().as_text()
    assert episodes.disposition.imbalance().empty
    ours = simulate_registry(RegistryAssumptions(), seed=runpy.run_path(str(DATA / "make.py"))["SEED"])
    theirs = episodes_of_frame(ours.plan, ours.episodes)
    names = [name for name in column_types(ours.plan) if name not in ("source_row", "function_date")]
    question = f"SELECT {', '.join(names)} FROM episodes ORDER BY episode"
    pd.testing.assert_frame_equal(episodes.query(question), theirs.query(question))
    assert len(rows) == len(episodes.query(question))


def test_the_template_asks_what_the_worked_example_asks() -> None:
    """They differ in names and in what only the simulator needs, so that both are tried with one audit."""
    ours, theirs = read_audit(TEMPLATE), read_audit(PLAN)
    own = {"audit", "title", "data", "assumptions"}
    assert ours.model_dump(exclude=own) == theirs.model_dump(exclude=own)
    assert ours.data.scores["function"] == theirs.data.scores["function"]


def test_the_template_names_every_key_of_a_plan() -> None:
    """Each key is used or shown in a comment, `assumptions` aside, which are for a simulated registry."""
    text = TEMPLATE.read_text(encoding="utf-8")
    absent = [key for key in AuditPlan.model_fields if f"\n{key}:" not in text and f"\n# {key}:" not in text]
    assert absent == ["assumptions"]


def test_the_lines_of_the_template_fit_a_screen() -> None:
    assert max(map(len, TEMPLATE.read_text(encoding="utf-8").splitlines())) <= 120


def test_a_new_audit_is_a_plan_with_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "my-audit"
    made = CliRunner().invoke(app, ["new", str(folder), "--template", "audit"])
    assert made.exit_code == 0, made.output
    assert f"audit {folder / 'audit.yaml'} --out {folder / 'out'}" in made.output.replace("\n", "")
    plan = read_audit(folder / "audit.yaml")
    assert (folder / plan.data.folder / str(plan.data.file)).read_bytes() == (DATA / "episodes.csv").read_bytes()
    assert sorted(path.name for path in (folder / "data").iterdir()) == ["README.md", "episodes.csv", "truth.json"]
    again = CliRunner().invoke(app, ["new", str(folder), "--template", "audit"])
    assert again.exit_code == 2
    assert "is not empty" in again.output


def test_every_template_that_ships_can_be_chosen() -> None:
    assert sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir()) == sorted(KNOWN)
    assert all((TEMPLATES / name / one.plan).is_file() for name, one in KNOWN.items())
    wheel = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(
        f'"synthetic_data/{one.data}" = "coxa/_demo/synthetic_data/{one.data}"' in wheel for one in KNOWN.values()
    )


def test_the_raw_share_of_questionnaires_agrees_with_the_truth(rows: pd.DataFrame) -> None:
    """Within four standard errors of a share, by clinic; who was due is counted from the file."""
    truth = pd.DataFrame(json.loads((DATA / "truth.json").read_text(encoding="utf-8"))["clinics"]).set_index("clinic")
    due = (rows["eligible"] == "yes") & (rows["discharge_date"] + timedelta(42) <= pd.Timestamp(2025, 3, 31))
    day = (rows["pain_date"] - rows["discharge_date"]).dt.days
    done = due & day.between(-28, 42)
    share, n = done.groupby(rows["clinic"]).sum() / due.groupby(rows["clinic"]).sum(), due.groupby(rows["clinic"]).sum()
    error = (truth["complete"] * (1 - truth["complete"]) / n) ** 0.5
    assert ((share - truth["complete"]).abs() < 4 * error).all()


def test_a_registry_is_simulated_from_the_plan_of_an_audit(tmp_path: Path) -> None:
    out, text = tmp_path / "registry", PLAN.read_text(encoding="utf-8")
    plan = tmp_path / "audit.yaml"
    plan.write_text(text.replace("assumptions: {}", "assumptions: {episodes: 400, clinics: 9}"), encoding="utf-8")
    made = CliRunner().invoke(app, ["simulate", str(plan), "--out", str(out), "--seed", "3", "--format", "csv,parquet"])
    assert made.exit_code == 0, made.output
    read = read_audit(out / "audit.yaml")
    assert (read.data.file, read.data_cut) == ("episodes.csv", registry_plan(RegistryAssumptions()).data_cut)
    rows = pd.read_csv(out / "data" / "episodes.csv")
    registry = simulate_registry(RegistryAssumptions(episodes=400, clinics=9), seed=3)
    assert rows["pain_intake"].astype("Int16").equals(registry.episodes["pain_intake"])
    assert set(rows["eligible"]) == {"yes", "no"}
    assert len(pd.read_parquet(out / "data" / "episodes.parquet")) == 400
    assert json.loads((out / "truth.json").read_text(encoding="utf-8")) == json.loads(registry.truth.to_json())
    assert "| Clinic 09 | worse | -1.00 |" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("instrument: lefs", "instrument: hoos\n    scale: pain", "outcome `function`"),
        ("levels: [female, male]", "levels: [f, m]", "descriptor `sex`"),
        ("met: red_flags_asked", "met: consent", "standard `red_flags`"),
    ],
)
def test_what_the_simulator_does_not_make_is_refused_by_name(tmp_path: Path, old: str, new: str, part: str) -> None:
    plan = tmp_path / "audit.yaml"
    plan.write_text(PLAN.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    made = CliRunner().invoke(app, ["simulate", str(plan), "--out", str(tmp_path / "out")])
    assert made.exit_code == 2
    assert f"does not make {part}." in " ".join(made.output.split())
    assert not (tmp_path / "out").exists()


def test_participants_are_of_trials(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["simulate", str(PLAN), "--out", str(tmp_path / "out"), "--participants", "60"])
    assert made.exit_code == 2
    assert "is of trials" in made.output


def test_the_page_of_the_example_has_the_numbers_of_its_audit() -> None:
    page = (PLAN.parent / "README.md").read_text(encoding="utf-8")
    truth = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))
    planted = {one["clinic"]: one for one in truth["clinics"]}
    audit = audit_clinics(PLAN)
    mix, counts = audit.case_mix["pain"], audit.completeness.counts[()].iloc[0]
    nine, three, six = (mix.clinics.set_index("clinic").loc[f"Clinic {place:02d}"] for place in (9, 3, 6))
    chart = next(one for one in audit.series if (one.measure, one.clinic) == ("change", "Clinic 06"))
    assert (nine["position"], three["position"], three["position_95"]) == ("low", "within", "high")
    assert (six["position_95"], chart.variation) == ("within", "improvement_high")
    for text in (
        f"| {-planted['Clinic 09']['effect_with_therapists']:.2f} points less, with its therapists | adjusted "
        f"{nine['adjusted']:.2f}, below the 99.8 % limits ({nine['low_99.8']:.2f} to {nine['high_99.8']:.2f}) |",
        f"| {planted['Clinic 03']['effect_with_therapists']:.2f} points more, with its therapists | adjusted "
        f"{three['adjusted']:.2f}, above the 95 % limits ({three['low_95']:.2f} to {three['high_95']:.2f}) and",
        f"| {planted['Clinic 06']['better_by']:g} points more from October 2022 on |",
        f"| {100 * truth['complete']:.0f} % expected | {100 * counts['of_done'] / counts['of']:.1f} % of those due; "
        f"counting forms gives {100 * counts['forms'] / counts['intakes']:.1f} % |",
        f"| {truth['change']:.2f} of all who were due | {mix.target:.2f} of those seen |",
    ):
        assert text in page
