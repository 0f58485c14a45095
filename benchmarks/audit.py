"""Measure an audit by the number of episodes: seconds of the processor and peak memory, each in its own process.

A registry of twelve clinics is simulated block by block into a Parquet file, and audited as `coxa audit` does it: read
and checked, measured, protected, written as a page. Seconds are those of the processor, of all threads together, so
that other work on the machine does not count; memory is the largest resident set.

    python benchmarks/audit.py [--episodes 10000 100000 1000000 10000000] [--write docs/audit-scale.md]
    python benchmarks/audit.py --postgres [--episodes 1000000 3000000]

With `--postgres` the episodes are in a server of its own, and seconds are those of the clock, as the server works in
processes of its own; memory is that of the audit, without the server.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter, process_time

import pyarrow as pa
import pyarrow.parquet as pq
from audit_server import TABLE, load_registry, server

from coxa.simulate import registry_blocks
from coxa.study import RegistryAssumptions

PLAN = Path(__file__).parents[1] / "analyses" / "clinic_registry" / "audit.yaml"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SEED = 20261130
MEGABYTE = 1e6
STAGES = ("read", "measure", "protect", "write")
HEAD = ["episodes", "file, MB", "read, s", "measure, s", "protect, s", "write, s", "all, s", "clock, s", "memory, MB"]

PAGE = """# How an audit grows with its episodes

Written by `python benchmarks/audit.py --write docs/audit-scale.md` (`nox -s audit_scale`) on {day}, on a machine with
{cores} cores. Seconds are those of the processor, of all threads together; *clock* is
how long it took on the machine as it was.

