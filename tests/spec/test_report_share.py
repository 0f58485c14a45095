"""A report that is shared has no small counts, in whatever form they stand."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.figures.figure import Figure
from coxa.report.build import build_document
from coxa.report.document import Card, Document, FigureBlock, List, Paragraph, Section
from coxa.report.places import drawn_places, places
from coxa.report.render import render_document
from coxa.report.share import OF_FEW, OF_PEOPLE, shared, shared_counts
from coxa.report.write import NOT_SHARED
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.prose import prose
from coxa.tables.suppress import COUNTS, HIDDEN
from tests.spec.small_trial import report

K = 5
runner = CliRunner()


@pytest.fixture(scope="module")
def document() -> Document:
    return build_document(report())


@pytest.fixture(scope="module")
def safe(document: Document) -> Document:
    return shared(document, K, report().study.analyses)


def test_no_small_count_is_left_and_there_were_some(document: Document, safe: Document) -> None:
    def small(made: Document) -> list[str]:
        numbers = ((place, one) for place in (*places(made), *drawn_places(made)) for one in place.cell.statistics)
        return [place.name for place, one in numbers if one.name in COUNTS and 0 < one.value < K]

    assert len(small(document)) > 5
    assert small(safe) == []
    assert [place.name for place in places(safe)] == [place.name for place in places(document)]


def test_estimates_from_enough_people_stay(document: Document, safe: Document) -> None:
    before, after = (
        {place.name: place.cell for place in places(made) if place.cell.rule == "estimate_interval"}
        for made in (document, safe)
    )
    assert before == after


def test_a_sentence_hides_its_small_numbers() -> None:
    text = prose("Left: ", cell("count", {"n": 3}, Statistic()), ", stayed: ", cell("count", {"n": 50}, Statistic()))
    blocks = (Paragraph(text), List((text,)), Card("C", (), (text,)))
    made = shared(Document("T", "S", (), (Section("s", "S", blocks),)), K, ())
    first, items, card = made.sections[0].blocks
    said = f"Left: {HIDDEN}, stayed: 50"
    assert [str(first.text), str(items.items[0]), str(card.results[0])] == [said] * 3
    assert dict(made.facts)["Shared"].startswith("Without small counts.")


def test_figures_of_people_and_of_few_are_frames() -> None:
    import altair as alt

    def figure(name: str, data: pd.DataFrame, of_people: bool = False) -> FigureBlock:
        return FigureBlock(
            Figure(name, name, alt.Chart(data).mark_point(), f"{name} in words", data, of_people=of_people)
        )

    blocks = (
        figure("people", pd.DataFrame({"fitted": [1.0]}), of_people=True),
        figure("few", pd.DataFrame({"arm": ["a", "b"], "n": [4, 40]})),
        figure("many", pd.DataFrame({"arm": ["a", "b"], "n": [0, 40]})),
    )
    made = list(shared(Document("T", "S", (), (Section("s", "S", blocks),)), K, ()).figures())
    assert [one.alt for one in made] == [f"{OF_PEOPLE}: people.", f"{OF_FEW}: few.", "many in words"]


def test_diagnostics_of_single_participants_are_not_shared(safe: Document) -> None:
    single = [figure for figure in safe.figures() if figure.id.startswith(("residuals", "qq", "trajectories"))]
    assert len(single) == 3
    assert all(figure.data.empty and figure.alt.startswith(OF_PEOPLE) for figure in single)


def test_the_shared_flow_is_drawn_without_what_its_table_hides(document: Document, safe: Document) -> None:
    figure = next(one for one in safe.figures() if one.id == "participant-flow")
    assert "(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}*)" in figure.svg()
    assert "Not shown: a count from 1 to 4" in figure.alt
    before = next(one for one in document.figures() if one.id == "participant-flow").data["n"]
    hidden = figure.data["n"].isna()
    assert before[~hidden].equals(figure.data["n"][~hidden])
    assert 0 < hidden.sum() < len(hidden)
    assert not before[~hidden].between(1, K - 1).any()


def test_no_hidden_count_of_a_shared_flow_follows_from_the_others_of_its_box(safe: Document) -> None:
    frame = next(one for one in safe.figures() if one.id == "participant-flow").data
    for _, box in frame.groupby("box"):
        first = box[box["level"] == 1]
        whole = box.loc[box["level"] == 0, "n"].iloc[0]
        if pd.notna(whole):
            assert first["n"].isna().sum() != 1


def test_a_shared_page_shows_the_sign_and_says_what_it_means(safe: Document) -> None:
    page = str(render_document(safe, "html"))
    assert f"<sup>{HIDDEN}</sup> Not shown: a count from 1 to 4" in page
    assert re.search(r">\*</td>", page)


def test_counts_in_the_record_are_hidden_too() -> None:
    told = {"models": {"m": {"rows": 200, "left_out": [{"reason": "x", "rows": 2}]}}, "versions": {"n": "2"}}
    assert shared_counts(told, K) == {
        "models": {"m": {"rows": 200, "left_out": [{"reason": "x", "rows": None}]}},
        "versions": {"n": "2"},
    }


@pytest.fixture(scope="module")
def handed_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    assert runner.invoke(app, ["new", str(folder / "trial")]).exit_code == 0
    out = folder / "trial" / "out"
    made = runner.invoke(app, ["report", str(folder / "trial" / "study.yaml"), "--crate", "--out", str(out), "-q"])
    assert made.exit_code == 0, made.output
    return out


def test_a_crate_is_for_others_and_holds_no_small_count(handed_on: Path) -> None:
    names = {path.name for path in handed_on.iterdir()}
    assert not names & set(NOT_SHARED)
    results = pd.read_parquet(handed_on / "results.parquet")
    counted = results[results["statistic"].isin(COUNTS)]
    assert not ((counted["value"] > 0) & (counted["value"] < K)).any()
    assert (results["shown"] == HIDDEN).sum() > 10
    assert results.loc[results["shown"] == HIDDEN, ["value", "n_participants"]].isna().all().all()
    (crate,) = handed_on.glob("*.zip")
    with zipfile.ZipFile(crate) as archive:
        assert not set(archive.namelist()) & set(NOT_SHARED)
        assert archive.read("results.csv") == (handed_on / "results.csv").read_bytes()


def test_a_shared_report_is_verified_as_it_is(handed_on: Path) -> None:
    shown = runner.invoke(app, ["verify", str(handed_on / "report.html"), "-q"])
    assert shown.exit_code == 0, shown.output


def test_files_of_the_team_are_not_handed_on(handed_on: Path) -> None:
    plan = str(handed_on.parent / "study.yaml")
    full = handed_on.parent / "full"
    assert runner.invoke(app, ["report", plan, "--crate", "--no-share", "--out", str(full), "-q"]).exit_code == 0
    assert (full / "findings.csv").is_file()
    refused = runner.invoke(app, ["report", plan, "--share", "--out", str(full), "-q"])
    assert refused.exit_code == 2
    assert "has findings.csv, left_out.csv, disposition.csv" in refused.output
