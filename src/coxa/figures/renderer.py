"""The renderer of charts: in this process, or in a second one that draws while this one does something else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache

ABOVE = re.compile("[\U00010000-\U0010ffff]")

UNSEEN = {"aria": False, "axisQuantitative": {"labelLimit": 0}}
"""What the renderer need not do: name every mark for a reader of the screen, as the figure has one description for all,
and measure each number of an axis several times to see that it is not cut."""

SERVE = "from coxa.figures.renderer import serve; serve()"


@dataclass(frozen=True, slots=True)
class Second:
    """A second process that draws, one chart after the other, and what it was asked for.

    process : reads a chart as JSON in a line, and writes its drawing in a line, empty where it cannot
    thread  : writes to it and waits for the answer
    begun   : chart -> its drawing, once it is there
    """

    process: subprocess.Popen[bytes]
    thread: ThreadPoolExecutor
    begun: dict[str, Future[str]] = field(default_factory=dict)


SECOND: ContextVar[Second | None] = ContextVar("SECOND", default=None)


@contextmanager
def second_process() -> Iterator[None]:
    """Draw the charts that are begun in a second process, until the block ends.

    The renderer keeps Python's lock while it starts and draws, so that a thread would gain nothing. None is started
    where the renderer runs in this process already, or where there can be none: charts are then drawn here.
    """
    process = None if "vl_convert" in sys.modules else _started()
    if process is None:
        yield
        return
    thread = ThreadPoolExecutor(1)
    token = SECOND.set(Second(process, thread))
    try:
        yield
    finally:
        SECOND.reset(token)
        process.kill()
        thread.shutdown(cancel_futures=True)
        process.communicate()


def _started() -> subprocess.Popen[bytes] | None:
    try:
        return subprocess.Popen(
            [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None


def begin(chart: str) -> None:
    """Have a chart drawn by the second process, where there is one, while this one goes on; "" is no chart."""
    second = SECOND.get()
    if second is not None and chart and chart not in second.begun:
        second.begun[chart] = second.thread.submit(_asked, second.process, chart)


def _asked(process: subprocess.Popen[bytes], chart: str) -> str:
    """Return the drawing of a chart by another process; empty where it did not make one."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(chart).encode("ascii") + b"\n")
        process.stdin.flush()
        return str(json.loads(process.stdout.readline() or '""'))
    except OSError:
        return ""


def serve() -> None:
    """Draw the charts that come in, until no more can come."""
    import vl_convert

    vl_convert.vegalite_to_svg('{"data": {"values": []}, "mark": "point"}')  # the engine starts before it is needed
    for line in sys.stdin.buffer:
        try:
            drawing = render(json.loads(line))
        except ValueError:
            drawing = ""
        sys.stdout.buffer.write(json.dumps(drawing).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()


@lru_cache(maxsize=64)
def drawn(chart: str) -> str:
    """Return the drawing of a chart, begun before or made now; a report in several forms draws each figure once."""
    second = SECOND.get()
    begun = second.begun.get(chart) if second is not None else None
    return (begun.result() if begun is not None else "") or render(chart)


def render(chart: str) -> str:
    """Return a chart in JSON as SVG.

    The renderer shortens a long label between the two halves of a character above U+FFFF, and then fails. Such
    characters are drawn as private ones of one half, and put back.
    """
    import vl_convert

    private = (code for code in range(0xE000, 0xF900) if chr(code) not in chart)
    halves = dict(zip(sorted(set(ABOVE.findall(chart))), private, strict=False))
    drawn = str(vl_convert.vegalite_to_svg(chart.translate(str.maketrans(halves)), config=UNSEEN))
    return drawn.translate({code: character for character, code in halves.items()})
