"""`coxa twin`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, HeaderRow, MaxCells, Quiet, SheetName, Verbose, check_there, edge, print_json, working

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".parquet")


def twin_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="CSV, Excel, Parquet, SPSS, Stata or SAS files of one study."),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help="New file for the twin (.csv or .parquet); a new folder for several files."),
    ],
    participant: Annotated[str, typer.Option("--participant", help="Column of the participant.")] = "participant_id",
    visit: Annotated[
        str | None, typer.Option("--visit", help="Column of the visit, if there is a row for each visit.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed; the same seed gives the same twin.")] = 1,
    sheet: SheetName = None,
    header_row: HeaderRow = None,
    max_cells: MaxCells = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw a synthetic twin with the distributions, correlations and gaps of the data, without copying any row.

    Several files of one study are drawn together: a participant has the same new identifier in all of them.

    Example: coxa twin data/participants.csv --out twin.csv
    """
    with edge(verbose, as_json):
        from coxa.cohort.readers.raw import ReadOptions
        from coxa.cohort.whole import read_whole, without_declared
        from coxa.files import whole_run
        from coxa.report.output.csv_files import write_table
        from coxa.simulate.twin import synthetic_twins

        options = ReadOptions(sheet=sheet, header_row=tuple(header_row or ()) or None, max_cells=max_cells)
        for file in files:
            check_there(file)
        places = twin_places(files, out)
        names = ", ".join(str(file) for file in files)
        with working(f"drawing a twin of {names}", quiet):
            tables = {file.name: typed(without_declared(read_whole(file, options))) for file in files}
            found = synthetic_twins(tables, seed=seed, participant=participant, visit=visit)
        with whole_run(places[0].parent) as part:
            for path, table in zip(places, found.tables.values(), strict=True):
                write_table(table, part / path.name)
        near = found.disclosure
        if as_json:
            import pandas as pd

            facts = {"rows": near.rows, "exact": near.exact, "nearer": near.nearer, "median_ratio": near.median_ratio}
            blank = (", ".join(columns) for columns in found.blank.values())
            each = zip(places, blank, strict=True)
            print_json(pd.DataFrame([facts | {"left_empty": empty, "file": str(path)} for path, empty in each]))
            return
        if not quiet:
            typer.echo(
                f"{near.rows} synthetic participants; {near.exact} repeat a row of the original, {near.nearer} are "
                "nearer to one than that is to its own nearest neighbour"
            )
            typer.echo(f"distance from the nearest original over its own nearest neighbour's: {near.median_ratio:.2f}")
            for name, columns in found.blank.items():
                if columns:
                    typer.echo(f"left empty in the twin of {name}, as free text: {', '.join(columns)}")
        typer.echo(f"twin: {', '.join(map(str, places))}")


def twin_places(files: list[Path], out: Path) -> list[Path]:
    """Return where the twin of each file goes; refuse what is there already, and two files of one name."""
    from coxa.errors import OptionError, check_option

    if len(files) == 1:
        check_option("ending of `--out`", out.suffix.lower(), ENDINGS)
        places = [out]
    else:
        places = [out / f"{file.stem}.csv" for file in files]
        if len(set(places)) < len(places):
            raise OptionError("Two of the files have the same name. Give them different names.")
    there = [str(path) for path in (*places, *([] if len(files) == 1 else [out])) if path.is_file()]
    if there:
        raise OptionError(f"{', '.join(there)} exists already. Name another place with `--out`.")
    return places


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
