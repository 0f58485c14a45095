"""A report that is shared gives no small count away, in whatever form it stands, nor the words of single people."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.cohort.read import read_cohort
from coxa.figures.figure import Figure
from coxa.figures.profile import without_small_shares
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.document import Card, Document, List, Paragraph, Section, TableBlock
from coxa.report.report import Report
from coxa.report.trace.crate import NOT_SHARED
from coxa.report.trace.places import drawn_places, places
from coxa.report.trace.results import results_frame
from coxa.report.transform.sharing import protected_counts, shared
from coxa.report.transform.sharing.attack import attack, texts_in
from coxa.report.transform.sharing.figures import OF_FEW, OF_PEOPLE, shared_figure
from coxa.report.transform.sharing.protect import Protection
from coxa.report.transform.sharing.words import OTHER, common, without_rare_words
from coxa.report.write import write_report
from coxa.study.kinds import study_of
from coxa.tables.cells import Cell, Statistic
from coxa.tables.characters import plain
from coxa.tables.formats import cell
from coxa.tables.hidden import COUNTS, HIDDEN, Protected, address
from coxa.tables.prose import prose, with_n
from coxa.tables.table import Column, Row, RowGroup, Table
from tests.spec.drawn_trial import drawn_trial
from tests.spec.small_trial import built, report
from tests.spec.test_outcome_values import PLAN as KINDS

K = 5
ARMS = ("usual", "exercise", "total")
runner = CliRunner()


def count(n: float, arm: str, term: str = "x", analysis: str = "baseline", visit: str = "") -> Cell:
    return cell("count", {"n": n}, Statistic(analysis=analysis, term=term, arm=arm, visit=visit))


def table(rows: dict[str, tuple[float, float]], levels: dict[str, int] | None = None, n: int = 0) -> Table:
    """Return a table of two arms and their total, with the number of an arm in its heading where it is given."""
    made = tuple(
        Row(
            label,
            tuple(count(n, arm, label) for n, arm in zip((*pair, sum(pair)), ARMS, strict=True)),
            (levels or {}).get(label, 0),
        )
        for label, pair in rows.items()
    )
    sizes = dict(zip(ARMS, (n, n, 2 * n), strict=True))
    columns = (Column(with_n(arm, count(sizes[arm], arm, "allocated", "participants")) if n else arm) for arm in ARMS)
    return Table("t", "T", "Who", tuple(columns), (RowGroup("", made),))


def protected(*tables: Table, models: frozenset[str] = frozenset()) -> list[Table]:
    """Return tables of one document as they are shared."""
    document = Document("T", "S", (), (Section("s", "S", tuple(map(TableBlock, tables))),))
    protection = Protection(protected_counts(document, K), models).after(document)
    return [protection.table(one) for one in tables]


def shown(made: Table) -> list[tuple[str, ...]]:
    return [tuple(one.text for one in row.cells) for row in made.rows()]


def test_a_table_without_small_counts_stays_as_it_is() -> None:
    plain = table({"Left": (5, 12), "Zero": (0, 9)})
    assert protected(plain) == [plain]


def test_a_small_count_goes_with_another_and_a_note() -> None:
    (made,) = protected(table({"Left": (3, 12), "Zero": (0, 9), "Many": (20, 21)}))
    left, zero, many = shown(made)
    assert left[0] == HIDDEN
    assert left.count(HIDDEN) == 2
    assert (zero, many) == (("0", "9", "9"), ("20", "21", "41"))
    assert "a count from 1 to 4" in str(made.footnotes[-1].text)


def test_who_is_analysed_is_hidden_where_few_are_not() -> None:
    """N = 30 and 27 analysed say that 3 are not, in whatever table each of them is."""
    first = table({"Everybody": (30, 30)}, n=30)
    second = replace(table({"Analysed": (27, 20)}), id="u")
    made = protected(first, second)
    assert shown(made[0]) == [("30", "30", "60")]
    assert shown(made[1])[0][0] == HIDDEN


def test_a_number_that_is_hidden_in_one_table_is_hidden_in_others() -> None:
    first = table({"Analysed": (27, 20), "Not analysed": (3, 10)}, {"Not analysed": 1}, n=30)
    means = Table(
        "means", "M", "Visit", tuple(map(Column, ARMS[:2])),
        (RowGroup("", (Row("Week 6", (count(27, "usual", "mean", "m"), count(20, "exercise", "mean", "m"))),)),),
    )  # fmt: skip
    assert shown(protected(first, means)[1])[0][0] == HIDDEN


def test_a_percentage_of_a_hidden_number_is_hidden_and_the_count_stays() -> None:
    def of(n: float, total: float, arm: str) -> Cell:
        return cell("count_percent", {"n": n, "share": n / total}, Statistic(analysis="harms", term="pain", arm=arm))

    headings = [
        Column(with_n(arm, count(n, arm, "safety set", "harms"))) for arm, n in (("usual", 33), ("exercise", 27))
    ]
    harms = Table(
        "h", "H", "Harm", tuple(headings), (RowGroup("", (Row("Pain", (of(9, 33, "usual"), of(8, 27, "exercise"))),)),)
    )
    _, made = protected(table({"Everybody": (30, 30)}, n=30), harms)
    assert [str(column.label) for column in made.columns] == ["usual (N\xa0=\xa0*)", "exercise (N\xa0=\xa0*)"]
    assert shown(made) == [("9", "8")]


def test_the_difference_from_an_arm_that_is_hidden_is_hidden_in_every_table() -> None:
    at = {"analysis": "responders", "visit": "week_12"}
    sides = [
        cell("count_of_percent", {"n": n, "total": 50, "share": n / 50}, Statistic(arm=arm, **at))
        for n, arm in ((2, "usual"), (20, "exercise"))
    ]
    risk = Statistic(term="risk_difference", arm="exercise", reference="usual", **at)
    difference = cell("points_interval", {"estimate": 0.36, "conf_low": 0.2, "conf_high": 0.5}, risk)
    first = Table("r", "R", "Arm", tuple(map(Column, "ab")), (RowGroup("", (Row("W", tuple(sides)),)),))
    second = Table("s", "S", "Comparison", (Column("d"),), (RowGroup("", (Row("E v U", (difference,)),)),))
    assert shown(protected(first, second)[1]) == [(HIDDEN,)]
    assert shown(protected(first, second, models=frozenset({"responders"}))[1]) == [("36.0 (20.0 to 50.0)",)]


AT = {"estimand": "pain", "visit": "month_12"}


def behind(n: int, at: Statistic) -> Cell:
    return Cell(str(n), (replace(at, name="n_participants", value=float(n)),), rule="count")


def events_and_hazards(events: tuple[int, int], together: int) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a Cox model in a shared report: events, the risk and number of each arm, and the ratio."""
    counted, risks = [], []
    for arm, of_arm, n in zip(ARMS, events, (60, 40), strict=False):
        values = {"n": of_arm, "total": n, "share": of_arm / n}
        at = Statistic(analysis="analysed", term="risk", arm=arm, **AT)
        risk = Statistic(analysis="cox", term="risk", arm=arm, **AT)
        counted.append(cell("count_of_percent", values, at))
        estimate = cell("points_interval", {"estimate": of_arm / n, "conf_low": 0.01, "conf_high": 0.4}, risk)
        risks.append(Row(arm, (estimate, behind(n, risk))))
    ratio = Statistic(analysis="cox", term="hazard_ratio", arm="exercise", reference="usual", **AT)
    interval = cell("two_decimals_interval", {"estimate": 2.05, "conf_low": 1.35, "conf_high": 3.11}, ratio)
    risks.append(Row("Ratio", (interval, behind(together, ratio))))
    first = Table("r", "R", "Arm", tuple(map(Column, ARMS[:2])), (RowGroup("", (Row("W", tuple(counted)),)),))
    second = Table("s", "S", "Estimate", (Column("e"), Column("n")), (RowGroup("", tuple(risks)),))
    return tuple(row for made in protected(first, second) for row in shown(made))


