"""`coxa schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from coxa.cli.edge import edge


def schema_command(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="What to print: study, audit or pool (JSON Schema of a plan), data (data dictionary), instruments; "
            "the name "
            "of a table, an instrument or a vocabulary (components, exercises, conditions, measures, red_flags); or "
            "words to find.",
            show_default="study",
        ),
    ] = None,
) -> None:
    """Print the schema of plans, the data dictionary, instruments or vocabularies, or what a word means.

    Example: coxa schema trochanteric bursitis
    """
    with edge():
        from coxa.errors import OptionError

        first, *more = what or ["study"]
        if first in ("study", "audit", "pool") and more:
            raise OptionError(f"There is one schema for all {first} files. Leave out '{' '.join(more)}'.")
        if first == "study":
            from coxa.study.describing.document import study_schema

            typer.echo(study_schema(), nl=False)
        elif first == "audit":
            from coxa.study.describing.audit_document import audit_schema

            typer.echo(audit_schema(), nl=False)
        elif first == "pool":
            from coxa.study.describing.pool_document import pool_schema

            typer.echo(pool_schema(), nl=False)
        elif first in ("data", "instruments") and not more:
            from coxa.cohort.document import dictionary_document
            from coxa.instruments.document import instruments_document

            typer.echo(dictionary_document() if first == "data" else instruments_document(), nl=False)
        else:
            from coxa.cli.show_schema import show_named, show_words

            if first in ("data", "instruments"):
                show_named(first, " ".join(more))
            else:
                show_words(" ".join([first, *more]))
