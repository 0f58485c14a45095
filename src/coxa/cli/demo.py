"""`coxa demo` and `coxa new`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.analyse import run, texts_by_size, write
from coxa.cli.edge import OutPath, Quiet, Verbose, edge
from coxa.errors import OptionError, check_known
from coxa.files import is_empty, save
from coxa.study.examples import KNOWN, demo_files, write_example

if TYPE_CHECKING:
    from coxa.report.report import Report
    from coxa.study.plan import Study

ASKED = "T4.r1.c2"
"""Address of a number of the demonstration: the difference of the primary analysis."""


def demo_command(out: OutPath = Path("coxa-demo"), quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Analyse a small synthetic hip osteoarthritis trial and write its report.

    Example: coxa demo --out demo
    """
    with edge(verbose):
        from coxa.figures.renderer import second_process
        from coxa.study import read_study

        with second_process():
            plan = read_study(demo_files() / "analyses" / "hip_oa_trial" / "study.yaml")
            with texts_by_size(plan, None):
                report = run(plan, None, quiet)
                (page,) = write(report, out, quiet)
        if not quiet:
            _show_answer(report)
        _show_next(page)


def _show_answer(report: Report[Study]) -> None:
    """Print the question of the trial and its answer, as page one of the report has them."""
    from coxa.report.document import Paragraph
    from coxa.report.record import compares
    from coxa.report.topics.answer.section import answer_section

    typer.echo("A trial of made data (synthetic_data/hip_oa_trial), whose true effects are known.\n")
    blocks = answer_section(report).blocks if compares(report) else ()
    for block in blocks:
        if isinstance(block, Paragraph):
            typer.echo(str(block.text))
    n = len(report.findings.warnings.folded())
    typer.echo(f"\nThe report has all analyses and figures, and {n} kinds of faults in the data. Open it in a browser.")


def _show_next(page: Path) -> None:
    """Print where the report is, and what can be done next."""
    command = os.environ.get("COXA_COMMAND", "coxa")
    typer.echo(f"report: {page}")
    typer.echo("next:")
    steps = {
        f"why {page} --cell {ASKED}": "where a number comes from",
        "new my-trial": "a plan of your own to change, with example data",
        "import YOUR-FILES": "a plan proposed from your export",
    }
    for words, why in steps.items():
        typer.echo(f"  {command} {words:<{max(map(len, steps))}}  {why}")


def new_command(
    folder: Annotated[Path, typer.Argument(help="Folder to create.")] = Path("my-trial"),
    template: Annotated[
        str | None, typer.Option("--template", help="Example to start from: parallel-trial or audit.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Published trial to start from; `coxa presets` lists them.")
    ] = None,
) -> None:
    """Start a study or an audit from a commented plan with example data, or a study from a published trial.

    Example: coxa new my-audit --template audit
    """
    with edge():
        if template is not None and preset is not None:
            raise OptionError("There are a template and a preset. Keep one of `--template` and `--preset`.")
        if preset is not None:
            _from_preset(folder, preset)
            return
        template = template or "parallel-trial"
        check_known("template", template, sorted(KNOWN))
        _refuse_existing(folder)
        _from_template(folder, template)


def _refuse_existing(folder: Path) -> None:
    """Raise `OptionError` where a folder has something in it."""
    if not is_empty(folder):
        raise OptionError(f"{folder} exists and is not empty. Name another folder.")


def _from_template(folder: Path, name: str) -> None:
    """Copy the plan of a template and its example data, and say what can be done with them."""
    one = KNOWN[name]
    plan, command = write_example(folder, name), os.environ.get("COXA_COMMAND", "coxa")
    typer.echo(f"wrote {plan} and {folder / 'data'}; now try:")
    for words in one.next:
        typer.echo(f"  {command} {words.format(plan=plan, folder=folder / 'out')}")


def _from_preset(folder: Path, name: str) -> None:
    """Copy the study file of a preset."""
    from coxa.simulate.presets import preset_bytes

    text = preset_bytes(name)
    _refuse_existing(folder)
    save(folder / "study.yaml", text)
    typer.echo(f"wrote {folder / 'study.yaml'}; it has no data yet, now try:")
    command = os.environ.get("COXA_COMMAND", "coxa")
    trial = folder / "simulated"
    typer.echo(f"  {command} simulate {folder / 'study.yaml'} --out {trial}")
    typer.echo(f"  {command} report {trial / 'study.yaml'} --out {folder / 'out'}")
