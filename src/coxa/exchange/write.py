"""Write a study in the form that others take: all files of an export, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

import pandas as pd

from coxa.arguments import kinds
from coxa.cohort.cohort import Cohort
from coxa.errors import OptionError, check_option
from coxa.exchange.adam.build import DATA, to_adam
from coxa.exchange.ars.build import ars_text, to_ars
from coxa.exchange.dataset_json import dataset_json_text, to_dataset_json
from coxa.exchange.registries.build import Registry, registry_tables
from coxa.files import save, whole_run
from coxa.report.output.csv_files import write_csv
from coxa.report.record import REPORT, ReportRecord
from coxa.study import Study

Target = Literal["adam", "dataset-json", "ars", "clinicaltrials", "eudract"]
OF_PARTICIPANTS = ("adam", "dataset-json")
"""Exports with a row for each participant: for their owner alone, and never for others."""
OF_RESULTS: dict[str, Registry | None] = {"ars": None, "clinicaltrials": "clinicaltrials.gov", "eudract": "eudract"}
TARGETS = (*OF_PARTICIPANTS, *OF_RESULTS)


@kinds(data=DATA)
def write_export(
    data: Cohort | ReportRecord[Study],
    target: Target,
    folder: str | Path,
    *,
    share: bool = False,
    date: str | None = None,
) -> list[Path]:
    """Write a study in the form that others take, all files of it or none; return the files written.

    Parameters
    ----------
    data
        A report; for "adam" and "dataset-json" a checked cohort too.
    target
        "adam": ADaM data sets as CSV; "dataset-json": the same as Dataset-JSON 1.1; "ars": the analyses in the terms of
        the analysis results standard; "clinicaltrials" and "eudract": tables that these registries ask for, as CSV.
    folder
        Where to write; made if it is missing.
    share
        For others: small counts are hidden.
    date
        Day on which Dataset-JSON says that it was made, as YYYY-MM-DD; today unless given.

    Raises
    ------
    OptionError
        If the target is unknown or would show participants to others, or the study has no arms and the target needs
        them.

    Examples
    --------
    >>> import coxa
    >>> from coxa.exchange import write_export
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> [path.name for path in write_export(report, "adam", "exported")]
    ['adsl.csv', 'adqs.csv']
    """
    asked_target(target, share, date)
    out = Path(folder)
    texts, tables = _contents(data, target, share, date)
    private = target in OF_PARTICIPANTS
    with whole_run(out) as part:
        names = [
            *(save(part / name, text, private).name for name, text in texts.items()),
            *(write_csv(frame, part / name, private).name for name, frame in tables.items()),
        ]
    return [out / name for name in names]


def asked_target(target: str, share: bool, date: str | None = None) -> Target:
    """Return a target; refuse an unknown one, one that would show participants to others, and a day without use."""
    check_option("target of an export", target, TARGETS)
    if share and target in OF_PARTICIPANTS:
        raise OptionError(
            f"An export to {target} has a row for each participant and is not for others. Leave out the option share, "
            f"or export to one of {', '.join(OF_RESULTS)}."
        )
    if date is not None and target != "dataset-json":
        raise OptionError(f"An export to {target} has no day in it. Leave out the date.")
    return cast(Target, target)


def _contents(
    data: Cohort | ReportRecord[Study], target: str, share: bool, date: str | None
) -> tuple[Mapping[str, str], Mapping[str, pd.DataFrame]]:
    """Return the texts and the tables of an export by the names of their files."""
    if target == "adam":
        return {}, {f"{name.lower()}.csv": frame for name, frame in to_adam(data).items()}
    if target == "dataset-json":
        made = to_dataset_json(data, date=date)
        return {f"{name.lower()}.json": dataset_json_text(content) for name, content in made.items()}, {}
    if isinstance(data, Cohort):
        raise OptionError(f"An export to {target} has the results of a report. {REPORT.remedy}")
    registry = OF_RESULTS[target]
    if registry is None:
        return {"ars.json": ars_text(to_ars(data, share=share))}, {}
    tables = registry_tables(data, registry, share=share)
    return {}, {f"{target}_{name}.csv": frame for name, frame in tables.items()}
