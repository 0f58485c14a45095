"""ADaM data sets as Dataset-JSON 1.1 (CDISC): names, labels and types of the columns, and rows as lists."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from coxa.arguments import kinds
from coxa.cohort.cohort import Cohort
from coxa.exchange.adam.build import DATA, adam_datasets
from coxa.exchange.adam.crosswalk import AdamDataset, Variable
from coxa.report.record import ReportRecord
from coxa.study import Study
from coxa.study.locking.lock import day_text
from coxa.version import __version__

VERSION = "1.1.0"
TYPES = {"text": "string", "integer": "integer", "number": "double", "date": "date"}
"""Type of a variable -> data type of Dataset-JSON."""


@kinds(data=DATA)
def to_dataset_json(data: Cohort | ReportRecord[Study], *, date: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the ADaM data sets of a study as Dataset-JSON 1.1.

    Parameters
    ----------
    data
        A checked cohort, or a report.
    date
        Day on which the files are made, as YYYY-MM-DD; today unless given. The same data and day give the same files.

    Returns
    -------
    dict of dict
        Name of the data set -> what its file holds: dates as ISO 8601, missing values as null.

    Examples
    --------
    >>> import coxa
    >>> from coxa.exchange import to_dataset_json
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> subjects = to_dataset_json(coxa.read_cohort(trial.study, trial.tables), date="2026-01-15")["ADSL"]
    >>> subjects["datasetJSONVersion"], subjects["records"], subjects["columns"][0]["itemOID"]
    ('1.1.0', 40, 'IT.ADSL.STUDYID')
    """
    made = f"{day_text(date)}T00:00:00"
    return {name: _file(data.study, one, made) for name, one in adam_datasets(data).items()}


def dataset_json_text(content: dict[str, Any]) -> str:
    """Return a file of Dataset-JSON as text, a row of data on each line."""
    head = json.dumps({key: value for key, value in content.items() if key != "rows"}, indent=1, ensure_ascii=False)
    rows = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in content["rows"])
    return f'{head.removesuffix("}").rstrip()},\n "rows": [\n{rows}\n ]\n}}\n'


def _file(study: Study, one: AdamDataset, made: str) -> dict[str, Any]:
    return {
        "datasetJSONCreationDateTime": made,
        "datasetJSONVersion": VERSION,
        "fileOID": f"{study.study}.{one.name}",
        "sourceSystem": {"name": "coxa", "version": __version__},
        "studyOID": study.study,
        "itemGroupOID": f"IG.{one.name}",
        "records": len(one.frame),
        "name": one.name,
        "label": one.label,
        "columns": [_column(one, variable) for variable in one.variables],
        "rows": _rows(one.frame),
    }


def _column(one: AdamDataset, variable: Variable) -> dict[str, Any]:
    column: dict[str, Any] = {
        "itemOID": f"IT.{one.name}.{variable.name}",
        "name": variable.name,
        "label": variable.label,
        "dataType": TYPES[variable.type],
    }
    if variable.type == "text":
        lengths = one.frame[variable.name].dropna().map(lambda text: len(text.encode("utf-8")))
        column["length"] = max(1, int(lengths.max())) if len(lengths) else 1
    if variable.type == "date":
        column |= {"targetDataType": "integer", "displayFormat": "E8601DA."}
    if variable.name in one.keys:
        column["keySequence"] = one.keys.index(variable.name) + 1
    return column


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    columns = [[_plain(value) for value in frame[name].astype(object)] for name in frame]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it: a date as ISO 8601, a missing value as null."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str) else int(value)
