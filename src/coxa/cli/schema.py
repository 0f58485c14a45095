"""`coxa schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from coxa.cli.edge import edge


def schema_command(
    what: Annotated[
        str, typer.Argument(help="study (JSON Schema of study.yaml), data (data dictionary) or instruments.")
    ] = "study",
) -> None:
    """Print the JSON Schema of study files, the data dictionary, or the list of instruments."""
    with edge():
        from coxa.errors import check_option

        check_option("schema", what, ["study", "data", "instruments"])
        if what == "study":
            from coxa.study.json_schema import study_schema

            typer.echo(study_schema(), nl=False)
        elif what == "data":
            from coxa.cohort.document import dictionary_document

            typer.echo(dictionary_document(), nl=False)
        else:
            from coxa.instruments import instruments_document

            typer.echo(instruments_document(), nl=False)
