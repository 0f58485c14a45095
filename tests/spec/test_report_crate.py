"""The RO-Crate of a report: what the specification asks for, no participants, the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from coxa.errors import CoxaError, OptionError
from coxa.report.report import Report
from coxa.report.trace.crate import CrateOptions, write_crate
from coxa.report.trace.run_data import run_data
from coxa.report.write import write_report
from tests.spec.test_report_protocol import reported
from tests.spec.test_study_lock import Edit, cs, window, written

DAY = "2026-04-01"
CORRECTION = {
    "table": "participants",
    "participant_id": "QZX7003",
    "field": "age",
    "from": 500,
    "to": 50,
    "because": "the site said so",
}


def data_block(corrections: list[dict[str, Any]], values: dict[str, Any]) -> Edit:
    tables = {"participants": {"file": "p.csv", "values": values}, "assessments": {"file": "a.csv"}}
    return lambda keys: keys.update(data={"tables": tables, "corrections": corrections})


def crate(folder: Path, made: Report) -> Path:
    write_report(made, folder / "out")
    return packed((made, folder / "out"))


def packed(plain: tuple[Report, Path], **options: str) -> Path:
    """Put a report that is written into a crate."""
    made, out = plain
    return write_crate(made, out, ("report.html",), CrateOptions(**{"date": DAY, **options}))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """A report of a plan that is as it was locked, and where it is written, once for all."""
    folder = tmp_path_factory.mktemp("plain")
    made = reported(folder)
    write_report(made, folder / "out")
    return made, folder / "out"


def graph_of(path: Path) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        data = json.loads(archive.read("ro-crate-metadata.json"))
    assert data["@context"] == "https://w3id.org/ro/crate/1.2/context"
    entities = {entity["@id"]: entity for entity in data["@graph"]}
    assert len(entities) == len(data["@graph"])
    return entities


def referred(entity: dict[str, Any]) -> list[str]:
    """Return what an entity refers to; a reference is an object with nothing but an address."""
    values = [value for inner in entity.values() for value in (inner if isinstance(inner, list) else [inner])]
    objects = [value for value in values if isinstance(value, dict)]
    assert all(list(value) == ["@id"] for value in objects)
    return [value["@id"] for value in objects]


def test_the_crate_has_what_the_specification_asks_for(tmp_path: Path) -> None:
    entities = graph_of(crate(tmp_path, reported(tmp_path, (cs,), (window,))))
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert root["datePublished"] == DAY
    assert all(root[key] for key in ("name", "description", "license"))
    assert all(entity.get("@type") for entity in entities.values())
    programs = [entity for entity in entities.values() if entity["@type"] == "SoftwareApplication"]
    assert all(entity["name"] and entity["version"] and entity["url"] for entity in programs)


def test_every_entity_is_reached_from_the_root_and_every_reference_is_described(plain: tuple[Report, Path]) -> None:
    entities = graph_of(packed(plain))
    reached, todo = set(), ["./"]
    while todo:
        here = todo.pop()
        if here not in reached:
            reached.add(here)
            todo += referred(entities[here])
    assert reached == set(entities) - {"ro-crate-metadata.json"}


def test_files_are_in_the_archive_with_their_size_and_hash(plain: tuple[Report, Path]) -> None:
    path = packed(plain)
    entities = graph_of(path)
    described = {unquote(name): entity for name, entity in entities.items() if entity["@type"] == "File"}
    inside = {name: entity for name, entity in described.items() if not name.startswith("#")}
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"ro-crate-metadata.json", *inside}
        for name, entity in inside.items():
            content = archive.read(name)
            assert entity["contentSize"] == str(len(content))
            assert entity["sha256"] == hashlib.sha256(content).hexdigest()
            assert entity["encodingFormat"] != "application/octet-stream"
    assert {"study.yaml", "study.lock.json", "results.json", "report.html", "run.json"} <= set(inside)


def test_the_action_has_coxa_as_instrument_and_plan_lock_and_data_as_objects(plain: tuple[Report, Path]) -> None:
    entities = graph_of(packed(plain))
    action = entities["#run"]
    program = entities[action["instrument"]["@id"]]
    assert (action["@type"], program["name"], program["version"]) == ("CreateAction", "coxa", "0.1.0")
    assert action["object"] == [{"@id": "study.yaml"}, {"@id": "study.lock.json"}, {"@id": "#data/assessments.csv"}]
    assert {"@id": "report.html"} in action["result"]


def test_data_of_participants_are_named_with_their_hash_and_are_not_there(plain: tuple[Report, Path]) -> None:
    path = packed(plain)
    assert graph_of(path)["#data/assessments.csv"]["sha256"] == "0" * 64
    with zipfile.ZipFile(path) as archive:
        assert not {"findings.csv", "left_out.csv", "assessments.csv"} & set(archive.namelist())
        assert all(b"QZX" not in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize(
    "named", [data_block([CORRECTION], {}), data_block([], {"participant_id": {"7003": "QZX7003"}})]
)
def test_a_plan_that_names_participants_is_left_out_but_for_its_protocol(tmp_path: Path, named: Edit) -> None:
    made = reported(tmp_path, (), (named,))
    path = crate(tmp_path, made)
    with zipfile.ZipFile(path) as archive:
        assert "study.yaml" not in archive.namelist()
        assert json.loads(archive.read("plan.json"))["study"] == "small-trial"
        assert all(b"QZX" not in archive.read(name) for name in archive.namelist())


def test_no_path_of_the_machine_and_no_seconds_are_in_it(plain: tuple[Report, Path]) -> None:
    made, out = plain
    with zipfile.ZipFile(packed(plain)) as archive:
        assert all(str(out.parent).encode() not in archive.read(name) for name in archive.namelist())
        assert json.loads(archive.read("results.json"))["inputs"] == {"plan": "study.yaml", "data": None}
        assert json.loads(archive.read("run.json")) == {**run_data(made), "seconds": None}


def test_the_same_report_gives_the_same_bytes(plain: tuple[Report, Path]) -> None:
    made, out = plain
    first = packed(plain).read_bytes()
    assert crate(out.parent, made).read_bytes() == first


@pytest.mark.parametrize(
    ("licence", "address", "name"),
    [
        ("", "#licence", "No licence"),
        ("CC BY 4.0", "#licence", "CC BY 4.0"),
        ("https://spdx.org/licenses/CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0", None),
    ],
)
def test_a_licence_is_an_entity(plain: tuple[Report, Path], licence: str, address: str, name: str | None) -> None:
    entities = graph_of(packed(plain, licence=licence))
    assert entities["./"]["license"] == {"@id": address}
    assert entities[address]["name"] == (name or licence)


def test_a_day_that_is_none_is_refused(plain: tuple[Report, Path]) -> None:
    with pytest.raises(OptionError, match="YYYY-MM-DD"):
        packed(plain, date="today")


def test_a_plan_that_was_changed_meanwhile_is_refused(plain: tuple[Report, Path], tmp_path: Path) -> None:
    made = reported(tmp_path)
    shutil.copytree(plain[1], tmp_path / "out")
    written(tmp_path, cs)
    with pytest.raises(CoxaError, match="was changed while the report was made"):
        packed((made, tmp_path / "out"))