def test_a_ratio_is_shown_where_all_counts_behind_it_are() -> None:
    assert events_and_hazards((12, 18), 100)[1:] == (
        ("20.0 (1.0 to 40.0)", "60"), ("45.0 (1.0 to 40.0)", "40"), ("2.05 (1.35 to 3.11)", "100")
    )  # fmt: skip


@pytest.mark.parametrize(("events", "together"), [((3, 18), 100), ((12, 18), 97)])
def test_a_ratio_of_few_events_or_of_other_participants_is_hidden(events: tuple[int, int], together: int) -> None:
    assert events_and_hazards(events, together)[-1] == (HIDDEN, HIDDEN)


def test_the_risk_of_an_arm_with_few_events_is_hidden_in_every_table() -> None:
    assert events_and_hazards((3, 18), 100)[1][0] == HIDDEN


def test_a_rate_goes_with_the_events_behind_it() -> None:
    events = table({"Events": (3, 30)})
    behind = Statistic("n", 3, analysis="baseline", term="Events", arm="usual")
    rate = cell("two_decimals_interval", {"estimate": 0.1, "conf_low": 0.0, "conf_high": 0.2}, Statistic(arm="usual"))
    rates = Table("r", "R", "Rate", (Column("u"),), (RowGroup("", (Row("Y", (replace(rate, made_from=(behind,)),)),)),))
    assert shown(protected(events, rates)[1]) == [(HIDDEN,)]


