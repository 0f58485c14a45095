"""Dataset-JSON: the keys that version 1.1 asks for, ISO dates, nulls, and the same bytes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.exchange import to_adam, to_dataset_json
from coxa.exchange.dataset_json import dataset_json_text
from tests.spec.events_trial import made
from tests.spec.test_exchange_adam import hip_oa

DAY = "2026-01-15"
STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"
TYPES = ["string", "integer", "decimal", "float", "double", "boolean", "datetime", "date", "time", "URI"]
REQUIRED = [
    "datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID", "records", "name", "label", "columns",
]  # fmt: skip
COLUMN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["itemOID", "name", "label", "dataType"],
    "properties": {
        "itemOID": {"type": "string"},
        "name": {"type": "string", "pattern": "^[A-Z][A-Z0-9]{0,7}$"},
        "label": {"type": "string", "maxLength": 40},
        "dataType": {"enum": TYPES},
        "targetDataType": {"enum": ["integer", "decimal"]},
        "length": {"type": "integer", "minimum": 1},
        "displayFormat": {"type": "string"},
        "keySequence": {"type": "integer", "minimum": 1},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": REQUIRED,
    "properties": {
        "datasetJSONCreationDateTime": {"type": "string", "pattern": STAMP},
        "datasetJSONVersion": {"const": "1.1.0"},
        "fileOID": {"type": "string"},
        "sourceSystem": {"type": "object", "required": ["name", "version"]},
        "studyOID": {"type": "string"},
        "itemGroupOID": {"type": "string"},
        "records": {"type": "integer", "minimum": 0},
        "name": {"type": "string"},
        "label": {"type": "string", "maxLength": 40},
        "columns": {"type": "array", "items": COLUMN},
        "rows": {"type": "array", "items": {"type": "array"}},
    },
}
"""What schema/dataset.schema.json ($id https://cdisc.org/dataset-json/model) of the repository
cdisc-org/DataExchange-DatasetJson says of the keys that coxa writes; and that names and labels fit ADaM."""


@pytest.mark.parametrize("design", ["parallel", "cohort"])
def test_the_files_have_the_keys_that_the_standard_asks_for(design: str) -> None:
    files = to_dataset_json(made(design), date=DAY)
    assert list(files) == ["ADSL", "ADQS", "ADAE"]
    for name, content in files.items():
        jsonschema.validate(content, SCHEMA)
        assert content["itemGroupOID"] == f"IG.{name}"
        assert content["records"] == len(content["rows"])
        assert {len(row) for row in content["rows"]} == {len(content["columns"])}


def test_the_values_are_those_of_adam() -> None:
    files, adam = to_dataset_json(hip_oa(), date=DAY), to_adam(hip_oa())
    for name, content in files.items():
        again = pd.DataFrame(content["rows"], columns=[column["name"] for column in content["columns"]])
        for column in content["columns"]:
            ours, theirs = again[column["name"]], adam[name][column["name"]]
            assert ours.isna().tolist() == theirs.isna().tolist()
            if column["dataType"] == "date":
                theirs = theirs.dt.strftime("%Y-%m-%d")
            assert ours.dropna().tolist() == theirs.dropna().tolist()


def test_dates_are_iso_numbers_are_numbers_and_missing_is_null() -> None:
    content = to_dataset_json(hip_oa(), date=DAY)["ADQS"]
    columns = {column["name"]: (place, column) for place, column in enumerate(content["columns"])}
    place, column = columns["ADT"]
    assert (column["dataType"], column["targetDataType"]) == ("date", "integer")
    assert date.fromisoformat(content["rows"][0][place]).year == 2022
    assert content["rows"][0][columns["CHG"][0]] is None
    assert isinstance(content["rows"][1][columns["AVAL"][0]], float)
    assert [name for name, (_, column) in columns.items() if "keySequence" in column] == [
        "STUDYID", "USUBJID", "PARAMCD", "AVISITN", "AVAL", "DTYPE",
    ]  # fmt: skip


def test_the_same_data_and_day_give_the_same_text_that_reads_back() -> None:
    texts = [dataset_json_text(to_dataset_json(made("parallel"), date=DAY)["ADSL"]) for _ in range(2)]
    assert texts[0] == texts[1]
    assert json.loads(texts[0]) == to_dataset_json(made("parallel"), date=DAY)["ADSL"]


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match="YYYY-MM-DD"):
        to_dataset_json(made("parallel"), date="today")
