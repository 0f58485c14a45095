"""What is read of files before a plan is proposed: header rows, ends, kinds of columns; and the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import CoxaError, OptionError
from coxa.importing import propose
from coxa.importing.audit.scales import choices_named, choices_of
from coxa.importing.dates import formats_of, read_dates
from coxa.importing.files import read_tables
from coxa.importing.profile import ColumnProfile, profile_table
from coxa.importing.roles import timed
from coxa.importing.tables import FileTable
from coxa.importing.words import head_key, heads
from coxa.packaged import packaged_yaml
from tests.spec.postgres_server import absent, server

runner = CliRunner()


def column(values: list[object], name: str = "x", **options: object) -> ColumnProfile:
    """Return what a column with some values is."""
    frame = pd.DataFrame({name: pd.Series(values, dtype=object)})
    table = FileTable("f.csv", "", frame, np.arange(2, len(frame) + 2), **options)  # type: ignore[arg-type]
    return profile_table(table)[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "3.5"], "number"),
        (["007", "012", "113"], "identifier"),
        (["A12", "A13", "B14", "B15"], "identifier"),
        (["yes", "no", "Y", None], "flag"),
        (["ja", "nein", "ja"], "flag"),
        (["0", "1", "1"], "number"),
        (["3 May 2025", "04/05/2025", "2025-05-06"], "date"),
        (["north", "south"] * 5, "category"),
        (["pain on stairs", "stiff in the morning", "none at rest"], "text"),
        ([None, "n/a", "-"], "empty"),
        ([4.0, 5.0, "n/a"], "number"),
        ([pd.Timestamp("2025-05-06"), "open"], "date"),
    ],
)
def test_kinds_of_columns(values: list[object], kind: str) -> None:
    assert column(values).kind == kind


def test_values_that_are_not_of_the_kind_are_listed() -> None:
    found = column(["4", "5", "6", "7", "8", "9", "<1", "n/a"])
    assert (found.odd, found.missing, found.low, found.high) == ({"<1": 1}, {"n/a": 1}, 4.0, 9.0)


def test_very_many_different_values_are_counted_though_few_are_kept() -> None:
    found = column([f"12-{k:07d}" for k in range(5000)])
    assert (found.kind, found.n, found.n_distinct, found.unique) == ("identifier", 5000, 5000, True)
    assert len(found.values) < 5000


def test_a_code_that_a_label_calls_missing_is_missing() -> None:
    found = column([1.0, 2.0, 9.0], labels={"x": {"1": "left", "2": "right", "9": "not recorded"}})
    assert (found.kind, found.missing) == ("category", {"9": 1})


def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(tmp_path: Path) -> None:
    assert column(["4.408", "5.112", "3"]).two_ways == ("4.408", "5.112")
    days = [f"2025-01-{k:02d}" for k in range(1, 21)]
    frame = pd.DataFrame({"Pat no": range(20), "From": days, "Until": days, "BMI": ["22.500", "23"] * 10})
    frame.assign(**{"NPRS start": 7, "NPRS end": 3}).to_csv(tmp_path / "a.csv", index=False)
    proposal = propose(tmp_path / "a.csv", "audit")
    assert "decimal:a.csv" in [question.key for question in proposal.questions if question.needed]
    assert propose(tmp_path / "a.csv", "audit", {"decimal:a.csv": "point"}).plan["data"]["decimal"] == "."


@pytest.mark.parametrize(
    ("texts", "formats", "ambiguous"),
    [
        (["25/12/2024", "03/04/2025"], ("%d/%m/%Y",), ()),
        (["12/25/2024", "03/04/2025"], ("%m/%d/%Y",), ()),
        (["03/04/2025"], (), (("%d/%m/%Y", "%m/%d/%Y"),)),
        (["25/12/2024", "12/25/2024", "03/04/2025"], ("%d/%m/%Y", "%m/%d/%Y"), (("%d/%m/%Y", "%m/%d/%Y"),)),
        (["03.04.2025", "3 May 2025"], ("%d.%m.%Y", "%d %b %Y"), ()),
        (["2025-04-03 09:30", "2025-04-04"], ("%Y-%m-%d",), ()),
    ],
)
def test_formats_of_dates(texts: list[str], formats: tuple[str, ...], ambiguous: tuple) -> None:
    found = read_dates(texts)
    assert (found.formats, found.ambiguous) == (formats, ambiguous)


@pytest.mark.parametrize("text", ["55/80", "4.408", "12-14", "L5/S1", "31/02/2025", "2025", "1/2", "20250230"])
def test_what_is_no_date(text: str) -> None:
    assert formats_of(text, compact=True) == ()


@pytest.mark.parametrize(
    ("parts", "moment", "rest"),
    [
        (("Start", "NPRS"), "intake", "nprs"),
        (("nprs_post",), "discharge", "nprs"),
        (("Final LEFS score",), "discharge", "lefs score"),
        (("HOOS Pain T0",), "intake", "hoos pain"),
        (("pre NPRS post",), None, "pre nprs post"),
        (("Start",), None, "start"),
        (("NPRS",), None, "nprs"),
    ],
)
def test_moments_in_heads(parts: tuple[str, ...], moment: str | None, rest: str) -> None:
    found = timed(parts)
    assert (found.moment, found.rest) == (moment, rest)


def test_every_word_is_of_one_role_or_asked_and_every_instrument_is_there() -> None:
    words = heads()
    several = {
        key
        for role, keys in words.roles.items()
        for key in keys
        if sum(key in each for each in words.roles.values()) > 1
    }
    assert {"appointments", "sessions"} <= several <= words.roles["booked"] & words.roles["attended"]
    aside = {key for each in words.unused for key in each.heads} | {
        key for each in words.descriptors for key in each.heads
    }
    assert not aside & {key for keys in words.roles.values() for key in keys}
    for each in words.outcomes:
        assert each.scale in {choice.scale for choice in choices_of(each.instrument)}, each.name
    for each in words.measures:
        scales = [choice.range() for name in each.candidates for choice in choices_named(name)]
        assert scales
        assert all(one.high > one.low for one in scales)


def test_the_words_are_the_same_in_yaml_1_2() -> None:
    from importlib.resources import files

    text = files("coxa.importing").joinpath("words.yaml").read_text(encoding="utf-8")
    assert YAML(typ="safe").load(text) == packaged_yaml("coxa.importing", "words.yaml")


def test_heads_are_compared_without_marks() -> None:
    assert [head_key(text) for text in ("Pat.-Nr.", "IntakeDate", "Médecin", "NPRS1")] == [
        "pat nr", "intake date", "medecin", "nprs 1",
    ]  # fmt: skip


def test_files_of_several_folders_are_named_from_the_one_they_share(tmp_path: Path) -> None:
    for name in ("a/one.csv", "b/two.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x,y\n1,2\n", encoding="utf-8")
    found = read_tables([tmp_path / "a/one.csv", tmp_path / "b/two.csv"])
    assert [table.file for table in found.tables] == ["a/one.csv", "b/two.csv"]
    with pytest.raises(CoxaError, match="No file is named"):
        read_tables([])


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(OptionError) as refused:
        propose("postgresql://reader:secret@host/clinic")
    assert "secret" not in str(refused.value)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if absent():
        pytest.skip(str(absent()))
    with server() as url:
        yield url.format("postgres")


def test_the_tables_of_a_server_are_read_and_the_plan_reads_them(address: str, tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    from coxa.episodes import read_episodes
    from coxa.importing import drift, write_plan
    from coxa.study.audit.read import read_audit

    days = pd.date_range("2024-01-13", periods=40)
    frame = pd.DataFrame(
        {
            "patient_id": range(40), "site": ["North", "South"] * 20, "start_date": days,
            "end_date": days + pd.Timedelta(60, "D"), "nprs_start": np.arange(40) % 7 + 3,
            "nprs_end": np.arange(40) % 6,
        }
    )  # fmt: skip
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    frame.to_sql("episodes", engine, index=False)
    pd.DataFrame({"k": [1]}).to_sql("meta", engine, index=False)
    engine.dispose()
    proposal = propose(address, answers={"data_cut": "2025-01-01"})
    assert proposal.questions == ()
    assert (proposal.plan["data"]["database"], proposal.plan["data"]["table"]) == (address, "episodes")
    plan = read_audit(write_plan(proposal, tmp_path))
    episodes = read_episodes(plan)
    assert not episodes.findings.errors
    assert int(episodes.query("SELECT COUNT(*) AS n FROM episodes")["n"].iloc[0]) == 40
    episodes.database.close()
    assert not drift(plan)


def clinic(folder: Path) -> Path:
    """Write an export with a date that is asked."""
    rows = [f"{k:03d},North,0{k % 9 + 1}/02/2025,0{k % 9 + 1}/05/2025,{k % 7 + 3},{k % 5}" for k in range(20)]
    path = folder / "july.csv"
    path.write_text("\n".join(["Pat no,Site,From,Until,NPRS start,NPRS end", *rows]), encoding="utf-8")
    return path


def test_the_command_writes_a_plan_and_asks_and_takes_the_answer(tmp_path: Path) -> None:
    path, out = clinic(tmp_path), tmp_path / "study"
    shown = runner.invoke(app, ["import", str(path), "--out", str(out)])
    assert shown.exit_code == 1
    assert "? Which comes first in From, the day or the month? (needed)" in shown.output
    assert "6 columns: 6 used, 0 in question, 0 not used; 2 open questions" in shown.output
    answer = "date_format:july.csv:From=%d/%m/%Y"
    shown = runner.invoke(app, ["import", str(path), "--out", str(out), "--answer", answer, "-q"])
    assert shown.exit_code == 0, shown.output
    assert f"wrote {out / 'audit.yaml'}" in shown.output
    assert "date_format: ['%d/%m/%Y']" in (out / "audit.yaml").read_text(encoding="utf-8")


def test_the_questions_can_be_asked_one_by_one(tmp_path: Path) -> None:
    arguments = ["import", str(clinic(tmp_path)), "--out", str(tmp_path / "study"), "--interactive"]
    shown = runner.invoke(app, arguments, input="1\nyesterday\n2025-12-01\n")
    assert shown.exit_code == 0, shown.output
    text = (tmp_path / "study" / "audit.yaml").read_text(encoding="utf-8")
    assert "data_cut: 2025-12-01" in text
    assert "%d/%m/%Y" in text


def test_the_next_command_has_the_answers_that_were_given_and_choices_have_names(tmp_path: Path) -> None:
    rows = [f"{k},{1 + k % 2},{k % 9},{k % 7},{k % 8}" for k in range(1, 21)]
    path, out = tmp_path / "trial.csv", tmp_path / "study"
    path.write_text("\n".join(["id,group,nprs_bl,nprs_6wk,nprs_12wk", *rows]), encoding="utf-8")
    arguments = ["import", str(path), "--out", str(out)]
    shown = runner.invoke(app, arguments)
    assert f"  coxa import {path} --out {out} --interactive" in shown.output
    shown = runner.invoke(app, [*arguments, "--answer", "kind=trial"])
    assert f"  coxa import {path} --out {out} --answer kind=trial --interactive" in shown.output
    given = "1\n1\n2\n1:usual_care 2:exercise\n\n"
    shown = runner.invoke(app, [*arguments, "--kind", "trial", "--interactive"], input=given)
    assert shown.exit_code == 0, shown.output
    assert "  1  nprs at week_6, week_12\n" in shown.output
    assert "  2  week_12\n" in shown.output
    assert "Answer the questions that can stay open" in shown.output
    assert "against: usual_care" in (out / "study.yaml").read_text(encoding="utf-8")


def test_what_was_understood_is_shown_before_the_first_question_and_once(tmp_path: Path) -> None:
    arguments = ["import", str(clinic(tmp_path)), "--out", str(tmp_path / "study"), "--interactive"]
    shown = runner.invoke(app, arguments, input="1\n3.12.2025\n", env={"COLUMNS": "300"})
    assert shown.exit_code == 0, shown.output
    understood, asked = shown.output.index("Its name means the clinic"), shown.output.index("Which comes first in From")
    assert understood < asked
    assert shown.output.count("Its name means the clinic") == 1
    assert "data_cut: 2025-12-03" in (tmp_path / "study" / "audit.yaml").read_text(encoding="utf-8")


def test_the_command_answers_in_json(tmp_path: Path) -> None:
    shown = runner.invoke(app, ["import", str(clinic(tmp_path)), "--out", str(tmp_path / "study"), "--json"])
    found = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert (found["kind"], found["questions"][0]["key"]) == ("audit", "date_format:july.csv:From")
    assert {each["status"] for each in found["readings"]} == {"mapped"}


@pytest.mark.parametrize("given", [["--answer", "audit"], ["--kind", "registry"], ["--answer", "kind=registry"]])
def test_wrong_use_of_the_command(tmp_path: Path, given: list[str]) -> None:
    shown = runner.invoke(app, ["import", str(clinic(tmp_path)), "--out", str(tmp_path / "study"), *given])
    assert shown.exit_code == 2
    assert not (tmp_path / "study").exists()
