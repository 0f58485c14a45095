"""The files of a power simulation (table, record and figure) and of a rehearsal (tables and record)."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from coxa import __version__
from coxa.errors import OptionError
from coxa.figures.power_curve import plot_power

if TYPE_CHECKING:
    from coxa.design.by_simulation.record import SimulatedPower
    from coxa.design.by_simulation.rehearsal import Rehearsal
    from coxa.design.by_simulation.search import SampleSize


def power_files(found: SimulatedPower, answer: SampleSize | None, out: Path, target: float | None = None) -> list[Path]:
    """Write `power.csv`, `power.json` and, where the lines can be told apart, `power.svg` and `power.html`."""
    out.mkdir(parents=True, exist_ok=True)
    found.frame.to_csv(out / "power.csv", index=False, lineterminator="\n")
    told = {
        **found.inputs,
        "truth": found.how_true,
        "failures": found.failures.to_dict("records"),
    }
    if answer is not None:
        told |= {"n": answer.n, "n_interval": [answer.low, answer.high], "decided_by": answer.decided_by}
    record = out / "power.json"
    record.write_text(json.dumps(told, indent=1, default=str) + "\n", encoding="utf-8")
    written = [out / "power.csv", record]
    try:
        figure = plot_power(found.frame, target=target)
    except OptionError:
        return written
    (out / "power.svg").write_text(figure.svg(), encoding="utf-8")
    (out / "power.html").write_text(figure.chart.to_html(inline=True), encoding="utf-8")
    return [*written, out / "power.svg", out / "power.html"]


def rehearsal_files(found: Rehearsal, out: Path) -> list[Path]:
    """Write `estimands.csv`, `comparisons.csv` and `rehearsal.json`: verdicts, what they rest on, and the record."""
    out.mkdir(parents=True, exist_ok=True)
    tables = {"estimands.csv": found.by_estimand, "comparisons.csv": found.frame}
    for name, table in tables.items():
        table.to_csv(out / name, index=False, lineterminator="\n")
    told = {
        **found.inputs,
        "participants": found.n,
        "verdict": found.verdict,
        "estimands": found.estimands,
        "left_out": list(found.left_out),
        "failures": found.failures.to_dict("records"),
        "allocation": "not read",
        "versions": {"coxa": __version__, "python": platform.python_version(), "numpy": version("numpy"),
                     "pandas": version("pandas"), "scipy": version("scipy")},
    }  # fmt: skip
    record = out / "rehearsal.json"
    record.write_text(json.dumps(told, indent=1, default=str) + "\n", encoding="utf-8")
    return [*(out / name for name in tables), record]
