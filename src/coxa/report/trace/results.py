"""The results data set: every number of a report, one row each, with what it is and where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coxa.report.build import build_document
from coxa.report.document import Document
from coxa.report.record import ReportRecord
from coxa.report.trace.identity import data_hash, model_id
from coxa.report.trace.places import Place, drawn_places, places
from coxa.study import Study
from coxa.tables.cells import BEHIND, WHOSE, Cell, Statistic
from coxa.tables.formats import RULES
from coxa.tables.hidden import RULE as SUPPRESSED
from coxa.tables.records import Record, records

ADDRESS = (*WHOSE, "statistic")
"""What says which number it is, wherever it is shown."""

COLUMNS = (
    "cell",
    "table",
    "row_group",
    "row_label",
    "column_label",
    *ADDRESS,
    "value",
    "shown",
    "format",
    "pattern",
    "decimals",
    "style",
    *BEHIND,
    "warning",
    "method",
    "model",
    "plan_sha256",
    "data_sha256",
)
Where = tuple[str, ...]


def results_frame(report: ReportRecord[Study], document: Document | None = None) -> pd.DataFrame:
    """Return the results data set of a report.

    Parameters
    ----------
    report
        A plan, its data and its results.
    document
        The document that shows them; the report as the plan says unless given.

    Returns
    -------
    DataFrame
        COLUMNS; one row for each statistic behind each number of tables, headings, notes and sentences, in reading
        order, and after them one for each number drawn in a figure. `cell` is the place (see
        `coxa.report.trace.places`;
        "F3.r2" is the second row of the data of figure 3), `value` is unrounded, `shown` the text of the cell, empty
        in a figure, `format` the rule it was written by, `decimals` what `v` is in its `pattern` and `style` the
        style of the report, `model` the fitted model (see `coxa.report.trace.provenance`),
        `data_sha256` the hash of all
        data files. Figures of single participants have no rows.

    Examples
    --------
    >>> import coxa
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> frame = results_frame(report)
    >>> frame[(frame["term"] == "difference") & (frame["statistic"] == "estimate")]["arm"].unique().tolist()
    ['manual_therapy', 'exercise', 'both']
    """
    document = document or build_document(report)
    estimated = {_where(record): record for record in records(report.estimates.frame)}
    models = {name: len(fits) for name, fits in report.fits.items()}
    return numbers_frame(document, report.run.plan_sha256, data_hash(report.run.data_sha256), estimated, models)


def numbers_frame(
    document: Document,
    plan_sha256: str,
    data_sha256: str,
    estimated: Mapping[Where, Record] | None = None,
    models: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Return the results data set of a document, whatever it is about; see `results_frame`.

    Parameters
    ----------
    document
        What shows the numbers.
    plan_sha256, data_sha256
        Hashes of the plan, and of all data together.
    estimated
        Address -> row of the estimates behind it, where there are any.
    models
        Analysis -> number of its models.
    """
    estimated, models = estimated or {}, models or {}
    hashes = {"plan_sha256": plan_sha256, "data_sha256": data_sha256}
    kept = {"style": document.style, **hashes, **(dict.fromkeys(BEHIND) if document.small_cells else {})}
    rows = [
        {**_labels(place), **_number(statistic, place.cell, estimated, models), **kept}
        for place in (*places(document), *drawn_places(document))
        for statistic in place.cell.statistics
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"value": float, "decimals": int, "n_participants": "Int64", "n_observations": "Int64"})


def _labels(place: Place) -> Record:
    labels = {name: getattr(place, name) for name in ("table", "row_group", "row_label", "column_label")}
    return {"cell": place.name, **labels}


def _number(
    statistic: Statistic, cell: Cell, estimated: Mapping[Where, Record], models: Mapping[str, int]
) -> dict[str, Any]:
    address = {name: getattr(statistic, name) for name in WHOSE}
    found = estimated.get(_where(address), {}) if cell.rule != SUPPRESSED else {}
    planned = bool(found) or statistic.analysis in models
    return {
        **address,
        "statistic": statistic.name,
        "value": statistic.value,
        "shown": cell.text,
        "format": cell.rule,
        "pattern": RULES.get(cell.rule, ""),
        "decimals": cell.decimals,
        "n_participants": found.get("n_participants"),
        "n_observations": found.get("n_observations"),
        "warning": found.get("warning", ""),
        "method": found.get("method", ""),
        "model": model_id(statistic.analysis, statistic.visit, models.get(statistic.analysis, 0)) if planned else "",
    }


def _where(record: Mapping[str, Any]) -> Where:
    return tuple(str(record[name]) for name in WHOSE)
