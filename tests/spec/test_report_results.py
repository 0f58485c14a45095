"""Every number of the report is a row: what it is, where it is from, and whether it comes out again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.report.topics.analyses.sentences import result_sentences
from coxa.report.trace.compare import compare_results
from coxa.report.trace.identity import data_hash
from coxa.report.trace.kept import read_kept, write_kept, write_numbers
from coxa.report.trace.provenance import provenance
from coxa.report.trace.results import ADDRESS, COLUMNS, results_frame
from coxa.report.trace.why import why
from coxa.tables.formats import write
from tests.spec.drawn_trial import drawn_trial
from tests.spec.small_trial import built, report

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "analyses" / "hip_oa_trial"
runner = CliRunner()


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return results_frame(report(), built())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of the report, to be read."""
    folder = tmp_path_factory.mktemp("kept")
    write_kept(report(), built(), write_numbers(report(), built(), folder), folder, {})
    return folder


def test_every_statistic_of_every_table_and_sentence_is_a_row(frame: pd.DataFrame) -> None:
    document = built()
    tables = sorted(item.value for table in document.tables() for item in table.statistics())
    in_tables = frame["cell"].str.fullmatch(r"T\d+\..*")
    assert tuple(frame.columns) == COLUMNS
    assert len(tables) > 300
    assert sorted(frame.loc[in_tables, "value"]) == pytest.approx(tables, rel=0, abs=0, nan_ok=True)
    sentences = result_sentences(report(), report().study.planned("primary"))
    assert len(sentences) == 2
    in_figures = frame["cell"].str.fullmatch(r"F\d+\..*")
    texts = frame.loc[~in_tables & ~in_figures].groupby("row_label", sort=False)["statistic"].agg(list)
    assert texts[str(sentences[0])] == ["estimate", "conf_low", "conf_high", "p_value"]
    for sentence in sentences:
        assert any(said.endswith(str(sentence)) for said in texts.index)
    secondary = frame[
        (frame["table"] == "results-by-arm") & (frame["analysis"] == "response") & (frame["reference"] != "")
    ]
    assert set(secondary["statistic"]) == {"estimate", "conf_low", "conf_high", "p_value"}
    assert set(secondary["arm"]) == {"exercise", "manual_therapy"}


def test_every_number_drawn_in_a_figure_is_a_row_but_those_of_single_participants(frame: pd.DataFrame) -> None:
    figures = list(built().figures())
    rows = frame[frame["cell"].str.fullmatch(r"F\d+\.r\d+")]
    assert list(rows["table"].unique()) == [figure.id for figure in figures if not figure.of_people]
    assert {"trajectories-primary", "residuals-primary"} <= {figure.id for figure in figures if figure.of_people}
    number, observed = next((at, one) for at, one in enumerate(figures, 1) if one.id.startswith("observed"))
    for place, drawn in enumerate(observed.data.to_dict("records"), start=1):
        told = rows[rows["cell"] == f"F{number}.r{place}"].set_index("statistic")
        assert told["value"].to_dict() == {name: drawn[name] for name in ("mean", "conf_low", "conf_high", "n")}
        assert set(told["arm"]) == {drawn["arm"]}
        assert set(told["visit"]) == {drawn["visit"]}


def test_an_estimate_has_the_same_address_in_a_figure_as_in_a_table(frame: pd.DataFrame) -> None:
    address = list(ADDRESS)
    forest = frame[frame["table"].str.startswith("forest")]
    tables = frame[frame["cell"].str.startswith("T")].drop_duplicates(address)
    both = forest.merge(tables, on=address, suffixes=("", "_table"), how="left")
    assert len(both) == len(forest) > 5
    assert both["value"].to_list() == both["value_table"].to_list()
    assert both["n_participants"].notna().all()


def test_a_place_is_named_once(frame: pd.DataFrame) -> None:
    assert not frame.duplicated(["cell", "statistic"]).any()


def test_a_number_of_a_planned_analysis_has_an_address_of_its_own(frame: pd.DataFrame) -> None:
    planned = frame[frame["analysis"].isin(list(report().study.analyses)) & frame["cell"].str.startswith("T")]
    values = planned.drop_duplicates([*ADDRESS, "value"])
    assert not values.duplicated(list(ADDRESS)).any()


def test_the_shown_text_is_made_from_the_values_by_the_format(frame: pd.DataFrame) -> None:
    for _, rows in frame[frame["format"] != ""].groupby("cell", sort=False):
        first = rows.iloc[0]
        values = dict(zip(rows["statistic"], rows["value"], strict=True))
        assert write(first["format"], values, first["decimals"]) == first["shown"]


def test_a_cell_is_where_the_reader_counts_it(frame: pd.DataFrame) -> None:
    tables = list(built().tables())
    for cell, rows in frame[frame["cell"].str.fullmatch(r"T\d+\.r\d+\.c\d+")].groupby("cell", sort=False):
        table, row, column = (int(part[1:]) for part in str(cell).split("."))
        assert list(tables[table - 1].rows())[row - 1].cells[column - 1].text == rows["shown"].iloc[0]


