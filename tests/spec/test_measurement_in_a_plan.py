"""`measurement:` in a plan: report and command say what the room of numerics gives of the same scores."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.measurement import bland_altman, cronbach_alpha, important_change, intraclass_correlation, reliable_change
from coxa.report import MeasuredScore, measured_scores
from coxa.report.document import FigureBlock, Paragraph, TableBlock
from coxa.report.topics.measurement.section import measurement_section
from coxa.study.kinds import study_of
from coxa.tables.prose import cells_of
from tests.spec.test_study_read import faults

HERE = Path(__file__).parents[2] / "analyses" / "measurement"
N = 120


def module_of(path: Path) -> Any:
    """Return a file as a module, under a name of its own."""
    spec = importlib.util.spec_from_file_location("measurement_draw", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


draw = module_of(HERE / "draw.py")


def keys(**pain: Any) -> dict[str, Any]:
    """Return the plan of the worked analysis, with other things asked of its score."""
    raw: dict[str, Any] = yaml.safe_load((HERE / "study.yaml").read_text())
    raw["measurement"] = {"pain": {**raw["measurement"]["pain"], **pain}}
    return {name: part for name, part in raw.items() if name != "data"} | {"data": raw["data"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the plan and its data."""
    path = tmp_path_factory.mktemp("measurement")
    (path / "study.yaml").write_text((HERE / "study.yaml").read_text())
    draw.write(path / "data", N, seed=2)
    return path


@cache
def cohort_of(path: Path, text: str) -> Any:
    return coxa.read_cohort(study_of(json.loads(text)), path / "data").require_clean()


def measured(path: Path, **pain: Any) -> MeasuredScore:
    (found,) = measured_scores(cohort_of(path, json.dumps(keys(**pain))))
    return found


def scores(path: Path) -> pd.DataFrame:
    """Return the scores by visit, worked out from the items by hand."""
    items = pd.read_csv(path / "data" / "items.csv")
    items["score"] = 100 - 25 * items[list(draw.ITEMS)].mean(axis=1)
    wide = items.pivot_table(index="participant_id", columns="visit", values="score")
    people = pd.read_csv(path / "data" / "participants.csv").set_index("participant_id")
    rated = pd.read_csv(path / "data" / "assessments.csv").set_index("participant_id")["rating"]
    return wide.join(people["arm"]).join(rated)


def test_reliability_agreement_alpha_and_ends_are_those_of_the_scores(folder: Path) -> None:
    found, wide = measured(folder), scores(folder)
    repeated = wide[["screening", "baseline"]].to_numpy()
    by_hand = intraclass_correlation(repeated)
    assert found.reliability is not None
    assert found.agreement is not None
    assert found.alpha is not None
    pd.testing.assert_frame_equal(found.reliability.frame, by_hand.frame)
    assert found.reliability.sdc_agreement == pytest.approx(by_hand.sdc_agreement)
    assert found.agreement.upper == pytest.approx(bland_altman(repeated[:, 1], repeated[:, 0]).upper)
    items = pd.read_csv(folder / "data" / "items.csv").query("visit == 'baseline'")[list(draw.ITEMS)]
    assert found.alpha.estimate == pytest.approx(cronbach_alpha(items.to_numpy()).estimate)
    assert found.ends is not None
    assert found.ends["ceiling"] == (wide["baseline"] == 100).mean()
    assert found.problems == ()


def test_statuses_are_those_of_the_reliability_of_these_data(folder: Path) -> None:
    found, wide = measured(folder), scores(folder)
    icc = intraclass_correlation(wide[["screening", "baseline"]].to_numpy()).frame.set_index("form")["estimate"]
    sd = wide["baseline"].std()
    cutoff = (sd * 88 + 11 * wide["baseline"].mean()) / (sd + 11)
    by_hand = reliable_change(
        wide["baseline"], wide["week_12"], sd=sd, reliability=icc["ICC(2,1)"], cutoff=cutoff, higher_is_better=True
    )
    assert found.change is not None
    assert found.change.counts == by_hand.counts
    assert found.used == pytest.approx(icc["ICC(2,1)"])
    mine = found.change.frame.set_index("participant_id")["status"]
    assert (mine == pd.Series(by_hand.status, wide.index)).all()


def test_a_published_coefficient_is_taken_as_it_is_and_without_cutoff_nobody_recovers(folder: Path) -> None:
    coefficient = {"value": 0.9, "population": "adults with hip pain", "source": "a paper"}
    found, wide = measured(folder, change={"visit": "week_12", "reliability": coefficient}), scores(folder)
    assert found.change is not None
    assert found.change.threshold == pytest.approx(1.959964 * wide["baseline"].std() * np.sqrt(0.2), rel=1e-6)
    assert found.change.counts["recovered"] == 0
    assert found.change.counts["improved"] > 0


