"""How a power simulation looks in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from coxa.cli.show import compared, console
from coxa.study.comparative import ComparativeStudy

if TYPE_CHECKING:
    from coxa.design.by_simulation.rehearsal import Rehearsal
    from coxa.design.by_simulation.search import SampleSize
    from coxa.design.by_simulation.simulated import SimulatedPower

HEAD = ("analysis", "comparison", "n", "power", "truth", "bias", "coverage", "type S", "type M", "width", "no number",
        "fallback")  # fmt: skip

VERDICT_COLOURS = {"PASS": "green", "RISK": "yellow", "FAIL": "red"}


def show_power(study: ComparativeStudy, found: SimulatedPower, answer: SampleSize | None, quiet: bool) -> None:
    """Print one row per comparison, setting and number, each share with its Monte Carlo error."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    varied = bool(found.frame["setting"].ne("").any())
    for place, name in enumerate((*HEAD[:2], *(["setting"] if varied else []), *HEAD[2:])):
        table.add_column(name, justify="left" if place < 2 + varied else "right", overflow="fold", no_wrap=place > 1)
    for row in found.frame.to_dict("records"):
        scale, unit = (100.0, "%") if row["term"] == "risk_difference" else (1.0, "")
        when = f" at {study.label('visits', row['visit'])}" if row["visit"] else f", {row['term']}"
        cells = [
            row["analysis"],
            f"{compared(study, row)}{when}",
            *([row["setting"]] if varied else []),
            str(row["n"]),
            _with_error(row["power"], row["power_error"], 100.0, "%", 1),
            _number(row["truth"], scale, unit),
            _with_error(row["bias"], row["bias_error"], scale, unit, 2),
            _with_error(row["coverage"], row["coverage_error"], 100.0, "%", 1),
            _number(row["type_s"], 100.0, "%"),
            _number(row["type_m"]),
            _number(row["width"], scale, unit),
            _number(1.0 - row["converged"], 100.0, "%", 1),
            _number(row["fallback"], 100.0, "%", 1),
        ]
        table.add_row(*(Text(cell) for cell in cells))
    out.print(table)
    if answer is not None:
        out.print(Text(answer.as_text(), style="bold"), soft_wrap=True)
    if quiet:
        return
    counts = sorted(set(found.frame["replicates"]))
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    out.print(Text(f"{many} trials each, seed {found.inputs['seed']}; +- is the Monte Carlo standard error; n counts "
                   "all arms"), soft_wrap=True)  # fmt: skip
    for row in found.failures.to_dict("records"):
        where = f" ({row['setting']})" if row["setting"] else ""
        said = f"{row['analysis']}, n {row['n']}{where}: no number in {row['replicates']} trials: {row['problem']}"
        out.print(Text(said, style="yellow"), soft_wrap=True)


def show_rehearsal(study: ComparativeStudy, found: Rehearsal, quiet: bool) -> None:
    """Print the verdict on every comparison and what it hangs on, and why rehearsals had no number."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("verdict", "decided by", "analysis", "comparison"):
        table.add_column(name, overflow="fold")
    for name in ("power", "coverage", "no number", "fallback"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.frame.to_dict("records"):
        when = f" at {study.label('visits', row['visit'])}" if row["visit"] else f", {row['term']}"
        table.add_row(
            Text(row["verdict"], style=VERDICT_COLOURS[row["verdict"]]),
            Text(row["decided_by"] if row["verdict"] != "PASS" else ""),
            Text(row["analysis"]),
            Text(f"{compared(study, row)}{when}"),
            Text(_with_error(row["power"], row["power_error"], 100.0, "%", 1)),
            Text(_with_error(row["coverage"], row["coverage_error"], 100.0, "%", 1)),
            Text(_number(1.0 - row["converged"], 100.0, "%", 1)),
            Text(_number(row["fallback"], 100.0, "%", 1)),
        )
    out.print(table)
    for estimand, verdict in found.estimands.items():
        out.print(Text(f"{verdict}  estimand {estimand}", style=f"bold {VERDICT_COLOURS[verdict]}"))
    if quiet:
        return
    wanted = found.inputs["power"] if found.inputs["effect"] else None
    limits = [
        *([f"power {wanted:.0%}"] if wanted else []),
        "coverage at most 2.5 points short",
        "no number in at most 1%",
    ]
    said = f"{found.inputs['replicates']} rehearsals with {found.n} participants, seed {found.inputs['seed']}; "
    said += f"wanted: {', '.join(limits)}; +- is the Monte Carlo standard error; the allocation was not read"
    out.print(Text(said), soft_wrap=True)
    if "RISK" in set(found.frame["verdict"]):
        out.print(Text("RISK: the rehearsals do not tell; more --replicates may, unless it is a fallback"))
    if found.left_out:
        why = "of no score, or by a set or a dose that depends on the arm"
        out.print(Text(f"not rehearsed, {why}: {', '.join(found.left_out)}"))
    for row in found.failures.to_dict("records"):
        text = f"{row['analysis']}: no number in {row['replicates']} rehearsals: {row['problem']}"
        out.print(Text(text, style="yellow"), soft_wrap=True)


def _number(value: float, scale: float = 1.0, unit: str = "", digits: int = 2) -> str:
    return "" if math.isnan(value) else f"{value * scale:.{digits}f}{unit}"


def _with_error(value: float, error: float, scale: float, unit: str, digits: int) -> str:
    if math.isnan(value):
        return ""
    return f"{value * scale:.{digits}f}{unit} +- {error * scale:.{digits}f}"
