"""Sources larger than memory, read as data frames one after the other: Parquet, DuckDB, SQL, Dask.

Each can be read more than once, and by column, so that a model can look up the levels of a factor first. Nothing is
imported before a source needs it; DuckDB, SQLAlchemy and Dask are optional.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from coxa.errors import OptionError

ROWS = 100_000
"""Rows in a chunk: some 10 MB of a table with a dozen columns."""


class Chunks(Protocol):
    """Data frames one after the other, as often as asked for."""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the chunks from the first."""
        ...

    def only(self, names: Sequence[str]) -> Chunks:
        """Return the same rows with some of the columns."""
        ...


@dataclass(frozen=True, slots=True)
class ParquetChunks:
    """The rows of a Parquet file, some of its columns or all."""

    path: Path
    rows: int
    names: tuple[str, ...] | None = None

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the chunks; categories become their words."""
        import pyarrow.parquet as arrow_parquet

        with arrow_parquet.ParquetFile(self.path, pre_buffer=False) as file:
            yield from frames(file.iter_batches(self.rows, columns=self.names and list(self.names), use_threads=False))

    def only(self, names: Sequence[str]) -> ParquetChunks:
        """Return the same rows with some of the columns; the others are not read."""
        return replace(self, names=tuple(names))


@dataclass(frozen=True, slots=True)
class DuckdbChunks:
    """The rows of a DuckDB relation, in the order of its query."""

    relation: Any
    rows: int

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Run the query and yield its result; the connection takes no other until it is read or left."""
        with self.relation.to_arrow_reader(self.rows) as batches:
            yield from frames(batches)

    def only(self, names: Sequence[str]) -> DuckdbChunks:
        """Return the same rows with some of the columns."""
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        return replace(self, relation=self.relation.project(quoted))


@dataclass(frozen=True, slots=True)
class QueryChunks:
    """The rows of a query through SQLAlchemy, in its order, fetched as they are needed."""

    query: str
    engine: Any
    rows: int
    names: tuple[str, ...] | None = None

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Run the query and yield its result."""
        from sqlalchemy import text

        with self.engine.connect().execution_options(stream_results=True) as connection:
            for frame in pd.read_sql_query(text(self.query), connection, chunksize=self.rows):
                yield frame if self.names is None else frame[list(self.names)]

    def only(self, names: Sequence[str]) -> QueryChunks:
        """Return the same rows with some of the columns."""
        return replace(self, names=tuple(names))


@dataclass(frozen=True, slots=True)
class DaskChunks:
    """The partitions of a Dask data frame, computed one at a time."""

    frame: Any

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the partitions in their order."""
        for k in range(self.frame.npartitions):
            yield self.frame.partitions[k].compute()

    def only(self, names: Sequence[str]) -> DaskChunks:
        """Return the same rows with some of the columns."""
        return DaskChunks(self.frame[list(names)])


def frames(batches: Iterable[Any]) -> Iterator[pd.DataFrame]:
    """Yield Arrow batches as data frames, categories as their words: a batch need not have those of the others."""
    for batch in batches:
        frame = batch.to_pandas()
        words = {
            name: frame[name].astype(frame[name].cat.categories.dtype)
            for name in frame.columns
            if isinstance(frame[name].dtype, pd.CategoricalDtype)
        }
        yield frame.assign(**words) if words else frame


def read_chunks(source: Any, *, engine: Any = None, rows: int = ROWS) -> Chunks:
    """Return a source as data frames that are read one after the other, as often as asked for.

    Parameters
    ----------
    source : str, Path, DuckDB relation or Dask DataFrame
        A Parquet file, a query result, or with `engine` the text of a query.
    engine : SQLAlchemy engine, optional
        Where the query is run: PostgreSQL, SQLite, or what else SQLAlchemy has a dialect for.
    rows : int
        Rows in a chunk. Partitions of Dask are taken as they are.

    Returns
    -------
    Chunks

    Raises
    ------
    OptionError
        Nothing that is known how to read in chunks.

    Examples
    --------
    >>> read_chunks("trial.parquet", rows=1000)
    ParquetChunks(path=PosixPath('trial.parquet'), rows=1000, names=None)
    """
    if rows < 1:
        raise OptionError(f"`rows` is {rows}. Give the size of a chunk, 1 or more.")
    if engine is not None:
        return QueryChunks(str(source), engine, rows)
    if isinstance(source, str | Path) and Path(source).suffix.lower() in (".parquet", ".pq"):
        return ParquetChunks(Path(source), rows)
    library = type(source).__module__.partition(".")[0]
    if library in ("duckdb", "_duckdb"):
        return DuckdbChunks(source, rows)
    if library.startswith("dask"):
        return DaskChunks(source)
    raise OptionError(
        f"'{source}' cannot be read in chunks. Give a path that ends in .parquet, a DuckDB relation, a Dask "
        "DataFrame, or a query with engine=sqlalchemy.create_engine(...)."
    )
