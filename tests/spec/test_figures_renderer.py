"""The renderer of charts in a second process: the same drawings, and drawings here where it fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import vl_convert  # noqa: F401  (the renderer is here before a test takes it away)

from coxa.figures.renderer import SECOND, Second, begin, drawn, render, second_process


def chart(title: str) -> str:
    values = [{"x": 1, "y": 2.5, "who": "Übung \U0001f3c3"}, {"x": 3, "y": 4, "who": "usual\u2028care"}]
    encoding = {axis: {"field": axis, "type": "quantitative"} for axis in ("x", "y")}
    return json.dumps({"title": title, "data": {"values": values}, "mark": "line", "encoding": encoding})


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[Second]:
    with ExitStack() as block:
        with monkeypatch.context() as without:
            without.delitem(sys.modules, "vl_convert")
            block.enter_context(second_process())
        there = SECOND.get()
        assert there is not None
        drawn.cache_clear()
        yield there
    assert SECOND.get() is None
    assert there.process.returncode is not None


def test_a_chart_begun_before_is_drawn_by_the_second_process_with_the_same_bytes(second: Second) -> None:
    titles = ["Schmerz \U0001f9b4 über die Zeit", "n"]
    for title in (*titles, titles[0]):
        begin(chart(title))
    begin("")
    assert set(second.begun) == {chart(title) for title in titles}
    assert [second.begun[chart(title)].result() for title in titles] == [render(chart(title)) for title in titles]
    assert drawn(chart("n")) == render(chart("n"))


def test_a_chart_that_cannot_be_drawn_is_an_error_here_and_the_process_goes_on(second: Second) -> None:
    begin('{"mark": "nothing"}')
    begin(chart("after"))
    with pytest.raises(ValueError, match="conversion failed"):
        drawn('{"mark": "nothing"}')
    assert second.begun[chart("after")].result() == render(chart("after"))


def test_charts_are_drawn_here_where_the_second_process_ended(second: Second) -> None:
    second.process.kill()
    second.process.wait()
    begin(chart("alone"))
    assert drawn(chart("alone")) == render(chart("alone"))
    assert second.begun[chart("alone")].result() == ""


def test_no_process_is_started_where_the_renderer_is_here() -> None:
    with second_process():
        assert SECOND.get() is None
        begin(chart("here"))
        assert drawn(chart("here")) == render(chart("here"))