def test_a_column_of_few_people_is_hidden_with_its_heading() -> None:
    heading = with_n("Usual care", count(3, "usual"))
    row = Row("Age", (cell("mean_sd", {"mean": 50.0, "sd": 4.0}, Statistic(arm="usual")),))
    (made,) = protected(Table("b", "B", "What", (Column(heading),), (RowGroup("", (row,)),)))
    assert (str(made.columns[0].label), shown(made)) == ("Usual care (N\xa0=\xa0*)", [(HIDDEN,)])


def test_counts_of_things_of_the_plan_are_shared() -> None:
    items = replace(cell("count_of_percent", {"n": 11, "total": 12, "share": 11 / 12}, Statistic()), of_people=False)
    plain = Table("i", "I", "Items", (Column("n"),), (RowGroup("", (Row("Items", (items,)),)),))
    assert protected(plain) == [plain]


def test_a_sentence_hides_its_small_numbers() -> None:
    text = prose("Left: ", count(3, "usual"), ", stayed: ", count(50, "usual", "y"))
    blocks = (Paragraph(text), List((text,)), Card("C", (("F", text),)))
    document = Document("T", "S", (), (Section("s", "S", blocks),))
    protection = Protection(protected_counts(document, K), frozenset())
    assert [protection.cell(one).text for one in text.pieces if isinstance(one, Cell)] == [HIDDEN, "50"]


def test_figures_show_no_count_that_the_tables_do_not_show() -> None:
    import altair as alt

    def figure(data: pd.DataFrame, of_people: bool = False) -> Figure:
        return Figure("f", "f", alt.Chart(data).mark_point(), "in words", data, of_people=of_people)

    both = Protected(K, frozenset(), frozenset({("a", 40)}))
    assert shared_figure(figure(pd.DataFrame({"arm": ["a"], "n": [40]})), both).alt == "in words"
    assert shared_figure(figure(pd.DataFrame({"arm": ["a"], "n": [0]})), both).alt == "in words"
    for hidden in ({"arm": ["b"], "n": [40]}, {"arm": ["a"], "n": [39]}, {"participants": [0.97]}):
        assert shared_figure(figure(pd.DataFrame(hidden)), both).alt == f"{OF_FEW}: f."
    assert shared_figure(figure(pd.DataFrame({"y": [1.0]}), of_people=True), both).alt == f"{OF_PEOPLE}: f."


