"""An audit is the same whoever is asked: this process, others of the machine, or a Dask cluster."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coxa
from coxa.clinics import Audit
from coxa.episodes import Episodes, episodes_of_frame
from coxa.episodes.shared import SharedEpisodes, share_episodes
from coxa.errors import DataError, OptionError
from coxa.simulate import SimulatedRegistry, simulate_registry
from coxa.study import RegistryAssumptions
from tests.spec.tiny_clinics import CUT, episodes_in, episodes_of

WORKED = Path(__file__).parents[2] / "analyses" / "clinic_registry" / "audit.yaml"


@pytest.fixture(scope="module")
def registry() -> SimulatedRegistry:
    return simulate_registry(RegistryAssumptions(years=1), seed=4, episodes=1500)


@pytest.fixture(scope="module")
def alone(registry: SimulatedRegistry) -> Audit:
    return coxa.audit_clinics(registry.plan, registry.episodes)


def assert_same(one: Audit, other: Audit) -> None:
    assert repr(one) == repr(other)
    for dimensions, table in one.completeness.counts.items():
        pd.testing.assert_frame_equal(table, other.completeness.counts[dimensions])
    for name, found in one.case_mix.items():
        pd.testing.assert_frame_equal(found.clinics, other.case_mix[name].clinics)
    assert [(each.measure, each.clinic) for each in one.series] == [
        (each.measure, each.clinic) for each in other.series
    ]
    for mine, theirs in zip(one.series, other.series, strict=True):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame)
    for mine, theirs in zip(one.shares, other.shares, strict=True):
        pd.testing.assert_frame_equal(mine.clinics, theirs.clinics)


@pytest.mark.slow
def test_a_path_a_plan_and_a_frame_give_the_same_audit() -> None:
    plan = coxa.read_audit(WORKED)
    by_path, by_plan = coxa.audit_clinics(WORKED), coxa.audit_clinics(plan)
    file = WORKED.parent / plan.data.folder / str(plan.data.file)
    by_frame = coxa.audit_clinics(plan, pd.read_csv(file, dtype={"deprivation": "str"}))
    by_file = coxa.audit_clinics(str(WORKED), file)
    for each in (by_plan, by_frame, by_file):
        assert_same(by_path, each)
    assert by_path.sources[0].sha256 == by_file.sources[0].sha256


def test_the_worked_audit_has_every_part() -> None:
    audit = coxa.audit_clinics(WORKED)
    assert [one.name for one in audit.rates] == ["attended", "missed", "red_flags", "referral"]
    assert {one.measure for one in audit.series if one.clinic == "all"} == {
        "complete",
        "change",
        "important",
        "missed",
        "episodes",
    }
    assert len(audit.series) == 5 * 13
    assert {(one.outcome, one.kind) for one in audit.shares} == {
        ("pain", "important"),
        ("pain", "acceptable"),
        ("pain", "worse"),
        ("function", "important"),
        ("function", "worse"),
    }
    assert dict(audit.without) == {}
    assert len(audit.completeness.weights) == 13
    people = audit.periods[["eligible", "of", "of_done", "pain in model", "pain important"]].sum()
    every = audit.completeness.counts[()].iloc[0]
    assert people[["eligible", "of", "of_done"]].tolist() == every[["eligible", "of", "of_done"]].tolist()
    assert people["pain in model"] == audit.case_mix["pain"].n
    assert people["pain important"] == audit.shares[0].events


def test_processes_of_this_machine_give_the_same_audit(registry: SimulatedRegistry, alone: Audit) -> None:
    assert_same(alone, coxa.audit_clinics(registry.plan, registry.episodes, jobs=2))


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="Dask's scheduler is not installed; it comes with the extra: pip install coxa[large]",
)
@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_audit(registry: SimulatedRegistry, alone: Audit) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        there = coxa.audit_clinics(registry.plan, registry.episodes, scheduler=cluster.scheduler_address)
    assert_same(alone, there)


def test_a_file_that_is_shared_answers_as_its_source(tmp_path: Path) -> None:
    episodes = episodes_of(episodes_in("A", "2024-01", [1.0, None]) + episodes_in("B", "2024-04", [2.0]))
    shared = share_episodes(episodes, tmp_path)
    sql = "SELECT clinic, period, due, done, pain_intake, source_row FROM episodes ORDER BY source_row"
    pd.testing.assert_frame_equal(shared.open().query(sql), episodes.query(sql))
    assert [path.name for path in tmp_path.iterdir()] == ["episodes.parquet"]


def test_a_worker_that_does_not_see_the_file_names_the_remedy(tmp_path: Path) -> None:
    episodes = episodes_of(episodes_in("A", "2024-01", [1.0]))
    with pytest.raises(OptionError, match="Set TMPDIR to a folder that this machine and all workers share"):
        SharedEpisodes(episodes.plan, tmp_path / "episodes.parquet", CUT).open()


@dataclass(frozen=True, slots=True)
class Server:
    """A database that is not asked here."""

    episodes: Episodes

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        return self.episodes.database.frame(sql, values)

    def close(self) -> None:
        """Nothing is open."""


def test_a_server_is_asked_by_one_process(registry: SimulatedRegistry) -> None:
    episodes = episodes_of_frame(registry.plan, registry.episodes)
    server = Episodes(registry.plan, Server(episodes), episodes.data_cut)
    with pytest.raises(OptionError, match="on a server, which does the work itself"):
        coxa.audit_clinics(registry.plan, server, jobs=2)


def test_data_with_errors_are_refused_with_every_fault(registry: SimulatedRegistry) -> None:
    wrong = registry.episodes.assign(pain_intake=registry.episodes["pain_intake"].replace(8, 11))
    with pytest.raises(DataError, match="pain_intake") as caught:
        coxa.audit_clinics(registry.plan, wrong)
    assert caught.value.findings.errors


@pytest.mark.parametrize("text", ["", "patient,clinic,intake_date,discharge_date,pain_intake,pain_discharge\n"])
def test_an_empty_file_is_an_error(tmp_path: Path, text: str) -> None:
    plan = "{audit: tiny, title: Tiny, data: {file: episodes.csv}, outcomes: {pain: {instrument: nprs}}}"
    (tmp_path / "audit.yaml").write_text(plan, encoding="utf-8")
    (tmp_path / "episodes.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"the file (is empty|has no rows below its header)"):
        coxa.audit_clinics(tmp_path / "audit.yaml")


def test_an_argument_of_a_wrong_kind_is_named() -> None:
    with pytest.raises(OptionError, match=r"`plan` is 3 \(int\), not a plan of an audit"):
        coxa.audit_clinics(3)  # type: ignore[arg-type]
