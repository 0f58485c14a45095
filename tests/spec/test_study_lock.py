"""Locking a plan: what counts as the protocol, what a lock holds, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coxa.errors import LockError, OptionError, PlanError
from coxa.study import read_study
from coxa.study.kinds import study_of
from coxa.study.locking.content import (
    data_sha256,
    meaning_sha256,
    path_words,
    plan_changes,
    plan_content,
    protocol,
    value_words,
)
from coxa.study.locking.deviations import plan_status, require_locked
from coxa.study.locking.lock import lock, parse_lock, read_lock
from tests.spec.small_trial import plan

ROOT = Path(__file__).parents[2]
PLANS = [
    *sorted((ROOT / "analyses").glob("*/study.yaml")),
    *sorted((ROOT / "src/coxa/simulate/presets").glob("*.yaml")),
]
WHY = "the registry asked for it; no outcome was seen"

Edit = Callable[[dict[str, Any]], object]


def written(folder: Path, *edits: Edit) -> Path:
    """Write the small trial's plan as a study file, after some edits of its keys."""
    keys = plan().model_dump(mode="json", exclude_unset=True)
    for edit in edits:
        edit(keys)
    path = folder / "study.yaml"
    path.write_text(json.dumps(keys), encoding="utf-8")  # JSON is YAML
    return path


def cs(keys: dict[str, Any]) -> None:
    keys["analyses"]["primary"]["covariance"] = "cs"


def window(keys: dict[str, Any]) -> None:
    keys["visits"]["week_12"]["window"] = [-14, 21]


def relaxes(keys: dict[str, Any]) -> None:
    keys["analyses"]["simpler"]["relaxes"] = "the covariance"


# What a change is.


def said(changes: tuple[Any, ...]) -> list[tuple[str, str, str]]:
    return [(change.what, value_words(change.before), value_words(change.after)) for change in changes]


def test_each_changed_key_is_one_change(tmp_path: Path) -> None:
    old = read_study(written(tmp_path))
    new = read_study(written(tmp_path, cs, window))
    assert said(plan_changes(old, new)) == [
        ("visit week 12: window", "not given", "-14, 21"),
        ("analysis primary: covariance", "us", "cs"),
    ]


def test_a_part_that_comes_or_goes_is_one_change_with_what_it_says(tmp_path: Path) -> None:
    old = read_study(written(tmp_path))
    new = read_study(written(tmp_path, lambda keys: keys["analyses"].pop("response")))
    gone = "estimand: response; role: secondary; model: proportions"
    assert said(plan_changes(old, new)) == [("analysis response", gone, "not given")]
    assert said(plan_changes(new, old)) == [("analysis response", "not given", gone)]


@pytest.mark.parametrize(
    "edit",
    [
        lambda keys: keys.update(title="Another title", registration="NCT00000000", data_cut="2026-01-01"),
        lambda keys: keys["arms"]["exercise"].update(label="Exercise"),
        lambda keys: keys["covariates"]["site"].update(levels={"south": "S", "north": "N"}),
        lambda keys: keys.update(report={"measure": "change"}),
        lambda keys: keys.update(
            data={"tables": {"participants": {"file": "p.csv"}, "assessments": {"file": "a.csv"}}}
        ),
        lambda keys: keys.update(arms=dict(reversed(keys["arms"].items()))),
        lambda keys: keys["analyses"]["primary"].update(covariance=["us"], role="primary"),
    ],
    ids=["names of the study", "label", "levels", "report", "data", "order of keys", "defaults written out"],
)
def test_what_is_not_of_the_protocol_is_no_change(tmp_path: Path, edit: Edit) -> None:
    old, new = read_study(written(tmp_path)), read_study(written(tmp_path, edit))
    assert plan_changes(old, new) == ()
    assert meaning_sha256(plan_content(old)) == meaning_sha256(plan_content(new))


def test_a_part_named_label_is_kept() -> None:
    assert protocol({"visits": {"label": {"day": 3, "label": "Third day"}}}) == {"visits": {"label": {"day": 3}}}


def test_the_hash_is_of_sorted_keys_without_spaces() -> None:
    assert data_sha256({"b": [1, 2], "a": "é"}) == hashlib.sha256('{"a":"é","b":[1,2]}'.encode()).hexdigest()


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parent.name + "/" + path.stem)
def test_the_content_of_every_plan_can_be_read_as_that_plan_again(path: Path) -> None:
    study = read_study(path)
    content = json.loads(json.dumps(plan_content(study)))
    assert plan_content(study_of(content)) == content
    assert plan_changes(content, study) == ()


