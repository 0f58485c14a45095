"""The files of a power simulation (table, record and figure) and of a rehearsal (tables and record)."""

from __future__ import annotations

import contextlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from coxa.errors import OptionError
from coxa.figures.power_curve import plot_power
from coxa.files import save, whole_run
from coxa.report.output.csv_files import write_csv
from coxa.version import __version__

if TYPE_CHECKING:
    from coxa.design.by_simulation.rehearsal import Rehearsal
    from coxa.design.by_simulation.search import SampleSize
    from coxa.design.by_simulation.simulated import SimulatedPower


def power_files(found: SimulatedPower, answer: SampleSize | None, out: Path, target: float | None = None) -> list[Path]:
    """Write `power.csv`, `power.json` and, where the lines can be told apart, `power.svg` and `power.html`."""
    told = {
        **found.inputs,
        "truth": found.how_true,
        "failures": found.failures.to_dict("records"),
    }
    if answer is not None:
        told |= {"n": answer.n, "n_interval": [answer.low, answer.high], "decided_by": answer.decided_by}
    with whole_run(out) as part:
        written = [
            write_csv(found.frame, part / "power.csv"),
            save(part / "power.json", json.dumps(told, indent=1, default=str) + "\n"),
        ]
        with contextlib.suppress(OptionError):
            figure = plot_power(found.frame, target=target)
            written += [
                save(part / "power.svg", figure.svg()),
                save(part / "power.html", figure.chart.to_html(inline=True)),
            ]
    return [out / path.name for path in written]


def rehearsal_files(found: Rehearsal, out: Path) -> list[Path]:
    """Write `estimands.csv`, `comparisons.csv` and `rehearsal.json`: verdicts, what they rest on, and the record."""
    tables = {"estimands.csv": found.by_estimand, "comparisons.csv": found.frame}
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
    with whole_run(out) as part:
        written = [write_csv(table, part / name) for name, table in tables.items()]
        written.append(save(part / "rehearsal.json", json.dumps(told, indent=1, default=str) + "\n"))
    return [out / path.name for path in written]
