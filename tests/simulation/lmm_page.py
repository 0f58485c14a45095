"""The page of docs that says what the simulation of random effects found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Line = Mapping[str, Any]

SHORT = {"satterthwaite": "Satterthwaite", "kenward-roger-linear": "KR linear", "kenward-roger": "KR"}
"""Methods as they head a column."""
CELLS = {
    "nested": {"therapists": "therapists", "icc": "ICC"},
    "clusters": {"clinics": "clinics per arm", "icc": "ICC"},
    "slopes": {"participants": "participants", "slope_sd": "SD of slopes"},
    "diary": {"participants": "participants"},
}
"""What tells the cells of a part apart, and how it heads a column."""


def page(run: Mapping[str, Any]) -> str:
    """Return the results of `tests.simulation.lmm_size.everything` as a page of documentation."""
    results: list[Line] = run["results"]
    tables = {f"{part}_{value}": by_method(results, part, value) for part in CELLS for value in ("rejected", "power")}
    tables |= {f"{part}_variance": variances(results, part) for part in ("nested", "clusters")}
    n = run["replicates"]
    counts = [each for each in results if each["part"] == "intervals"]
    return PAGE.format(
        **tables,
        intervals=intervals(counts),
        replicates=f"{n:,}",
        profiles=f"{max(each['fitted'] for each in counts):,}",
        boots=f"{min(each['fitted'] for each in counts):,}",
        draws=run["draws"],
        seed=run["seed"],
        minutes=f"{run['minutes']:.0f}",
        error=f"{100 * np.sqrt(0.05 * 0.95 / n):.2f}",
    )


def of_part(results: Sequence[Line], part: str) -> list[tuple[dict[str, Any], list[Line]]]:
    """Return the cells of a part with their lines, in order."""
    found: dict[tuple[Any, ...], list[Line]] = {}
    for each in results:
        if each["part"] == part:
            found.setdefault(tuple(each[key] for key in CELLS[part]), []).append(each)
    return [(dict(zip(CELLS[part].values(), key, strict=True)), lines) for key, lines in found.items()]


def by_method(results: Sequence[Line], part: str, value: str) -> str:
    """Return a table with a row for each cell and a column for each method, of what was rejected or of the power."""
    rows = []
    for cell, lines in of_part(results, part):
        own = {
            heading(each["method"]): f"{each[value]:.1f} ± {each['error']:.1f}"
            if value == "rejected"
            else f"{each[value]:.0f}"
            for each in lines
        }
        failed = {"not fitted": sum(each["failed"] for each in lines if each["method"] == lines[-1]["method"])}
        rows.append({**cell, **own, **(failed if value == "rejected" else {})})
    return markdown(rows)


def heading(method: str) -> str:
    """Return a method's name as it heads a column."""
    label, _, rest = method.rpartition(": ")
    ddf, _, information = rest.partition(", ")
    return label or f"{SHORT.get(ddf, ddf)} {information}".strip()


def variances(results: Sequence[Line], part: str) -> str:
    """Return a table of a factor's variance by cell, and of what was rejected where it was estimated at zero."""
    rows = []
    for cell, lines in of_part(results, part):
        own = {each["method"]: each for each in lines if "mean" in each}
        first = next(iter(own.values()))
        row = {
            **cell,
            "planted": f"{first['planted']:.1f}",
            "mean of estimates": f"{first['mean']:.1f} ± {first['mean_error']:.1f}",
            "at zero, %": f"{first['zero']:.0f}",
        }
        rows.append({**row, **{f"then rejected: {heading(name)}": at_zero(each) for name, each in own.items()}})
    return markdown(rows)


def at_zero(each: Line) -> str:
    """Return the percentage rejected among fits at the boundary, with its Monte Carlo error."""
    counted = each["zero"] / 100 * each["fitted"]
    if counted < 1 or not np.isfinite(each["low"]):
        return "–"
    share = each["low"] / 100
    return f"{each['low']:.1f} ± {100 * np.sqrt(share * (1 - share) / counted):.1f}"


def intervals(counts: Sequence[Line]) -> str:
    """Return the table of the intervals of variances."""
    words = {"sd[therapist: Intercept]": "SD", "icc[therapist]": "ICC"}
    rows = [
        {
            "therapists": each["therapists"],
            "ICC": each["icc"],
            "interval": f"{each['method']} of {words[each['name']]}",
            "covered": f"{each['covered']:.1f} ± {each['error']:.1f}",
            "wholly below": f"{each['below']:.1f}",
            "wholly above": f"{each['above']:.1f}",
            "without an end": f"{each['without']:.1f}",
            "upper end / truth": f"{each['upper']:.2f}",
            "intervals": each["fitted"],
        }
        for each in counts
    ]
    return markdown(rows)


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table in Markdown."""
    table = pd.DataFrame(rows).astype(object)
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


PAGE = """# Size, power and coverage with random effects

Written by `python -m tests.simulation.lmm_size --write docs/methods/random-effects-size.md` (`nox -s simulation`),
{replicates} replicates of a cell, seed {seed}, {minutes} minutes.

{nested_rejected}

{nested_power}

{nested_variance}

{clusters_rejected}

{clusters_power}

{clusters_variance}

{slopes_rejected}

{slopes_power}

{diary_rejected}

{diary_power}

{intervals}
"""