def test_free_text_of_few_is_other() -> None:
    words = pd.Series(["Moved", "moved ", "Ill", None, "Ill of P07"])
    assert common(words, pd.Series(list("abcde")), 2).dropna().tolist() == ["Moved", "moved ", OTHER, OTHER]
    assert common(words, pd.Series(list("aacde")), 2).dropna().tolist() == [OTHER, OTHER, OTHER, OTHER]
    assert common(words, pd.Series(list("abcde")), 1, frozenset({"P07"})).tolist()[-1] == OTHER


@pytest.fixture(scope="module")
def document() -> Document:
    return built()


@pytest.fixture(scope="module")
def safe() -> Document:
    return built(share=True)


def test_no_small_count_is_left_and_there_were_some(document: Document, safe: Document) -> None:
    def small(made: Document) -> list[str]:
        numbers = ((place, one) for place in (*places(made), *drawn_places(made)) for one in place.cell.statistics)
        return [place.name for place, one in numbers if one.name in COUNTS and 0 < one.value < K]

    assert len(small(document)) > 5
    assert small(safe) == []


def test_estimates_of_models_stay_as_they_are_printed(document: Document, safe: Document) -> None:
    def printed(made: Document) -> dict[tuple[str, ...], str]:
        cells = (place.cell for place in places(made) if place.cell.rule == "estimate_interval")
        return {tuple(one.key for one in shown.statistics): shown.text for shown in cells}

    assert printed(safe) == printed(document)


def test_no_number_of_a_shared_report_has_more_digits_than_it_shows(safe: Document) -> None:
    values = [one.value for place in places(safe) for one in place.cell.statistics if one.value == one.value]
    assert all(value == round(value, 4) for value in values)
    drawn = [one.value for place in drawn_places(safe) for one in place.cell.statistics]
    assert all(value == float(f"{value:.3g}") for value in drawn)
    charts = [figure.spec() for figure in safe.figures() if figure.digits]
    assert charts
    assert not any(re.search(r'"(?:mean|conf_low|estimate)": -?\d+\.\d{4}', chart) for chart in charts)


def test_diagnostics_of_single_participants_are_not_shared(safe: Document) -> None:
    single = [figure for figure in safe.figures() if figure.id.startswith(("residuals", "qq", "trajectories"))]
    assert len(single) == 3
    assert all(figure.data.empty and figure.alt.startswith(OF_PEOPLE) for figure in single)


def test_the_shared_flow_is_drawn_without_what_is_hidden_and_with_all_else(document: Document, safe: Document) -> None:
    figure, whole = (next(one for one in made.figures() if one.id == "participant-flow") for made in (safe, document))
    assert "(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}*)" in figure.svg()
    assert "Not shown: a count from 1 to 4" in figure.alt
    hidden, n = figure.data["n"].isna(), whole.data["n"]
    assert len(figure.data) == len(whole.data)
    assert hidden[n.between(1, K - 1)].all()
    assert (n[~hidden] == figure.data["n"][~hidden]).all()
    assert (n[~hidden] > 0).any()


def test_the_flow_is_drawn_though_one_of_its_numbers_is_hidden_elsewhere(document: Document) -> None:
    """Which count it is decides, as in a table: not that another count, which is hidden, is as large."""
    figure = next(one for one in document.figures() if one.id == "participant-flow")
    assert figure.counts is not None
    shown = frozenset(map(address, figure.counts.statistics()))
    assert shared_figure(figure, Protected(K, shown, frozenset())).alt == figure.alt
    gone = next(one for one in figure.counts.statistics() if one.value > 20 and one.arm == "exercise")
    drawn = shared_figure(figure, Protected(K, shown - {address(gone)}, frozenset()))
    assert drawn.data["n"].isna().sum() == 1


def test_the_attack_reads_the_numbers_that_are_drawn(tmp_path: Path) -> None:
    """A count of the flow that is shown though it is hidden in the plan of sharing gives others away."""
    folder, full = small_shared(report(), tmp_path)
    shared = pd.read_csv(folder / "results.csv")
    plain = full[full["table"].isin(["participant-flow", "people-of-100"])]
    assert len(plain) > 20
    leaky = pd.concat([shared[~shared["table"].isin(["participant-flow", "people-of-100"])], plain])
    leaky.to_csv(folder / "results.csv", index=False)
    recovered = {one.count for one in attack(folder, full, K)}
    assert any("participant-flow" in one for one in recovered)