def test_a_number_of_a_model_names_it_and_its_warning(frame: pd.DataFrame) -> None:
    made = report()
    mine = frame[frame["analysis"].isin(made.study.analyses)]
    assert set(mine["model"]) <= {*provenance(made)["models"], "response", ""}
    assert set(mine.loc[mine["model"] == "", "term"]) == {"analysis_set"}
    estimates = made.estimates.frame
    row = mine[
        (mine["analysis"] == "primary") & (mine["term"] == "difference") & (mine["statistic"] == "p_value")
    ].iloc[0]
    found = estimates[
        (estimates["analysis"] == "primary") & (estimates["term"] == "difference") & (estimates["arm"] == row["arm"])
    ]
    assert row["value"] in set(found["p_value"])
    assert set(frame["data_sha256"]) == {data_hash(made.run.data_sha256)}
    recorded = provenance(made)["models"]["primary"]["call"]
    assert recorded == made.fits["primary"][0].spec.call()
    assert recorded.startswith("fit_mmrm('change ~ ")


def test_no_participant_is_in_the_results(tmp_path: Path) -> None:
    made = report()
    write_kept(made, built(), write_numbers(made, built(), tmp_path), tmp_path, {})
    for name in ("results.parquet", "results.csv", "results.json"):
        assert b"QZX" not in (tmp_path / name).read_bytes()


def test_what_is_kept_can_be_read_and_the_forms_agree(folder: Path, frame: pd.DataFrame) -> None:
    kept = read_kept(folder)
    pd.testing.assert_frame_equal(kept.results, frame, check_dtype=False)
    text = (folder / "results.json").read_text(encoding="utf-8")
    rows = json.loads(text)["results"]
    assert [row["cell"] for row in rows] == list(frame["cell"])
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
    shown = runner.invoke(app, ["compare", str(folder / "results.parquet"), str(folder / "results.csv")])
    assert (shown.exit_code, shown.output) == (0, "0 difference(s)\n")


def test_why_names_statistic_estimand_model_and_what_was_left_out(folder: Path, frame: pd.DataFrame) -> None:
    made = report()
    row = frame[(frame["analysis"] == "primary") & (frame["statistic"] == "p_value")].iloc[-1]
    facts = why(read_kept(folder), row["cell"])
    said = dict(facts)
    assert said["p_value"] == repr(float(row["value"]))
    assert said["shown"] == row["shown"]
    assert said["estimand"].startswith("primary: Primary")
    assert said["model"].startswith("primary: fit_mmrm('change ~ ")
    fit = made.fits["primary"][0]
    assert said["rows used"] == f"{fit.n_observations} rows of {fit.n_participants} participants"
    assert "1 of assessments at week_6: repeats another row (reading)" in [text for _, text in facts]
    assert said["data"] == f"assessments.csv, SHA-256 {'0' * 64}"


def test_why_says_that_a_number_is_drawn_and_of_whom(folder: Path, frame: pd.DataFrame) -> None:
    row = frame[frame["table"].eq("observed-pain")].iloc[0]
    facts = dict(why(read_kept(folder), row["cell"].lower()))
    assert facts["shown"] == "drawn in the figure"
    assert (facts["mean"], facts["arm"], facts["visit"]) == (repr(float(row["value"])), row["arm"], row["visit"])
    assert "format" not in facts


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("T3", "There is no number 'T3'. Write it as T3.r4.c2"),
        ("answer.b2.n9", "The nearest is answer.b2.n"),
        ("F1.r99", "The nearest is F"),
        ("T99.r1.c1", "There is no number in table 99. Choose a table from 1 to"),
        ("T1.r99.c1", "There is no number in T1.r99.c1. Choose one of rows 1 to"),
    ],
)
def test_a_cell_that_is_not_there_is_answered_with_those_that_are(folder: Path, cell: str, said: str) -> None:
    with pytest.raises(OptionError, match=said.replace("(", r"\(")):
        why(read_kept(folder), cell)


def row(value: float, **address: str) -> dict[str, object]:
    plain = {"estimand": "e", "analysis": "a", "visit": "v", "arm": "x", "reference": "y", "term": "difference"}
    return {**plain, "statistic": "estimate", **address, "value": value}


