"""The data of a running trial without its allocation: who came when, with what, whatever the arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.errors import DataError
from coxa.findings import Findings
from coxa.frames import Frame
from coxa.study.comparative import ComparativeStudy

ARMS = ("arm", "arm_received")
"""Columns that tell the allocation; they are never read."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Rows of each estimand, with every participant in the reference arm, and what was found in the data.

    rows     : estimand -> rows as `coxa.derive.AnalysisDataset.frame` has them; `arm` is the reference arm everywhere
    findings : warnings and notes
    sha256   : data file -> hash of its bytes
    """

    rows: dict[str, pd.DataFrame]
    findings: Findings
    sha256: dict[str, str]


def blind(study: ComparativeStudy) -> ComparativeStudy:
    """Return the plan with no word of where the allocation is: everybody is in the reference arm.

    Raises
    ------
    DataError
        The plan does not say where the data are.
    """
    if study.data is None or "participants" not in study.data.tables:
        raise DataError("the plan does not say where the data are; add `data:`", Findings(()))
    tables = {
        name: source.model_copy(
            update={
                "columns": {key: column for key, column in source.columns.items() if key not in ARMS},
                "values": {key: codes for key, codes in source.values.items() if key not in ARMS},
                "constants": {key: value for key, value in source.constants.items() if key not in ARMS}
                | ({"arm": study.reference_arm} if name == "participants" else {}),
            }
        )
        for name, source in study.data.tables.items()
    }
    corrections = tuple(one for one in study.data.corrections if one.field not in ARMS)
    data = study.data.model_copy(update={"tables": tables, "corrections": corrections, "ignore_unlisted": True})
    return study.model_copy(update={"data": data})


def read_skeleton(
    study: ComparativeStudy, data: str | Path | Mapping[str, Frame] | None, estimands: list[str]
) -> Skeleton:
    """Read the data of a plan without its allocation.

    Raises
    ------
    DataError
        The data have errors beside those about arms.
    """
    cohort = read_cohort(blind(study), data)
    clusters = {factor for analysis in study.analyses.values() for factor in analysis.factors}
    blind_to = {*ARMS, *clusters}  # findings about these mean nothing where everybody has the same arm
    errors = Findings(tuple(item for item in cohort.findings.errors if item.field not in blind_to))
    if errors:
        raise DataError(f"the data of {study.study} have {len(errors)} error(s)", errors)
    rows = {name: derive_dataset(cohort, name).frame for name in estimands}
    return Skeleton(rows, cohort.findings.warnings, {source.name: source.sha256 for source in cohort.sources})
