"""Numbers as text: decimal and thousands marks are declared or proven, never guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.mapping.codes import parse_numbers
from coxa.cohort.read import read_cohort
from coxa.errors import PlanError
from coxa.study.reading.read import parse_study
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN

STEPS = PLAN.replace(
    "outcomes:\n", "outcomes:\n  steps: {range: [0, 30000], unit: steps, higher_is_better: true}\n"
).replace("outcome: pain", "outcome: steps")
DATA = """
data:
  ignore_unlisted: true
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    assessments: {file: FILE, columns: {participant_id: id}, outcomes: {steps: steps, pain: pain, function: function}}
"""


def wide(steps: list[str], pain: list[str] | None = None) -> pd.DataFrame:
    """Return two people at two visits, with steps and pain as text."""
    people = pd.DataFrame({"id": ["01", "01", "02", "02"], "visit": ["baseline", "week_12"] * 2})
    return people.assign(steps=steps, pain=pain or ["42", "40", "38", "36"], function="20")


def read_steps(folder: Path, frame: pd.DataFrame, keys: str = "", suffix: str = ".txt") -> Cohort:
    PARTICIPANTS.head(2).to_csv(folder / "participants.csv", index=False)
    path = folder / f"a{suffix}"
    match suffix:
        case ".txt":
            frame.to_csv(path, sep="\t", index=False)
        case ".csv":
            frame.to_csv(path, index=False)
        case ".xlsx":
            frame.to_excel(path, index=False)
        case ".parquet":
            frame.to_parquet(path)
        case ".sav":
            pyreadstat.write_sav(frame, path)
    data = DATA.replace("file: FILE", f"file: {path.name}{keys}")
    return read_cohort(parse_study((STEPS + data).encode(), folder=str(folder)))


def steps(cohort: Cohort) -> list[float]:
    table = cohort.table("assessments")
    return table.loc[table["outcome"] == "steps", "value"].tolist()


def refused(cohort: Cohort) -> list[tuple[str | None, str]]:
    return [(item.value, item.remedy) for item in cohort.findings.errors if item.field == "steps"]


FORMATS = [".txt", ".csv", ".xlsx", ".parquet", ".sav"]
AMBIGUOUS = {",": ["4,408", "3,856", "4,872", "12,000"], ".": ["4.408", "3.856", "4.872", "12.000"]}
WHOLE, DECIMAL = [4408, 3856, 4872, 12000], [4.408, 3.856, 4.872, 12.0]


@pytest.mark.some(3)
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("mark", [",", "."])
def test_an_ambiguous_number_is_refused_with_its_readings_and_read_as_declared(
    tmp_path: Path, suffix: str, mark: str
) -> None:
    frame = wide(AMBIGUOUS[mark])
    finding = next(item for item in read_steps(tmp_path, frame, suffix=suffix).findings if item.field == "steps")
    name = {".": "point", ",": "comma"}[mark]
    assert finding.rule == (
        f"A number can be read in two ways: 4{mark}408 is 4408 if the {name} marks thousands, "
        "4.408 if it marks decimals"
    )
    assert finding.remedy == f'Write `thousands: "{mark}"` or `decimal: "{mark}"` in its table'
    assert steps(read_steps(tmp_path, frame, f', thousands: "{mark}"', suffix)) == WHOLE
    assert steps(read_steps(tmp_path, frame, f', decimal: "{mark}"', suffix)) == DECIMAL


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_point_among_decimal_commas_is_refused_until_it_is_declared(tmp_path: Path, suffix: str) -> None:
    frame = wide(AMBIGUOUS["."], ["42,6", "46,6", "35,0", "51,0"])
    finding = next(item for item in read_steps(tmp_path, frame, suffix=suffix).findings if item.field == "steps")
    assert finding.rule == (
        "A number has a point where the decimal mark is a comma: 4.408 is 4408 if the point marks thousands, 4.408 if "
        "it marks decimals"
    )
    cohort = read_steps(tmp_path, frame, ', thousands: "."', suffix)
    assert cohort.findings.errors.items == ()
    assert steps(cohort) == WHOLE
    pain = cohort.table("assessments").query("outcome == 'pain'")["value"]
    assert pain.tolist() == [42.6, 46.6, 35.0, 51.0]


@pytest.mark.some(6)
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("mark", "proof"), [(".", "0.123"), (".", "45.6789"), (".", "12.5"), (",", "1234,5")])
def test_another_number_of_the_column_or_of_the_file_proves_a_decimal_mark(
    tmp_path: Path, suffix: str, mark: str, proof: str
) -> None:
    own = wide([*AMBIGUOUS[mark][:3], proof])
    assert steps(read_steps(tmp_path, own, suffix=suffix))[:3] == DECIMAL[:3]
    other = wide(AMBIGUOUS[mark], ["42", "40", "38", "36" + mark + "5"])
    assert steps(read_steps(tmp_path, other, suffix=suffix)) == DECIMAL


def test_marks_that_two_columns_prove_differently_hold_in_their_own_column_only(tmp_path: Path) -> None:
    mixed = ["42,6", "46,6", "35,0", "51,0"]
    assert steps(read_steps(tmp_path, wide(["4.408", "3.856", "4.872", "12.5"], mixed))) == [4.408, 3.856, 4.872, 12.5]


@pytest.mark.parametrize(
    ("texts", "thousands"),
    [
        (["1,234,567", "12"], ","),
        (["1.234.567", "12"], "."),
        (["1,234.5", "12"], ","),
        (["1.234,5", "12"], "."),
        (["12 345", "12"], " "),
        (["12\u00a0345", "12"], " "),
        (["12\u202f345", "12"], " "),
        (["12'345", "12"], "'"),
        (["12\u2019345", "12"], "'"),
    ],
)
def test_a_thousands_mark_is_read_only_where_it_is_named(tmp_path: Path, texts: list[str], thousands: str) -> None:
    plain = [
        float("".join(sign for sign in text if sign.isdigit())) / (10 if text in ("1,234.5", "1.234,5") else 1)
        for text in texts
    ]
    frame = wide([*texts, "3", "4"])
    value, remedy = refused(read_steps(tmp_path, frame))[0]
    assert value == texts[0]
    assert remedy == f'Write `thousands: "{thousands}"` in its table if that marks thousands, or correct it'
    numbers, bad = parse_numbers(pd.Series(texts, dtype="str"), None, thousands)
    assert (numbers.tolist(), bad.any()) == (plain, False)


def test_a_number_that_is_not_grouped_as_declared_is_not_read() -> None:
    numbers, bad = parse_numbers(pd.Series(["4.408", "12.5", "1.23.456", "7"], dtype="str"), None, ".")
    assert bad.tolist() == [False, True, True, False]
    assert numbers[[0, 3]].tolist() == [4408.0, 7.0]
    assert np.isnan(numbers[1:3]).all()


@pytest.mark.parametrize("decimal", [",", None])
@pytest.mark.parametrize("dtype", ["str", object])
def test_a_decimal_comma_before_a_nought_is_a_decimal_comma(decimal: str | None, dtype: object) -> None:
    numbers, bad = parse_numbers(pd.Series(["51,0", "56,5", "7,00", "-3,0", ",5", "1,5e3"], dtype=dtype), decimal)  # type: ignore[call-overload]
    assert numbers.tolist() == [51.0, 56.5, 7.0, -3.0, 0.5, 1500.0]
    assert not bad.any()


def test_a_mark_has_one_meaning() -> None:
    table = 'assessments.csv, decimal: ",", thousands: ","'
    with pytest.raises(PlanError, match="A mark has one meaning"):
        parse_study((PLAN + LONG.replace("assessments.csv", table)).encode())


def test_a_file_of_three_decimals_is_read_where_one_value_shows_the_mark(tmp_path: Path) -> None:
    assert steps(read_steps(tmp_path, wide(["1.234", "0.998", "2.000", "1.750"]), suffix=".csv")) == [
        1.234,
        0.998,
        2.0,
        1.75,
    ]
