"""`coxa twin`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, HeaderRow, MaxCells, Quiet, SheetName, Verbose, check_there, edge, print_json, working

if TYPE_CHECKING:
    import pandas as pd


def twin_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel, Parquet, SPSS, Stata or SAS file.")],
    out: Annotated[Path, typer.Option("--out", help="File for the twin, .csv or .parquet; must not be there yet.")],
    participant: Annotated[str, typer.Option("--participant", help="Column of the participant.")] = "participant_id",
    visit: Annotated[
        str | None, typer.Option("--visit", help="Column of the visit, if there is a row for each.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same twin.")] = 1,
    sheet: SheetName = None,
    header_row: HeaderRow = None,
    max_cells: MaxCells = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw a synthetic twin of a table: its distributions, correlations and gaps, and nobody's row."""
    with edge(verbose, as_json):
        from coxa.cohort.readers.raw import ReadOptions
        from coxa.cohort.whole import read_whole, without_declared
        from coxa.errors import OptionError, check_option
        from coxa.files import save_parquet
        from coxa.report.csv_files import write_csv
        from coxa.simulate.twin import synthetic_twin

        options = ReadOptions(sheet=sheet, header_row=tuple(header_row or ()) or None, max_cells=max_cells)
        check_there(file)
        check_option("ending of --out", out.suffix.lower(), (".csv", ".parquet"))
        if out.exists():
            raise OptionError(f"{out} is there already; name another file")
        with working(f"drawing a twin of {file}", quiet):
            frame = without_declared(read_whole(file, options))
            found = synthetic_twin(typed(frame), seed=seed, participant=participant, visit=visit)
        if out.suffix.lower() == ".parquet":
            save_parquet(found.data, out)
        else:
            write_csv(found.data, out)
        near = found.disclosure
        if as_json:
            import pandas as pd

            facts = {"rows": near.rows, "exact": near.exact, "nearer": near.nearer, "median_ratio": near.median_ratio}
            print_json(pd.DataFrame([facts | {"left_empty": ", ".join(found.blank), "file": str(out)}]))
        elif not quiet:
            typer.echo(
                f"{near.rows} synthetic participants; {near.exact} repeat a row of the original, {near.nearer} are "
                "nearer to one than that is to its own nearest neighbour"
            )
            typer.echo(f"distance from the nearest original over its own nearest neighbour's: {near.median_ratio:.2f}")
            if found.blank:
                typer.echo(f"left empty as free text: {', '.join(found.blank)}")
            typer.echo(f"twin: {out}")


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return text columns as numbers, or as dates written year first, where all of their values are."""
    import pandas as pd

    found = frame.replace("", None)
    for name in found.columns:
        values = found[name].dropna()
        if not len(values) or not pd.api.types.is_string_dtype(values.astype("str").dtype):
            continue
        numbers = pd.to_numeric(values, errors="coerce")
        dates = pd.to_datetime(values.astype("str"), format="%Y-%m-%d", errors="coerce")
        if numbers.notna().all():
            found[name] = pd.to_numeric(found[name])
        elif dates.notna().all():
            found[name] = pd.to_datetime(found[name], format="%Y-%m-%d")
    return found
