"""`coxa presets`."""

from __future__ import annotations

from typing import Annotated

import typer

from coxa.cli.edge import FOUND, AsJson, Quiet, Verbose, edge, print_json, working


def presets_command(
    name: Annotated[str | None, typer.Argument(help="Preset to compare with simulated data.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the documentation page of all presets.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List the presets (published trials as study files), or compare one with simulated data.

    Example: coxa presets bennell-2014
    """
    with edge(verbose, as_json):
        from coxa.errors import OptionError

        if markdown:
            if name or as_json:
                raise OptionError("`--markdown` prints the page on all presets. Leave out the name and `--json`.")
            from coxa.simulate.presets.document import presets_document

            typer.echo(presets_document(), nl=False)
            return
        if name is None:
            _list(as_json)
            return
        from coxa.simulate.presets import preset
        from coxa.simulate.published import compare_published, comparison_frame

        study = preset(name)
        with working(f"simulating {name}", quiet):
            told = compare_published(study)
        if as_json:
            print_json(comparison_frame(told))
        else:
            from coxa.cli.show_presets import show_preset

            show_preset(name, study, told, quiet)
        if not all(one.within for one in told):
            raise typer.Exit(FOUND)


def _list(as_json: bool) -> None:
    """Print every preset."""
    import pandas as pd

    from coxa.cli.show_presets import COLUMNS, show_presets
    from coxa.simulate.presets import preset_names
    from coxa.simulate.presets.document import preset_row

    rows = [preset_row(name) for name in preset_names()]
    if as_json:
        print_json(pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": int}))
    else:
        show_presets(rows)
