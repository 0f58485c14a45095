"""The flow diagram where it is handed over: in the three forms of a report, in its results, and as a file."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.report.output.columns import TALLEST, UPRIGHT, figure_width
from coxa.report.output.figure_files import write_figure
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.participants.flow.draw import plot_flow
from coxa.report.trace.results import results_frame
from tests.spec.cluster_trial import people, write_trial
from tests.spec.small_trial import PER_ARM, built, rendered, report

runner = CliRunner()


def test_every_number_of_the_diagram_is_in_the_results() -> None:
    made = report()
    frame = results_frame(made, built())
    drawn = frame[frame["table"] == "participant-flow"]
    assert drawn["cell"].str.fullmatch(r"F\d+\.r\d+").all()
    shown = drawn.loc[drawn["statistic"] == "n"].set_index("row_label")["value"]
    flow = participant_flow(made.cohort, made.datasets["primary"])
    counts = flow.to_frame()
    assert len(counts) == len(shown) > 20
    for row in counts.to_dict("records"):
        within = f", within {row['within']}" if row["within"] else ""
        at = f"box {row['box']}, kind {row['kind']}, stage {row['stage']}, level {row['level']}, label {row['label']}"
        assert shown[f"{at}{within}"] == row["n"]
    assert set(drawn["arm"]) == {"", *made.study.arm_order}


def test_the_diagram_stands_before_the_tables_in_every_form() -> None:
    html = str(rendered("html"))
    numbers = built().numbers()
    tables = [f"T{numbers[name]}-caption" for name in ("baseline", "participants")]
    places = [html.index(f'id="{name}"') for name in ("participant-flow", *tables)]
    assert places == sorted(places)
    word = zipfile.ZipFile(io.BytesIO(bytes(rendered("docx"))))  # type: ignore[arg-type]
    assert f"Flow diagram. Randomised: {3 * PER_ARM}." in word.read("word/document.xml").decode()
    assert bytes(rendered("pdf")).startswith(b"%PDF")  # type: ignore[arg-type]


def test_a_tall_figure_fits_on_a_page() -> None:
    assert figure_width(900, 2000) * 2000 / 900 == pytest.approx(TALLEST)
    assert figure_width(2000, 200) == UPRIGHT


def test_the_estimand_of_the_diagram_is_that_of_the_first_primary_analysis() -> None:
    study = report().study
    assert study.main_analysis.estimand_name == "primary"
    others = {name: plan.model_copy(update={"role": "secondary"}) for name, plan in study.analyses.items()}
    response = others["response"].model_copy(update={"role": "primary"})
    changed = study.model_copy(update={"analyses": {**others, "response": response}})
    assert changed.main_analysis.estimand_name == "response"


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_figure_is_a_file_of_the_same_bytes(tmp_path: Path, form: str, start: bytes) -> None:
    made = report()
    figure = plot_flow(participant_flow(made.cohort, made.datasets["primary"]))
    first = write_figure(figure, tmp_path / f"deep/a.{form}", 72).read_bytes()
    assert first.startswith(start)
    assert write_figure(figure, tmp_path / f"b.{form}", 72).read_bytes() == first
    with pytest.raises(OptionError, match=r"Choose one of \.svg, \.png"):
        write_figure(figure, tmp_path / "a.jpeg")


def test_the_command_draws_what_it_counts(tmp_path: Path) -> None:
    plan = write_trial(tmp_path, people(4, each=3))
    svg, csv = tmp_path / "flow.svg", tmp_path / "flow.csv"
    shown = runner.invoke(app, ["flow", str(plan), "--out", str(svg), "--out", str(csv)])
    assert shown.exit_code == 0, shown.output
    assert "Randomised: 12 (4 clusters). Assessment for eligibility was not recorded." in shown.output
    counts = pd.read_csv(csv)
    assert counts.loc[counts["box"] == "allocated.classes", ["n", "clusters"]].iloc[0].tolist() == [6, 2]
    text = svg.read_text(encoding="utf-8")
    assert re.search(r"<text[^>]*>Randomised \(4\xa0clusters,", text)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--out", "flow.doc"], 2, 'The ending of `--out` is ".doc". Choose one of .svg, .png, .pdf, .csv'),
        (["--estimand", "primry", "--out", "flow.svg"], 1, 'There is no estimand "primry". Choose primary.'),
    ],
)
def test_a_wrong_word_is_answered(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    plan = write_trial(tmp_path, people(4, each=3))
    shown = runner.invoke(app, ["flow", str(plan), *options])
    assert shown.exit_code == code
    assert said in shown.output
