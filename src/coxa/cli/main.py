"""The `coxa` command. Only typer is imported here; each command loads what it needs when it is run."""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from coxa.cli.analyse import analyse_command, report_command
from coxa.cli.audit import audit_command
from coxa.cli.check import check_command
from coxa.cli.checklist import checklist_command, cite_command
from coxa.cli.demo import demo_command, new_command
from coxa.cli.export import export_command
from coxa.cli.flow import flow_command
from coxa.cli.import_files import import_command
from coxa.cli.interim import interim_command
from coxa.cli.lesson import lesson_command
from coxa.cli.lock import lock_command
from coxa.cli.measurement import measurement_command
from coxa.cli.page import page_command
from coxa.cli.pool import pool_command
from coxa.cli.power import power_command
from coxa.cli.presets import presets_command
from coxa.cli.randomise import randomise_command
from coxa.cli.rehearse import rehearse_command
from coxa.cli.schema import schema_command
from coxa.cli.score import score_command
from coxa.cli.selftest import selftest_command
from coxa.cli.simulate import simulate_command
from coxa.cli.trace import compare_command, verify_command, why_command
from coxa.cli.twin import twin_command
from coxa.version import __version__

WrongUse: Any = typer.BadParameter.__base__
"""What typer raises for an option or a command that is missing, unknown or of the wrong kind."""


class Commands(TyperGroup):
    """The commands; wrong use of them is answered as JSON where JSON was asked for."""

    def main(self, args: Sequence[str] | None = None, **options: Any) -> Any:  # type: ignore[override]
        """Run the command that the arguments name; a letter that the console cannot show is printed as its code."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        given = list(sys.argv[1:] if args is None else args)
        if "--json" not in given or not options.pop("standalone_mode", True):
            return super().main(given, **options)
        try:
            code = super().main(given, standalone_mode=False, **options)
        except WrongUse as error:
            typer.echo(json.dumps({"error": error.format_message()}))
            code = error.exit_code
        except typer.Abort:
            code = 1
        sys.exit(code)


app = typer.Typer(
    name="coxa",
    cls=Commands,
    help="Outcomes research in hip and musculoskeletal rehabilitation: one plan file from raw data to report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


GARBAGE = 100_000
"""Objects made before the collector looks for garbage. At Python's 700 it walks through all that the libraries loaded
hundreds of times in a command that ends after seconds, a thirtieth of the time of a report."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"coxa {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[  # noqa: ARG001 - typer answers it before
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    gc.set_threshold(GARBAGE)


app.command("demo")(demo_command)
app.command("new")(new_command)
app.command("import")(import_command)
app.command("presets")(presets_command)
app.command("schema")(schema_command)
app.command("simulate")(simulate_command)
app.command("twin")(twin_command)
app.command("check")(check_command)
app.command("lock")(lock_command)
app.command("interim")(interim_command)
app.command("score")(score_command)
app.command("measurement")(measurement_command)
app.command("randomise")(randomise_command)
app.command("power")(power_command)
app.command("rehearse")(rehearse_command)
app.command("analyse")(analyse_command)
app.command("report")(report_command)
app.command("audit")(audit_command)
app.command("pool")(pool_command)
app.command("page")(page_command)
app.command("export")(export_command)
app.command("flow")(flow_command)
app.command("checklist")(checklist_command)
app.command("cite")(cite_command)
app.command("why")(why_command)
app.command("verify")(verify_command)
app.command("compare")(compare_command)
app.command("lesson")(lesson_command)
app.command("selftest")(selftest_command)


if __name__ == "__main__":
    app()