Twelve simulated clinics with sixty therapists ([simulate.md](simulate.md#a-registry-of-clinics)), the plan of
`analyses/clinic_registry`, episodes in Parquet. Each line is one audit in a process of its own: *read* opens and checks
the file, *measure* counts, fits and draws up every number, *protect* hides small numbers and attacks what is left,
*write* makes the page and its files. *All* has the start of Python besides. Memory is the most that the process held.

{table}

{growth}

Making the files took {made} (`coxa.simulate.registry_blocks`, in blocks of 250,000).

## On a PostgreSQL server

`python benchmarks/audit.py --postgres --episodes 1000000` starts a server of its own, copies the registry into a
table and audits it. The episodes that are used are checked and typed once into a temporary table, and the columns of
a model are worked out once per row: a weighted model of 15,000 rows took 5.3 s and takes 0.3. Seconds are those of
the clock, on two cores that many other programs used at the same time (a load of 15 to 18), so that they are upper
limits.

| episodes | table, MB | read, s | measure, s | protect, s | write, s | clock, s | own processor, s | own memory, MB |
|---|---|---|---|---|---|---|---|---|
| 20,000 | 4 | 4 | 16 | 16 | 26 | 83 | 17 | 565 |
| 1,000,000 | 224 | 86 | 273 | 13 | 17 | 414 | 22 | 577 |

Before, an audit of 1,000,000 was not done after 500 s under the same load, of which 92 were to read and check.
Reading 3,000,000 took 230 s; measuring them, and ten million, was not run to the end. Each check still reads the
table of the server anew. The processor of the server, its memory, and an idle machine were not measured.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One audit: seconds of each stage, of all, and of the clock; bytes of memory and file; seconds to make it."""

    episodes: int
    seconds: dict[str, float]
    total: float
    clock: float
    memory: int
    file: int
    made: float

    @property
    def line(self) -> str:
        """The line of the table."""
        stages = [f"{self.seconds[name]:.1f}" for name in STAGES]
        cells = [f"{self.episodes:,}", f"{self.file / MEGABYTE:.1f}", *stages, f"{self.total:.1f}", f"{self.clock:.0f}"]
        return f"| {' | '.join([*cells, f'{self.memory / MEGABYTE:,.0f}'])} |"


def write_registry(path: Path, episodes: int) -> float:
    """Write a registry as Parquet, block by block; return the seconds of the processor."""
    start, writer = process_time(), None
    for frame in registry_blocks(RegistryAssumptions(), seed=SEED, episodes=episodes):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        days = [
            pa.field(each.name, pa.date32() if pa.types.is_timestamp(each.type) else each.type) for each in table.schema
        ]
        table = table.cast(pa.schema(days))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return process_time() - start


def plan_of(folder: Path) -> Path:
    """Write the plan for the Parquet file of a folder."""
    text = PLAN.read_text(encoding="utf-8").replace("../../synthetic_data/clinic_registry", ".")
    path = folder / "audit.yaml"
    path.write_text(text.replace("episodes.csv", "episodes.parquet"), encoding="utf-8")
    return path


def on_server(folder: Path, address: str) -> Path:
    """Write the plan for the table of a server."""
    text = PLAN.read_text(encoding="utf-8")
    start, end = text.index("data:\n"), text.index("outcomes:\n")
    scores = "  scores:\n    function: {intake: function_intake, discharge: function_discharge, date: pain_date}\n"
    path = folder / "audit.yaml"
    path.write_text(
        f"{text[:start]}data:\n  database: {address}\n  table: {TABLE}\n{scores}\n{text[end:]}", encoding="utf-8"
    )
    return path


def by_server(episodes: int) -> str:
    """Return the line of an audit of a server: seconds of the clock and the memory of the audit."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        with server(folder) as address:
            size = load_registry(address, episodes, SEED)
            command = [sys.executable, __file__, "--clock", "--stages", str(on_server(folder, address))]
            start = perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                said = process.stdout.read()
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            clock = perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"the audit of {episodes:,} episodes failed with code {process.returncode}")
    seconds = json.loads(said.strip().splitlines()[-1])
    unit = 1 if sys.platform == "darwin" else 1024
    cells = [f"{episodes:,}", f"{size / MEGABYTE:,.0f}", *(f"{seconds[name]:.0f}" for name in STAGES), f"{clock:.0f}"]
    own = f"{used.ru_utime + used.ru_stime:.0f}"
    return f"| {' | '.join([*cells, own, f'{used.ru_maxrss * unit / MEGABYTE:,.0f}'])} |"


def stages(plan: Path, now: Callable[[], float] = process_time) -> None:
    """Audit, and print the seconds of each stage as JSON; runs in a process of its own."""
    from coxa.clinics import audit_clinics, publish, write_audit
    from coxa.episodes import read_episodes
    from coxa.study import read_audit

    seconds, start = {}, now()

    def done(name: str) -> None:
        nonlocal start
        seconds[name], start = now() - start, now()

    asked = read_audit(plan)
    episodes = read_episodes(asked).require_clean()
    done("read")
    audit = audit_clinics(asked, episodes)
    done("measure")
    published = publish(audit)
    done("protect")
    write_audit(audit, published, plan.parent / "out", ("html",))
    done("write")
    print(json.dumps(seconds))


def measured(episodes: int, folder: Path) -> Measured:
    """Simulate a registry of a size, audit it in a process of its own, and return what it took."""
    path = folder / "episodes.parquet"
    made = write_registry(path, episodes)
    command, start = [sys.executable, __file__, "--stages", str(plan_of(folder))], perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the audit of {episodes:,} episodes failed with code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    seconds = json.loads(said.strip().splitlines()[-1])
    total, clock = used.ru_utime + used.ru_stime, perf_counter() - start
    return Measured(episodes, seconds, total, clock, used.ru_maxrss * unit, path.stat().st_size, made)


def growth(rows: list[Measured]) -> str:
    """Say how seconds and memory grow from the first to the last size."""
    if len(rows) < 2:
        return ""
    first, last = rows[0], rows[-1]
    more = (last.episodes - first.episodes) / 1e6
    return (
        f"From {first.episodes:,} to {last.episodes:,} episodes, {last.episodes / first.episodes:,.0f} times as many, "
        f"an audit takes {last.total / first.total:.1f} times as long and {last.memory / first.memory:.1f} times the "
        f"memory: {(last.total - first.total) / more:.1f} s and {(last.memory - first.memory) / MEGABYTE / more:.0f} "
        "MB for each million more."
    )


def main() -> None:
    """Measure and print the table, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--stages", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--postgres", action="store_true", help="episodes in a server of its own; nothing is written")
    parser.add_argument("--clock", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.stages:
        stages(asked.stages, perf_counter if asked.clock else process_time)
        return
    if asked.postgres:
        for n in sorted(asked.episodes):
            print(by_server(n), flush=True)
        return
    rows: list[Measured] = []
    for n in sorted(asked.episodes):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measured(n, Path(folder)))
        print(rows[-1].line, flush=True)
        if asked.write:  # after each size: the largest may take long
            asked.write.write_text(page(rows), encoding="utf-8")


def page(rows: list[Measured]) -> str:
    """Return the page on what was measured."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD), *(row.line for row in rows)]
    made = ", ".join(f"{row.made:.1f} s for {row.episodes:,}" for row in rows)
    return PAGE.format(day=date.today(), cores=os.cpu_count(), table="\n".join(lines), growth=growth(rows), made=made)


if __name__ == "__main__":
    main()
