"""The estimate of a report of coxa as a study of a meta-analysis."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from coxa.errors import CoxaError, OptionError, not_allowed
from coxa.files import undamaged
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.kinds import kind_of
from coxa.study.pool.studies import ArmData, OwnResult, PooledStudy

AGAIN = "Make it again with `coxa report`."
NUMBERS = ("estimate", "conf_low", "conf_high")
COLUMNS = ("analysis", "visit", "arm", "reference", "statistic", "value")


def own_figures(study: PooledStudy, folder: Path, measure: str) -> tuple[PooledStudy, tuple[str, ...], str]:
    """Return a study with the estimate of a report, notes on which one it is, and its source.

    Raises
    ------
    OptionError
        The file is no results data set, or has no such estimate.
    """
    asked = study.own
    assert asked is not None
    path = Path(asked.results) if Path(asked.results).is_absolute() else folder / asked.results
    rows = _results(path)
    wanted = chosen(rows, asked)
    planned = _planned(path, wanted["analysis"])
    numbers: dict[str, Any] = {"estimate": wanted["estimate"], "interval": (wanted["conf_low"], wanted["conf_high"])}
    for role, name in (("compared", wanted["arm"]), ("reference", wanted["reference"])):
        size = _participants(rows, wanted, name)
        given = getattr(study, role)
        numbers[role] = given or ArmData(n=size)
    kept = study.model_dump(exclude={"own", "compared", "reference"}, exclude_unset=True)
    source = study.source or (f"Own trial: {planned.study.title}" if planned else f"Own trial: {path.name}")
    notes = [f"Analysis {wanted['analysis']}, {wanted['visit']}: {wanted['arm']} less {wanted['reference']}."]
    if "higher_is_better" not in kept and planned is not None:
        numbers["higher_is_better"] = planned.higher_is_better
    if measure == "smd" and "sd" not in kept and (spread := _spread(rows, wanted)):
        numbers["sd"] = spread
        notes.append("The standard deviation is that at the visit, pooled of both arms.")
    return PooledStudy.model_validate({**kept, **numbers, "source": source}), tuple(notes), source


def chosen(rows: pd.DataFrame, asked: OwnResult) -> dict[str, Any]:
    """Return the estimate that is asked for, with its limits and arms.

    Raises
    ------
    OptionError
        There is none, or there are several.
    """
    found = rows[rows["statistic"].isin(NUMBERS) & rows["arm"].ne("") & rows["reference"].ne("")]
    found = found[found["term"].isin(["difference", ""])] if found["term"].isin(["difference"]).any() else found
    for name in ("analysis", "visit", "arm", "reference"):
        allowed = list(dict.fromkeys(found[name]))
        value = getattr(asked, name)
        if value is None and allowed and name in ("analysis", "visit"):
            value = allowed[0]
        if value is None and len(allowed) > 1:
            raise OptionError(f"The results have several: {', '.join(allowed)}. Give `{name}` under `own`.")
        value = value if value is not None else (allowed[0] if allowed else "")
        if value not in allowed:
            raise OptionError(f"own: {not_allowed(name, value, allowed)}")
        found = found[found[name] == value]
    values = found.drop_duplicates("statistic").set_index("statistic")["value"]
    if lacking := [name for name in NUMBERS if name not in values]:
        raise OptionError(f"The results have no {', '.join(lacking)} of this analysis. Choose another under `own`.")
    first = found.iloc[0]
    names = {name: str(first[name]) for name in ("analysis", "visit", "arm", "reference")}
    return {**names, **{name: float(values[name]) for name in NUMBERS}}


def _participants(rows: pd.DataFrame, wanted: dict[str, Any], arm: str) -> int | None:
    """Return the participants of an arm at the visit, where the results have them."""
    for names in (["n_participants"], ["n"]):
        found = rows[
            rows["statistic"].isin(names) & rows["arm"].eq(arm) & rows["visit"].isin([wanted["visit"], ""])
            & rows["analysis"].isin([wanted["analysis"], "flow", "disposition"])
        ]  # fmt: skip
        if len(found):
            return int(found["value"].max())
    return None


def _spread(rows: pd.DataFrame, wanted: dict[str, Any]) -> float | None:
    """Return the standard deviation of the primary outcome at its visit, pooled of both arms; None where it is not."""
    first = rows.loc[rows["reference"].ne(""), "analysis"].iloc[0]
    found = rows[rows["statistic"].eq("sd") & rows["term"].eq("value") & rows["visit"].eq(wanted["visit"])]
    values = [found.loc[found["arm"].eq(wanted[role]), "value"] for role in ("arm", "reference")]
    if wanted["analysis"] != first or any(one.empty for one in values):
        return None
    return math.sqrt(sum(float(one.iloc[0]) ** 2 for one in values) / 2)


def _planned(path: Path, analysis: str) -> PlannedAnalysis | None:
    """Return the analysis of the plan that is kept next to the results; None where none is."""
    try:
        content = json.loads((path.parent / "results.json").read_text(encoding="utf-8"))["plan"]["content"]
        study = kind_of(content).model_validate(content)
    except (CoxaError, OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    return study.planned(analysis) if isinstance(study, ComparativeStudy) and analysis in study.analyses else None


def _results(path: Path) -> pd.DataFrame:
    if path.suffix.lower() != ".parquet":
        raise OptionError(f"{path} is no Parquet file. Give the results.parquet of a report.")
    with undamaged(path, AGAIN):
        rows = pd.read_parquet(path)
    lacking = [name for name in COLUMNS if name not in rows]
    if lacking:
        raise OptionError(f"{path} has no columns {', '.join(lacking)}. Give the results.parquet of a report.")
    return rows.fillna({"analysis": "", "visit": "", "arm": "", "reference": "", "term": "", "statistic": ""})
