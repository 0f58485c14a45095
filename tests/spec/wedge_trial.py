"""Plans of clusters in periods, and their rows, for tests."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of

PERIODS = ("q1", "q2", "q3", "q4", "q5")
WEDGE = {f"s{step}": step + 1 for step in (1, 2, 3, 4)}
TWICE = {"ab": ["usual", "new", "usual", "new"], "ba": ["new", "usual", "new", "usual"]}


def wedge(*, cohort: bool = False, sequences: dict[str, list[str]] | None = None, **more: Any) -> dict[str, Any]:
    """Return the plan of a stepped wedge, or of a cluster crossover with these sequences, as data."""
    order = list(PERIODS if sequences is None else PERIODS[: len(next(iter(sequences.values())))])
    periods: dict[str, Any] = {
        "treatments": {"usual": "Usual care", "new": "New care"},
        "visits" if cohort else "calendar": order,
    }
    periods |= {"crosses": dict(WEDGE)} if sequences is None else {"sequences": sequences}
    visits: dict[str, Any] = {"baseline": {"day": 0}, "week_12": {"day": 84}}
    if cohort:
        visits = {"baseline": {"day": 0}, **{name: {"day": 90 * k} for k, name in enumerate(order, 1)}}
    plan: dict[str, Any] = {
        "study": "wedge",
        "title": "Clusters in periods",
        "design": "stepped_wedge" if sequences is None else "cluster_crossover",
        "arms": {name: {"label": name} for name in (sequences or WEDGE)},
        "periods": periods,
        "visits": visits,
        "outcomes": {"pain": {"range": [0, 100], "unit": "points", "higher_is_better": False}},
        "estimands": {
            "pain": {
                "treatment": {"compare": "new", "against": "usual"},
                "endpoint": {"outcome": "pain", "measure": "value", "visit": order if cohort else "week_12"},
            }
        },
        "analyses": {"main": {"estimand": "pain", "role": "primary", "model": "cluster_periods"}},
    }
    return plan | more


def analysed(
    data: pd.DataFrame, *, cohort: bool = False, sequences: dict[str, list[str]] | None = None, **options: Any
) -> pd.DataFrame:
    """Return every number of the analysis of rows with participant_id, site_id, arm, period and value."""
    plan = wedge(cohort=cohort, sequences=sequences)
    if "age" in options.get("adjust", ()):
        plan["covariates"] = {"age": {"type": "number"}}
    plan["analyses"]["main"] |= options
    study = study_of(plan)
    assert isinstance(study, ComparativeStudy)
    visit = data["period"] if cohort else "week_12"
    rows = data.assign(visit=visit).astype({"arm": "category", "visit": "category", "site_id": "category"})
    _, found, _ = run_analysis(study, "main", study.analyses["main"], SimulatedRows(rows, "value"))
    return found.frame