def test_a_key_that_an_older_coxa_did_not_know_has_its_default(tmp_path: Path) -> None:
    study = read_study(written(tmp_path))
    older = plan_content(study)
    del older["analyses"]["primary"]["few_clusters"]
    assert plan_changes(older, study) == ()
    older["analyses"]["primary"]["conf_level"] = 0.9  # as if the default had been another one then
    assert said(plan_changes(older, study)) == [("analysis primary: conf level", "0.9", "0.95")]


def test_a_plan_that_coxa_no_longer_takes_is_compared_as_it_stands(tmp_path: Path) -> None:
    study = read_study(written(tmp_path))
    older = plan_content(study)
    older["analyses"]["primary"]["old_key"] = True
    assert said(plan_changes(older, study)) == [("analysis primary: old key", "yes", "not given")]


def test_paths_and_values_in_words() -> None:
    assert path_words(("assumptions", "dropout", "odds_ratio")) == "assumptions: dropout, odds ratio"
    assert value_words({"week_12": {"mean": 3.0, "sd": 1.5}}) == "week 12: (mean: 3; sd: 1.5)"
    assert value_words(False) == "no"


# What a lock holds.


def test_a_lock_holds_date_version_hashes_and_content(tmp_path: Path) -> None:
    path = written(tmp_path)
    made = lock(path, date="2026-01-15")
    assert (tmp_path / "study.lock.json").is_file()
    assert made == read_lock(path) == read_lock(tmp_path / "study.lock.json")
    (entry,) = made.entries
    assert (entry.study, entry.date, entry.reason, entry.previous) == ("small-trial", "2026-01-15", "", "")
    assert entry.plan_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry.plan == plan_content(read_study(path))
    assert "data" not in entry.plan


def test_the_same_plan_and_date_give_the_same_bytes(tmp_path: Path) -> None:
    path = written(tmp_path)
    lock(path, date="2026-01-15")
    first = (tmp_path / "study.lock.json").read_bytes()
    (tmp_path / "study.lock.json").unlink()
    lock(read_study(path), date="2026-01-15")
    assert (tmp_path / "study.lock.json").read_bytes() == first


def test_an_unchanged_plan_adds_nothing_with_or_without_reason(tmp_path: Path) -> None:
    lock(written(tmp_path), date="2026-01-15")
    before = (tmp_path / "study.lock.json").read_bytes()
    path = written(tmp_path, lambda keys: keys.update(title="Another"))
    assert len(lock(path, WHY).entries) == 1
    assert (tmp_path / "study.lock.json").read_bytes() == before


def test_an_amendment_keeps_what_was_there_and_is_chained_to_it(tmp_path: Path) -> None:
    first = lock(written(tmp_path), date="2026-01-15")
    path = written(tmp_path, cs)
    made = lock(path, WHY, date="2026-03-02")
    assert made.first == first.first
    assert (made.last.date, made.last.reason, made.last.previous) == ("2026-03-02", WHY, first.first.sha256)
    ((entry, changes),) = made.amendments()
    assert entry == made.last
    assert said(changes) == [("analysis primary: covariance", "us", "cs")]


# What a lock refuses.


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_changed_plan_needs_a_reason(tmp_path: Path, reason: str) -> None:
    lock(written(tmp_path), date="2026-01-15")
    path = written(tmp_path, cs)
    with pytest.raises(LockError, match="locked on 2026-01-15 and changed since") as caught:
        lock(path, reason)
    (found,) = caught.value.findings
    assert (found.field, found.value) == ("analysis primary: covariance", "us -> cs")
    assert "--reason" in found.remedy
    assert len(parse_lock((tmp_path / "study.lock.json").read_bytes(), "study.lock.json").entries) == 1


@pytest.mark.parametrize("date", ["15.1.2026", "2026-02-30", "soon"])
def test_a_date_is_a_day(tmp_path: Path, date: str) -> None:
    with pytest.raises(OptionError, match="YYYY-MM-DD"):
        lock(written(tmp_path), date=date)
    assert not (tmp_path / "study.lock.json").exists()


def test_an_amendment_is_not_before_what_it_amends(tmp_path: Path) -> None:
    lock(written(tmp_path), date="2026-01-15")
    with pytest.raises(OptionError, match="last locked on 2026-01-15"):
        lock(written(tmp_path, cs), WHY, date="2026-01-14")


def test_a_plan_without_a_file_cannot_be_locked() -> None:
    with pytest.raises(PlanError, match="not read from a file"):
        lock(plan())
    assert read_lock(plan()) is None


