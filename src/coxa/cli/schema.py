"""`coxa schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from coxa.cli.edge import edge


def schema_command(
    what: Annotated[
        str,
        typer.Argument(
            help="What to print: study or audit (JSON Schema of a plan), data (data dictionary) or instruments."
        ),
    ] = "study",
    name: Annotated[
        str | None, typer.Argument(help="Table of the data dictionary, or instrument; all by default.")
    ] = None,
) -> None:
    """Print the JSON Schema of study files or of audit files, the data dictionary, or the instruments.

    Example: coxa schema instruments hoos
    """
    with edge():
        from coxa.errors import OptionError, check_known

        check_known("schema", what, ["study", "audit", "data", "instruments"])
        if what in ("study", "audit") and name:
            raise OptionError(f"There is one schema for all {what} files. Leave out '{name}'.")
        if name:
            from coxa.cli.show_schema import show_instrument, show_table

            show_instrument(name) if what == "instruments" else show_table(name)
        elif what == "study":
            from coxa.study.describing.document import study_schema

            typer.echo(study_schema(), nl=False)
        elif what == "audit":
            from coxa.study.describing.audit_document import audit_schema

            typer.echo(audit_schema(), nl=False)
        elif what == "data":
            from coxa.cohort.document import dictionary_document

            typer.echo(dictionary_document(), nl=False)
        else:
            from coxa.instruments.document import instruments_document

            typer.echo(instruments_document(), nl=False)
