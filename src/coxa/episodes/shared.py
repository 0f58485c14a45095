"""Episodes in a file that several processes ask at once, each through a connection of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from coxa.episodes.columns import column_types, quoted
from coxa.episodes.duck import open_duck
from coxa.episodes.episodes import Duck, Episodes
from coxa.episodes.relation import Relation
from coxa.errors import OptionError
from coxa.files import whole_file
from coxa.study.audit.plan import AuditPlan

ROWS = 100_000
"""Rows that are in memory at a time while the file is written."""


@dataclass(frozen=True, slots=True)
class SharedEpisodes:
    """The episodes that are used, in a Parquet file that is only read.

    plan     : the plan of the audit
    file     : where they are, for every process that asks
    data_cut : the day of the export
    """

    plan: AuditPlan
    file: Path
    data_cut: date

    def open(self) -> Episodes:
        """Return the episodes, through a connection of this process.

        Raises
        ------
        OptionError
            The file is not seen from here.
        """
        if not self.file.exists():
            raise OptionError(
                f"A worker does not find {self.file}. Set TMPDIR to a folder that this machine and all workers share."
            )
        path = str(self.file).replace("'", "''")
        duck = open_duck()
        return Episodes(
            self.plan,
            Duck(duck.connection, Relation(f"SELECT * FROM read_parquet('{path}')"), duck.spill),
            self.data_cut,
        )


def share_episodes(episodes: Episodes, folder: Path) -> SharedEpisodes:
    """Write the episodes that are used into a folder, for other processes to ask.

    Parameters
    ----------
    episodes
        The episodes, of a file or a frame.
    folder
        That all processes see.

    Raises
    ------
    OptionError
        The episodes are on a server, which is asked by one process.

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import mkdtemp
    >>> from coxa.episodes import episodes_of_frame
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> shared = share_episodes(episodes_of_frame(plan, pd.DataFrame({"clinic": ["A", "B"]})), Path(mkdtemp()))
    >>> shared.open().query("SELECT clinic FROM episodes ORDER BY clinic")["clinic"].tolist()
    ['A', 'B']
    """
    database = episodes.database
    if not isinstance(database, Duck):
        raise OptionError("The episodes are on a server, which does the work itself. Leave out `jobs` and `scheduler`.")
    columns = ", ".join(map(quoted, column_types(episodes.plan)))
    file = folder / "episodes.parquet"
    reader = database.batches(f"SELECT {columns} FROM source", ROWS)
    with whole_file(file, private=True) as writing, pq.ParquetWriter(writing, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
    return SharedEpisodes(episodes.plan, file, episodes.data_cut)