def edited(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    "damage",
    [
        edited("2026-01-15", "2025-01-15"),
        edited('"day": 84', '"day": 85'),
        edited(WHY, "no reason"),
        edited('"reason"', '"why"'),
        lambda text: json.dumps({**json.loads(text), "entries": json.loads(text)["entries"][1:]}),
        lambda text: json.dumps({**json.loads(text), "entries": json.loads(text)["entries"][::-1]}),
        lambda text: text[:-40],
        lambda _: "[]",
        lambda _: "",
        edited("coxa lock", "another lock"),
    ],
    ids=["date", "content", "reason", "key", "first entry", "order", "cut", "list", "empty", "format"],
)
def test_a_damaged_or_edited_lock_is_named_with_its_remedy(tmp_path: Path, damage: Callable[[str], str]) -> None:
    lock(written(tmp_path), date="2026-01-15")
    path = written(tmp_path, cs)
    lock(path, WHY, date="2026-03-02")
    held = tmp_path / "study.lock.json"
    held.write_text(damage(held.read_text(encoding="utf-8")), encoding="utf-8")
    for use in (read_lock, lock, lambda path: plan_status(read_study(path))):
        with pytest.raises(LockError, match=r"study\.lock\.json is damaged, or was edited") as caught:
            use(path)
        assert "Put back the file" in caught.value.findings.items[0].remedy


def test_a_lock_of_a_later_format_asks_for_a_newer_coxa(tmp_path: Path) -> None:
    path = written(tmp_path)
    lock(path)
    held = tmp_path / "study.lock.json"
    held.write_text(held.read_text(encoding="utf-8").replace('"version": 1', '"version": 2'), encoding="utf-8")
    with pytest.raises(LockError, match="newer coxa"):
        read_lock(path)


# How a plan stands to its lock.


def test_a_plan_without_lock_is_not_locked(tmp_path: Path) -> None:
    status = plan_status(read_study(written(tmp_path)))
    assert (status.state, status.deviations) == ("not locked", ())
    require_locked(status)


def test_deviations_have_date_and_reason_or_are_not_recorded(tmp_path: Path) -> None:
    path = written(tmp_path)
    lock(path, date="2026-01-15")
    assert plan_status(read_study(path)).state == "locked"
    path = written(tmp_path, cs)
    made = lock(path, WHY, date="2026-03-02")
    amended = plan_status(read_study(path))
    assert amended.state == "amended"
    short = made.last.sha256[:12]
    locked = f"the plan was locked on 2026-01-15 and last amended on 2026-03-02 ({short})"
    assert amended.as_text() == f"{locked}; unchanged since"
    require_locked(amended)

    status = plan_status(read_study(written(tmp_path, cs, window, relaxes)))
    assert status.state == "changed"
    assert [(d.change.what, d.amendment, d.date, d.reason, d.primary) for d in status.deviations] == [
        ("analysis primary: covariance", 1, "2026-03-02", WHY, True),
        ("visit week 12: window", 0, "", "", True),
        ("analysis simpler: relaxes", 0, "", "", False),
    ]
    assert status.as_text() == f"{locked} and changed since: 2 changes without record (1 of a primary analysis)"
    with pytest.raises(LockError, match="without record") as caught:
        require_locked(status)
    assert [found.field for found in caught.value.findings] == ["visit week 12: window", "analysis simpler: relaxes"]
    assert caught.value.findings.items[0].remedy.endswith("or undo it.")


@pytest.mark.parametrize(
    ("edit", "primary"),
    [
        (lambda keys: keys["estimands"]["primary"]["endpoint"].update(visit="week_26"), True),
        (lambda keys: keys["estimands"]["response"]["endpoint"].update(visit="week_26"), False),
        (lambda keys: keys["outcomes"]["pain"].update(range=[0, 50]), True),
        (lambda keys: keys["covariates"]["site"].update(levels=["north", "south", "west"]), True),
        (lambda keys: keys["covariates"]["age"].update(range=[18, 99]), False),
        (lambda keys: keys["arms"]["exercise"].update(sessions_planned=12), True),
        (lambda keys: keys["analyses"]["primary"].update(role="secondary"), True),
        (lambda keys: keys["analyses"]["response"].update(role="primary"), True),
        (lambda keys: keys["analyses"]["response"].update(conf_level=0.9), False),
        (lambda keys: keys.update(per_protocol={"min_attendance": 0.5}), False),
    ],
)
def test_what_concerns_a_primary_analysis(tmp_path: Path, edit: Edit, primary: bool) -> None:
    lock(written(tmp_path), date="2026-01-15")
    (deviation,) = plan_status(read_study(written(tmp_path, edit))).deviations
    assert deviation.primary is primary