def test_means_are_drawn_without_the_numbers_that_are_hidden(safe: Document) -> None:
    figure = next(one for one in safe.figures() if one.id.startswith("profile-"))
    assert f"n {HIDDEN}" in figure.alt
    assert figure.data["conf_low"].notna().all()


def small_shared(report: Report, folder: Path) -> tuple[Path, pd.DataFrame]:
    """Write a shared report; return its folder, and its results with nothing hidden."""
    write_report(report, folder, share=True)
    plain = without_rare_words(report)
    return folder, results_frame(plain, build_document(plain))


@pytest.mark.parametrize(
    ("seed", "n"),
    [(2, 24), (4, 14), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((1, 60), (3, 90), (5, 200)))],
)
def test_no_small_count_of_a_drawn_trial_can_be_worked_out_from_all_files(tmp_path: Path, seed: int, n: int) -> None:
    """Small and large arms: everything that is published together is attacked, and searched for words of people."""
    plan = drawn_trial(tmp_path / "trial", seed, n)
    folder, full = small_shared(analyse(plan), tmp_path / "out")
    assert attack(folder, full, K) == []
    ids = pd.read_csv(plan.parent / "p.csv", dtype=str)["participant_id"]
    assert texts_in(folder, [*ids, "CANARY", str(tmp_path)]) == []


def test_the_attack_finds_what_is_not_protected(tmp_path: Path) -> None:
    """Small counts alone are hidden: others give them away."""
    folder, full = small_shared(report(), tmp_path)
    assert attack(folder, full, K) == []
    small = full["statistic"].isin(COUNTS) & full["value"].between(1, K - 1)
    naive = full.assign(value=full["value"].mask(small))
    naive.to_csv(folder / "results.csv", index=False)
    recovered = attack(folder, full, K)
    assert len(recovered) > 5
    assert any(one.low == one.high for one in recovered)


