"""Read the plan of a meta-analysis: every fault at once, each with its line."""

from __future__ import annotations

from pathlib import Path

from coxa.arguments import PATH, kinds
from coxa.study.pool.plan import PoolPlan
from coxa.study.reading.read import bytes_of, parse


@kinds(path=PATH)
def read_pool(path: str | Path) -> PoolPlan:
    """Read and check the plan of a meta-analysis.

    Parameters
    ----------
    path
        A YAML 1.2 file.

    Returns
    -------
    PoolPlan
        The checked plan; `plan.origin` has the file's name, hash and lines.

    Raises
    ------
    PlanError
        With one finding per fault: line, key, what was expected, the nearest match.
    OSError
        If there is no file, or it cannot be opened.

    Examples
    --------
    >>> text = '''{pool: tiny, title: Tiny, outcome: {label: Pain, measure: md, higher_is_better: false},
    ... studies: {krauss_2014: {source: PMC4174683, estimate: -7.4, interval: [-11.8, -3.0]}}}'''
    >>> _ = Path("pool.yaml").write_text(text, encoding="utf-8")
    >>> list(read_pool("pool.yaml").studies)
    ['krauss_2014']
    """
    path = Path(path)
    return parse_pool(bytes_of(path), path.name, str(path.resolve().parent))


def parse_pool(raw: bytes, name: str = "pool.yaml", folder: str = ".") -> PoolPlan:
    """Check the bytes of a plan of a meta-analysis; see `read_pool`."""
    return parse(raw, name, folder, lambda _: PoolPlan)