def test_important_change_is_of_the_anchor_and_its_reliability(folder: Path) -> None:
    found, wide = measured(folder), scores(folder)
    by_hand = important_change(
        wide["week_12"] - wide["baseline"],
        wide["rating"] >= 1,
        minimally=wide["rating"] == 1,
        anchor_reliability=0.8,
    )
    assert found.important is not None
    pd.testing.assert_frame_equal(found.important.frame, by_hand.frame)


def test_stable_participants_alone_are_repeated(folder: Path) -> None:
    stable = {"outcome": "rating", "visit": "week_12", "at_least": -1, "at_most": 1}
    found, wide = measured(folder, repeated={"visits": ["baseline", "week_12"], "stable": stable}), scores(folder)
    chosen = wide[wide["rating"].between(-1, 1)]
    assert found.reliability is not None
    assert found.reliability.n == len(chosen) < N
    by_hand = intraclass_correlation(chosen[["baseline", "week_12"]].to_numpy())
    assert found.reliability.sem_agreement == pytest.approx(by_hand.sem_agreement)


def test_what_cannot_be_estimated_is_said_and_the_rest_is_there(folder: Path) -> None:
    nobody = {"outcome": "rating", "visit": "week_12", "at_least": 0.2, "at_most": 0.4}
    found = measured(folder, repeated={"visits": ["screening", "baseline"], "stable": nobody})
    assert found.reliability is None
    assert found.change is None
    assert found.important is not None
    assert any("has 0 complete rows" in text for text in found.problems)


def test_a_report_has_the_section_with_its_numbers(folder: Path) -> None:
    report = coxa.analyse(cohort_of(folder, json.dumps(keys())))
    section, found = measurement_section(report), measured_scores(report.cohort)[0]
    assert section is not None
    assert found.reliability is not None
    blocks = [*section.blocks, *(block for part in section.sections for block in part.blocks)]
    tables = {block.table.id: block.table for block in blocks if isinstance(block, TableBlock)}
    assert set(tables) == {"measurement-properties", "reliable-change-pain", "important-change-pain"}
    rows = {row.label: row for group in tables["reliable-change-pain"].groups for row in group.rows}
    recovered = rows["Recovered: improved reliably, and across the cutoff"].cells
    assert found.change is not None
    counted = found.change.frame.query("status == 'recovered'").groupby("arm").size()
    assert [next(one.value for one in cell.statistics if one.name == "n") for cell in recovered] == [
        counted.get("usual_care", 0),
        counted.get("exercise", 0),
    ]
    (figure,) = (block.figure for block in blocks if isinstance(block, FigureBlock))
    assert figure.of_people
    assert len(figure.data) == N
    last = blocks[-1]
    assert isinstance(last, Paragraph)
    values = [one.value for cell in cells_of(last.text) for one in cell.statistics]
    assert values[0] == pytest.approx(found.reliability.sdc_agreement)


def test_a_plan_that_asks_nothing_has_no_section(folder: Path) -> None:
    plain = {name: part for name, part in keys().items() if name != "measurement"}
    report = coxa.analyse(coxa.read_cohort(study_of(plain), folder / "data").require_clean())
    assert measurement_section(report) is None


def test_the_command_says_it_and_gives_numbers(folder: Path) -> None:
    run = CliRunner().invoke(app, ["measurement", str(folder / "study.yaml"), "--data", str(folder / "data")])
    assert run.exit_code == 0, run.output
    found = measured(folder)
    assert found.change is not None
    assert found.reliability is not None
    assert f"a change of {found.change.threshold:.1f} points or more is reliable" in run.output
    numbers = CliRunner().invoke(
        app, ["measurement", str(folder / "study.yaml"), "--data", str(folder / "data"), "--json"]
    )
    given = json.loads(numbers.stdout)["pain"]
    assert given["sem_agreement"] == pytest.approx(found.reliability.sem_agreement)
    assert sum(given["statuses"]["exercise"].values()) == N / 2


@pytest.mark.parametrize(
    ("pain", "message"),
    [
        ({"change": {"visit": "week_12", "reliability": {"value": 0.9, "source": "a paper"}}}, "population"),
        ({"change": {"visit": "week_12"}}, "reliability"),
        ({"change": {"visit": "baseline", "reliability": "repeated"}}, "baseline is the baseline"),
        (
            {"change": {"visit": "week_12", "reliability": "repeated", "cutoff": "c"}},
            "needs the scores of a population",
        ),
        ({"repeated": None}, "Add `repeated: {visits: [...]}`"),
        ({"repeated": {"visits": ["baseline", "retest"]}}, "retest"),
        ({"important": {"visit": "week_12", "anchor": "pain", "improved": 10}}, "its own anchor"),
        ({"important": {"visit": "week_12", "anchor": "rating", "improved": 2, "little": 1}}, "1 is worse than"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_refused(pain: dict[str, Any], message: str) -> None:
    found = faults(yaml.safe_dump(keys(**pain), sort_keys=False))
    assert any(message in f"{fault[1]} {fault[2]}" for fault in found), found