@pytest.fixture(scope="module")
def handed_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the crate of a trial in which single people said something."""
    plan = drawn_trial(tmp_path_factory.mktemp("shared") / "trial", 3, 90)
    people = pd.read_csv(plan.parent / "p.csv", dtype=str)
    people.loc[people.index[3], "discontinuation_reason"] = "CANARY moved to Kiel"
    people.to_csv(plan.parent / "p.csv", index=False)
    out = plan.parent / "out"
    made = runner.invoke(app, ["report", str(plan), "--crate", "--out", str(out), "-q"])
    assert made.exit_code == 0, made.output
    return out


def test_nothing_shared_names_a_participant_or_a_path_or_says_what_one_said(handed_on: Path) -> None:
    ids = pd.read_csv(handed_on.parent / "p.csv", dtype=str)["participant_id"]
    assert texts_in(handed_on, [*ids, "CANARY", str(handed_on.parent), "../"]) == []
    told = json.loads((handed_on / "results.json").read_text(encoding="utf-8"))
    assert told["inputs"] == {"plan": "study.yaml", "data": None}
    assert {model["participants"] for model in told["models"].values()} == {None}


def test_a_crate_is_for_others_and_holds_no_small_count(handed_on: Path) -> None:
    names = {path.name for path in handed_on.iterdir()}
    assert not names & set(NOT_SHARED)
    results = pd.read_parquet(handed_on / "results.parquet")
    counted = results[results["statistic"].isin(COUNTS)]
    assert not ((counted["value"] > 0) & (counted["value"] < K)).any()
    assert (results["shown"] == HIDDEN).sum() > 10
    assert results[["n_participants", "n_observations"]].isna().all().all()
    assert results.loc[results["shown"] == HIDDEN, "value"].isna().all()
    (crate,) = handed_on.glob("*.zip")
    with zipfile.ZipFile(crate) as archive:
        assert not set(archive.namelist()) & set(NOT_SHARED)
        assert archive.read("results.csv") == (handed_on / "results.csv").read_bytes()


def test_a_shared_page_shows_the_sign_and_says_what_it_means(handed_on: Path) -> None:
    page = (handed_on / "report.html").read_text(encoding="utf-8")
    assert f"<sup>{HIDDEN}</sup> Not shown: a count from 1 to 4" in plain(page)
    assert re.search(r">\*</td>", page)


def test_a_shared_report_is_verified_as_it_is(handed_on: Path) -> None:
    shown = runner.invoke(app, ["verify", str(handed_on / "report.html"), "-q"])
    assert shown.exit_code == 0, shown.output
    cell = pd.read_parquet(handed_on / "results.parquet")["cell"].iloc[0]
    why = runner.invoke(app, ["why", str(handed_on), "--cell", cell])
    assert why.exit_code == 0, why.output


def test_files_of_the_team_are_not_handed_on(handed_on: Path) -> None:
    plan = str(handed_on.parent / "study.yaml")
    full = handed_on.parent / "full"
    assert runner.invoke(app, ["report", plan, "--crate", "--no-share", "--out", str(full), "-q"]).exit_code == 0
    assert (full / "findings.csv").is_file()
    refused = runner.invoke(app, ["report", plan, "--share", "--out", str(full), "-q"])
    assert refused.exit_code == 2
    assert "has findings.csv, left_out.csv, disposition.csv" in refused.output


@pytest.mark.parametrize(
    ("yes", "n", "drawn"), [(2, 30, False), (28, 30, False), (0, 30, True), (12, 30, True), (12, 29, False)]
)
def test_a_share_is_drawn_only_where_the_count_that_it_tells_is_shown(yes: int, n: int, drawn: bool) -> None:
    """Counts of 0, 12, 18, 28 and 30 are shown in the arm; 2 of 30, or all but 2, give a small count away."""
    shares = pd.DataFrame({"arm": ["usual"], "count": [yes], "n": [n], "mean": [yes / n]})
    numbers = frozenset(("usual", number) for number in (12, 18, 28, 30))
    assert len(without_small_shares(shares, Protected(K, frozenset(), numbers))) == drawn


def test_a_yes_or_no_at_baseline_gives_no_small_count_away() -> None:
    """Two of twenty in exercise had a fall before: neither table nor figure has a number from which they follow."""
    ids = [f"P{k:02d}" for k in range(40)]
    arm = ["usual", "exercise"] * 20
    before = [float(k in (1, 3)) for k in range(40)]
    after = [float(k % 3 == 0) for k in range(40)]
    people = pd.DataFrame({"participant_id": ids, "arm": arm, "randomisation_date": "2025-01-06"})
    seen = [(who, visit, value) for visit, values in (("baseline", before), ("month_6", after))
            for who, value in zip(ids, values, strict=True)]  # fmt: skip
    assessed = pd.DataFrame(seen, columns=["participant_id", "visit", "value"]).assign(outcome="fell")
    plan = {**KINDS, "report": {"baseline_table": ["fell"], "small_cells": K}}
    plan["outcomes"] = {"fell": KINDS["outcomes"]["fell"]}
    cohort = read_cohort(study_of(plan), {"participants": people, "assessments": assessed}).require_clean()
    document = build_document(analyse(cohort))
    safe = shared(document, analyse(cohort))
    (drawn,) = [figure for figure in safe.figures() if figure.id == "observed-fell"]
    rows = drawn.data.set_index(["visit", "arm"])
    assert ("baseline", "exercise") not in rows.index
    assert rows.loc[("baseline", "usual"), "count"] == 0
    assert rows.loc[("month_6", "usual"), ["count", "n"]].tolist() == [7, 20]
    texts = [
        cell.text for table in safe.tables() if table.id == "baseline" for row in table.rows() for cell in row.cells
    ]
    assert not any(text.startswith(("2 (", "18 (")) for text in texts)