def test_two_data_sets_are_compared_by_what_their_numbers_are() -> None:
    first = pd.DataFrame([row(1.0), row(1.0), row(2.0, arm="z"), row(float("nan"), visit="w"), row(5.0, term="only")])
    second = pd.DataFrame([row(float("nan"), visit="w"), row(2.0 * (1 + 1e-12), arm="z"), row(1.001)])
    found = compare_results(first, second)
    assert found[["term", "arm", "first", "second", "what"]].astype(object).fillna("none").to_numpy().tolist() == [
        ["difference", "x", 1.0, 1.001, "differs"],
        ["only", "x", 5.0, "none", "only in the first"],
    ]
    assert compare_results(first, second, tolerance=0.01)["what"].tolist() == ["only in the first"]
    with pytest.raises(OptionError, match=r"The second data set has no column value\."):
        compare_results(first, second.drop(columns="value"))


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial")
    drawn_trial(folder / "trial", 1, 60)
    made = runner.invoke(app, ["report", str(folder / "trial" / "study.yaml"), "--out", str(folder / "out"), "-q"])
    assert made.exit_code == 0, made.output
    return folder


def test_a_report_is_verified_where_it_was_moved(handed_over: Path, tmp_path: Path) -> None:
    shutil.copytree(handed_over, tmp_path / "moved")
    shown = runner.invoke(app, ["verify", str(tmp_path / "moved" / "out" / "report.html")])
    assert shown.exit_code == 0, shown.output
    assert "; 0 difference(s)" in shown.output


def test_a_changed_number_and_a_changed_file_are_found(handed_over: Path, tmp_path: Path) -> None:
    shutil.copytree(handed_over, tmp_path / "moved")
    out = tmp_path / "moved" / "out"
    page = out / "report.html"
    kept = read_kept(out)
    cell = kept.results[kept.results["format"] == "p_value"].iloc[0]
    text = page.read_text()
    at = text.index(f'data-cell="{cell["cell"]}"')
    page.write_text(text[:at] + text[at:].replace(f">{cell['shown']}<", ">0.049<", 1))
    data = tmp_path / "moved" / "trial" / "p.csv"
    data.write_bytes(data.read_bytes().replace(b"\n", b"\r\n"))
    once = ~kept.results.duplicated(list(ADDRESS), keep=False)
    kept.results.loc[(once & kept.results["term"].eq("marginal_mean")).idxmax(), "value"] += 1
    kept.results.to_parquet(out / "results.parquet", index=False)
    shown = runner.invoke(app, ["verify", str(out), "--json"])
    assert shown.exit_code == 1
    found = json.loads(shown.stdout)
    assert isinstance(found, list), found
    assert {(item["table"], item["field"]) for item in found} >= {
        ("p.csv", "SHA-256"),
        ("report.html", cell["cell"]),
    }
    assert sum(item["table"] == "results" for item in found) == 1
    (said,) = [item["value"] for item in found if item["table"] == "report.html"]
    assert said.startswith("0.049")
    assert "on the page" in said


@pytest.mark.slow
def test_a_form_of_another_run_is_refused_and_warned_of(handed_over: Path, tmp_path: Path) -> None:
    shutil.copytree(handed_over, tmp_path / "moved")
    plan, out = tmp_path / "moved" / "trial" / "study.yaml", tmp_path / "moved" / "out"
    made = runner.invoke(app, ["report", str(plan), "--out", str(out), "-q", "--format", "docx"])
    assert "warning" not in made.output
    assert set(read_kept(out).forms) == {"report.html", "report.docx", "supplement.docx"}
    values = plan.parent / "a.csv"
    lines = values.read_text(encoding="utf-8").splitlines(keepends=True)
    values.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    made = runner.invoke(app, ["report", str(plan), "--out", str(out), "-q"])
    assert "warning" in made.output
    assert "report.docx, supplement.docx of an earlier run" in " ".join(made.output.split())
    shown = runner.invoke(app, ["verify", str(out / "report.docx"), "--json"])
    assert shown.exit_code == 1
    assert [item["table"] for item in json.loads(shown.stdout)] == ["report.docx", "supplement.docx"]


@pytest.mark.parametrize("name", ["results.json", "results.parquet"])
def test_damaged_results_are_a_finding(handed_over: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(handed_over / "out", tmp_path / "out")
    damaged = tmp_path / "out" / name
    damaged.write_bytes(damaged.read_bytes()[:200])
    for command in (["why", "--cell", "T1.r1.c1"], ["verify"]):
        shown = runner.invoke(app, [command[0], str(tmp_path / "out"), *command[1:]])
        assert shown.exit_code == 1
        assert "The file is damaged" in shown.output.replace("\n", " ")
        assert "fault of coxa" not in shown.output


def test_verify_without_a_plan_says_where_it_should_be(handed_over: Path, tmp_path: Path) -> None:
    shutil.copytree(handed_over / "out", tmp_path / "out")
    shown = runner.invoke(app, ["verify", str(tmp_path / "out")])
    assert shown.exit_code == 1
    assert "The plan is not at" in shown.output
    empty = tmp_path / "empty"
    empty.mkdir()
    shown = runner.invoke(app, ["why", str(empty), "--cell", "T1.r1.c1"])
    assert shown.exit_code == 2
    assert "Make them with `coxa report`" in shown.output
