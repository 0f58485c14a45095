"""The page on the study file: every key, every shape of data, and nothing that coxa would not read."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from coxa.cohort.read import read_cohort
from coxa.study.describing.data_examples import EXAMPLES, DataExample
from coxa.study.describing.document import KIND_TITLES, study_document, type_words, walk
from coxa.study.parts import ComparativeReport, Part
from coxa.study.plan import Study
from coxa.study.reading.read import parse_study
from tests.spec.small_trial import plan

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "src/coxa/study/templates/parallel-trial/study.yaml"

HEAD = """
study: tiny
title: A tiny trial
arms: {usual_care: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, week_12: {day: 84, window: [-14, 21]}}
outcomes: {pain: OUTCOME}
COVARIATES
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: mmrm}
"""
ITEMS = {f"hoos_p{k}": [1, 1, 0, 0] for k in range(1, 11)}
PEOPLE = pd.DataFrame({"participant_id": ["a", "b"], "arm": ["usual_care", "exercise"]})
PER_VISIT = pd.DataFrame({"id": ["a", "b"], "group": [0, 1], "week": [12, 12], "PAIN": [40, 999], "PAIN_0": [60, 70]})
WIDE = pd.DataFrame(
    {
        "ID": ["a", "b"],
        "Group": ["A", "B"],
        "Age": ["61,5", "58"],
        "Randomised": ["10.01.2025", "11.01.2025"],
        "PAIN_T0": ["60,5", "70"],
        "PAIN_T1": ["40,5", "0"],
        "DATE_T0": ["10.01.2025", "11.01.2025"],
        "DATE_T1": ["04.04.2025", ""],
        "Comment": ["", "moved away"],
    }
)
FILES = {
    "Long": {
        "data/participants.csv": PEOPLE,
        "data/assessments.csv": pd.DataFrame(
            [
                ("a", "T0", "2025-01-10", "PAIN", 60),
                ("a", "T1", "2025-04-04", "PAIN", 40),
                ("b", "T0", "2025-01-11", "PAIN", 70),
            ],
            columns=["participant_id", "visit", "date", "outcome", "score"],
        ),
    },
    "One row per visit": {"visits.csv": PER_VISIT},
    "One row per participant, visits": {"export.xlsx": WIDE},
    "One row per participant (SPSS": {
        "export.sav": pd.DataFrame({"id": ["a", "b"], "group": [0, 1], "pain_t0": [60, 70], "pain_t1": [40, None]})
    },
    "A value": {
        "participants.csv": PEOPLE,
        "week_12.csv": pd.DataFrame({"participant_id": ["a"], "PAIN": [40], "PAIN_0": [60]}),
    },
    "Answers": {
        "participants.csv": PEOPLE,
        "items.csv": pd.DataFrame({"participant_id": ["a", "a", "b", "b"], "week": [0, 12, 0, 12], **ITEMS}),
    },
}
"""Beginning of an example's title -> the files that it describes."""


def planned(example: DataExample) -> Study:
    outcome = "{range: [0, 100], higher_is_better: false}"
    if "instrument:" in example.yaml:
        outcome = "{instrument: hoos, scale: pain}"
    covariates = "covariates: {age: {type: number}}" if "Age" in example.yaml else ""
    text = HEAD.replace("OUTCOME", outcome).replace("COVARIATES", covariates) + example.yaml
    return parse_study(text.encode())


def test_the_page_in_docs_is_the_one_the_models_give() -> None:
    assert (ROOT / "docs/study-file.md").read_text(encoding="utf-8") == study_document()


def test_every_key_of_a_study_file_says_what_it_means() -> None:
    silent = [
        ".".join((*path, key))
        for path, part in every_part()
        for key, field in part.model_fields.items()
        if not field.description
    ]
    assert silent == []


def every_part() -> list[tuple[tuple[str, ...], type[Part]]]:
    """Every part of a plan of any kind, with its path."""
    return list(dict.fromkeys(each for kind in KIND_TITLES for each in walk((), kind)))


def test_every_part_has_a_heading_and_every_key_a_row() -> None:
    page = study_document()
    headings = re.findall(r"^## `(.+)`$", page, flags=re.M)
    assert {"arms.<name>", "estimands.<name>.endpoint", "data.tables.<table>.missing_when"} <= set(headings)
    named = [part for path, part in every_part() if path and part is not ComparativeReport]
    assert len(headings) == len(set(headings)) == len(named)
    assert "## `report`, with arms or groups\n" in page
    assert [line[3:] for line in page.splitlines() if line[3:] in KIND_TITLES.values()] == list(KIND_TITLES.values())
    assert "| **`day`** | whole number |  | Planned study day" in page
    assert "| `conf_level` | number | `0.95` | Level of the confidence intervals. |" in page


def test_types_in_words() -> None:
    assert type_words(tuple[str, ...]) == "list of text"
    assert type_words(float | int | str | None) == "number or text"
    assert type_words(dict[str, Study]) == "mapping of text to keys, see below"


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.title for example in EXAMPLES])
def test_every_example_is_a_valid_plan(example: DataExample) -> None:
    assert f"### {example.title}\n" in study_document()
    assert planned(example).data is not None


@pytest.mark.parametrize("start", FILES)
def test_the_examples_read_the_files_they_describe(start: str, tmp_path: Path) -> None:
    example = next(example for example in EXAMPLES if example.title.startswith(start))
    for name, frame in FILES[start].items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".sav":
            pyreadstat.write_sav(frame, path, variable_value_labels={"group": {0: "Control", 1: "Intervention"}})
        elif path.suffix == ".xlsx":
            frame.to_excel(path, sheet_name="Patients", index=False)
        else:
            frame.to_csv(path, index=False)
    study = planned(example)
    assert study.data is not None
    cohort = read_cohort(study, tmp_path / study.data.folder)
    assert [item.as_text() for item in cohort.findings.errors] == []
    values = cohort.table("item_responses" if start == "Answers" else "assessments")
    expected = {
        "Long": [40.0, 60.0, 70.0],
        "One row per visit": [40.0, 60.0, 70.0],
        "One row per participant, visits": [40.5, 60.5, 70.0],
        "One row per participant (SPSS": [40.0, 60.0, 70.0],
        "A value": [40.0, 60.0],
        "Answers": [0.0] * 20 + [1.0] * 20,
    }
    assert sorted(values["value"]) == expected[start]
    assert list(cohort.table("participants")["arm"]) == ["usual_care", "exercise"]


def test_the_wide_file_of_the_template_is_valid_where_the_comment_sign_is_taken_away() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    block = re.search(r"^  # tables:\n(?:  #.*\n)+", text, flags=re.M)
    assert block is not None
    wide = re.sub(r"^  # ", "  ", block.group(), flags=re.M)
    head, _, tail = text.partition("  tables:  ")
    rest = tail[tail.index("  ignore_unlisted") :]
    data = parse_study((head + wide + rest).encode()).data
    assert data is not None
    tables = data.tables
    assert tables["assessments"].outcomes == {"pain": {"baseline": "PAIN_T0", "week_12": "PAIN_T1"}}
    assert tables["participants"].sheet == "Patients"


def test_labels_made_from_names_read_well() -> None:
    study = plan()
    analyses = {"ancova": study.analyses["simpler"], "pain_mmrm": study.analyses["primary"]}
    named = study.model_copy(update={"analyses": analyses})
    assert named.label("analyses", "ancova") == "ANCOVA"
    assert named.label("analyses", "pain_mmrm") == "Pain MMRM"
    assert study.label("visits", "week_12") == "Week 12"
    assert study.label("arms", "usual_care") == "Usual care"
