"""How findings and estimates look in a terminal."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from coxa.findings import Findings
    from coxa.report.record import ReportRecord
    from coxa.study.comparative import ComparativeStudy, PlannedAnalysis

COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}
SHOWN = 40


def console(to_stderr: bool = False) -> Console:
    """Return a console that uses at least 100 columns when it is not a terminal."""
    found = Console(stderr=to_stderr)
    return found if found.is_terminal else Console(stderr=to_stderr, width=max(found.width, 160))


def show_findings(findings: Findings, to_stderr: bool = False) -> None:
    """Print findings as a table, one line per kind with its rows, the first forty of them."""
    if not findings:
        return
    shown = findings.folded()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("severity", "where", "field", "found", "fault and remedy"):
        table.add_column(name, overflow="fold")
    for item in shown.items[:SHOWN]:
        table.add_row(
            Text(item.severity, style=COLOURS[item.severity]),
            Text(" ".join(part for part in item.place() if part)),
            Text(item.field or ""),
            Text(item.value or ""),
            Text(f"{item.rule[:1].upper()}{item.rule[1:]}. {item.remedy}"),
        )
    out = console(to_stderr)
    out.print(table)
    if len(shown) > SHOWN:
        out.print(f"... and {len(shown) - SHOWN} more; `--out` or `--json` gives all of them")
    elif len(shown) < len(findings):
        out.print("Like findings are one line here; `--out` or `--json` lists every row.")


def show_comparisons(report: ReportRecord) -> None:
    """Print every planned comparison with its interval, and what its model warns of."""
    from coxa.report.analyse import primary_rows
    from coxa.report.topics.analyses.sentences import verdict_sentences

    study = report.study
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("analysis", "outcome", "visit", "comparison"):
        table.add_column(name, overflow="fold")
    for name in ("estimate", "95% CI", "df", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    important = {planned.name: planned.important for planned in study.planned_analyses}
    if any(important.values()):
        table.add_column("important difference", overflow="fold")
    said: dict[tuple[str, str], None] = {}
    for row in primary_rows(report).to_dict("records"):
        said |= dict.fromkeys((row["analysis"], text) for text in str(row["warning"] or "").split("; ") if text)
        table.add_row(
            row["analysis"],
            f"{study.label('outcomes', row['outcome'])} ({study.planned(row['analysis']).direction})",
            study.label("visits", row["visit"]) if row["visit"] else _course(row["term"]),
            compared(study, row),
            *_numbers(row),
            *([_against(study.planned(row["analysis"]), row)] if any(important.values()) else []),
        )
    out = console()
    for planned in study.planned_analyses:
        for text in verdict_sentences(report, planned):
            out.print(Text(str(text)), soft_wrap=True)
    out.print(table)
    for words in dict.fromkeys(f"important difference: the {each.amount} ({each.source})"
                               for each in important.values() if each):  # fmt: skip
        out.print(Text(words), soft_wrap=True)
    for analysis, warning in said:
        out.print(Text(f"warning on {analysis}: {warning}", style=COLOURS["warning"]))


def compared(study: ComparativeStudy, row: Mapping[Hashable, Any]) -> str:
    """Return "Exercise - Usual care" for a difference, and with its name for any other comparison."""
    arm, reference = (study.label("arms", row[side]) for side in ("arm", "reference"))
    effect = study.planned(str(row["analysis"])).effect
    if row["term"] != effect.term or effect.scale in ("units", "points"):
        return f"{arm} - {reference}"
    return f"{arm} against {reference}, {effect.words}"


def _against(planned: PlannedAnalysis, row: Mapping[Hashable, Any]) -> str:
    """Return how a difference at a visit compares with the important one; empty where there is none."""
    important = planned.important
    if important is None or row["term"] != (planned.effect.term if important.is_ratio else "difference"):
        return ""
    from coxa.study.important import compared_with

    size, interval = compared_with(important, row["estimate"], row["conf_low"], row["conf_high"])
    return f"{size} {important.number(row['estimate'])}, {interval}"


def _course(term: str) -> str:
    """Return "average over visits" for a comparison that has no visit of its own."""
    return f"{term.removeprefix('difference_in_')} over visits"


def _numbers(row: Mapping[Hashable, Any]) -> tuple[str, str, str, str]:
    import pandas as pd

    scale, unit = (100.0, "%") if row["term"] == "risk_difference" else (1.0, "")
    low, high = row["conf_low"] * scale, row["conf_high"] * scale
    df = "" if pd.isna(row["df"]) else f"{row['df']:.1f}"
    p = row["p_value"]
    shown = "" if pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
    return f"{row['estimate'] * scale:.2f}{unit}", f"{low:.2f} to {high:.2f}", df, shown


def show_counts(counts: pd.DataFrame) -> None:
    """Print how many rows, values or participants entered each step and what became of them."""
    from coxa.cohort.disposition import COUNT_COLUMNS

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("step", "table", "file", "counted"):
        table.add_column(name, overflow="fold")
    for name in ("entered", "kept", "empty", "left out"):
        table.add_column(name, justify="right")
    for row in counts[list(COUNT_COLUMNS)].fillna("").astype(str).to_numpy().tolist():
        table.add_row(*row)
    console().print(table)


def show_scores(scores: pd.DataFrame, rows: int) -> None:
    """Print the first scores."""
    columns = ["participant_id", "visit", "scale", "value", "items_answered", "items_expected", "rule", "reason"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name)
    shown = scores[columns].head(rows)
    shown = shown.assign(value=shown["value"].map("{:.1f}".format, na_action="ignore"))
    for row in shown.astype("object").fillna("").astype(str).to_numpy().tolist():
        table.add_row(*row)
    console().print(table)
    if len(scores) > rows:
        console().print(f"... and {len(scores) - rows} more")
