"""The flow diagram as a drawing: real text in named boxes, nothing over anything else, the same in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from coxa.figures.drawing import Drawing
from coxa.figures.figure import Figure
from coxa.figures.text_size import text_width, wrapped
from coxa.report.topics.participants.flow.draw import plot_flow
from coxa.report.topics.participants.flow.layout import Layout, Placed, lay_out
from coxa.report.topics.participants.flow.record import Flow
from coxa.report.topics.participants.flow.words import box_words
from tests.spec.flow_trial import OUTSIDE, PEOPLE, Assessed, Person, cohort, flow_of, plan

SVG = "{http://www.w3.org/2000/svg}"
LONG = "Withdrew because the family moved to another city and could not attend the clinic any more, as was said, at all"
HOSTILE = (
    LONG,
    "انتقل إلى مدينة أخرى",
    "<script>alert(1)</script> & 'x'",
    "Donau" * 20,
    "疼痛加重，无法继续参加",
    "\N{RUNNER}\x00 ran\naway",
)
LIBERATION = Path("/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf")


def crowded(arms: str, design: str = "parallel", labels: dict[str, str] | None = None) -> Flow:
    """Return the flow of a trial with hostile reasons in every arm."""
    people = [
        Person(
            arm,
            arms[0],
            stopped=20 * number,
            why=why,
            ended=9,
            ended_why=why,
            sessions=(4, number % 5),
            values=(50, 45, None),
        )
        for arm in arms
        for number, why in enumerate(HOSTILE)
    ]
    return flow_of(cohort(plan(arms, design, labels=labels), people, [Assessed(False, None, why) for why in HOSTILE]))


def overlapping(one: Placed, other: Placed) -> bool:
    apart = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (apart or one.bottom <= other.y or other.bottom <= one.y)


@pytest.mark.parametrize("arms", ["ab", "abc", "abcd", "abcde", "abcdef", "abcdefgh"])
def test_boxes_never_overlap_and_no_text_leaves_its_box(arms: str) -> None:
    placed = lay_out(crowded(arms, labels={"b": LONG[:90], "c": "طب"}))
    for index, one in enumerate(placed.boxes):
        assert not any(overlapping(one, other) for other in placed.boxes[index + 1 :])
        assert one.x >= 0
        assert one.x + one.width <= placed.width
        assert one.bottom <= placed.height
        for line in one.lines:
            assert line.x + text_width(line.text, placed.size, bold=line.bold) <= one.width
            assert 0 < line.y < one.height


def test_bands_and_boxes_of_all_stages_stand_side_by_side() -> None:
    placed: Layout = lay_out(crowded("abc"))
    assert [label for label, _, _ in placed.bands] == ["Enrolment", "Allocation", "Follow-up", "Analysis"]
    assert all(above <= top for (_, _, above), (_, top, _) in zip(placed.bands, placed.bands[1:], strict=False))


def test_a_line_is_as_long_as_it_is_measured() -> None:
    if not LIBERATION.is_file():
        pytest.skip("Liberation Sans is not installed")
    font = pytest.importorskip("PIL.ImageFont").truetype(str(LIBERATION), 100)
    for said in ("Assessed for eligibility (n = 356)", "WAVE, ilk; [Quiz] @ 100 %", "Käse à la crème: 12 – 13"):
        assert font.getlength(said) <= text_width(said, 100) <= 1.06 * font.getlength(said)


def test_long_words_are_broken_where_the_line_is_full() -> None:
    # An m is 8.6 wide, bullet and space together 9.7: five fit after them, six on a line of their own.
    assert wrapped("\N{BULLET} " + "m" * 12, 60, 10) == ("\N{BULLET} mmmmm", "mmmmmm", "m")
    assert wrapped("", 60, 10) == ("",)


def test_the_drawing_is_text_in_named_groups() -> None:
    figure = plot_flow(flow_of(cohort(plan(), PEOPLE, OUTSIDE)))
    root = ET.fromstring(figure.svg())
    groups = {group.get("id", ""): group for group in root.iter(f"{SVG}g")}
    box = groups["participant-flow-allocated-b"]
    assert [text.text for text in box.iter(f"{SVG}text")][:2] == ["Arm B", "Allocated (n\xa0=\xa05)"]
    assert len(list(box.iter(f"{SVG}rect"))) == 1
    assert not list(root.iter(f"{SVG}path"))
    assert "stroke-dasharray" in ET.tostring(groups["participant-flow-sessions-b"]).decode()
    assert "stroke-dasharray" not in ET.tostring(box).decode()
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))


def test_every_number_is_in_the_words() -> None:
    flow = flow_of(cohort(plan(), PEOPLE, OUTSIDE))
    figure = plot_flow(flow)
    for row in figure.data.itertuples():
        box = flow.box(str(row.box))
        if box and (row.level or box.shows_whole):
            assert f"{row.label}: {row.n}" in figure.alt
    assert figure.alt in (ET.fromstring(figure.svg()).findtext(f"{SVG}desc") or "")


def test_hostile_reasons_are_text() -> None:
    svg = plot_flow(crowded("ab")).svg()
    root = ET.fromstring(svg)
    assert "<script" not in svg
    assert "\x00" not in svg
    shown = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "<script>alert(1)</script> & 'x'" in shown
    assert "ran away" in shown


def test_many_reasons_are_counted_together_and_the_sum_stays() -> None:
    outside = [Assessed(False, None, f"reason {'abcdefghijkl'[number]}") for number in range(12)]
    flow = flow_of(cohort(plan(), [Person("a"), Person("b")], outside))
    excluded = flow.box("excluded")
    assert excluded
    said = [one.text for one in box_words(flow, excluded)]
    counted = [
        int(found) for text in said if text.startswith("\N{BULLET}") for found in re.findall(r"\xa0(\d+)\)", text)
    ]
    assert sum(counted) == 12
    assert said[9] == "\N{BULLET} 5 other reasons (n\xa0=\xa05)"


def test_clusters_that_leave_as_a_whole_are_called_so() -> None:
    gone = (50.0, None, None)
    people = [Person("a", site="K1"), Person("a", site="K2", values=gone), Person("b", site="K3"),
              Person("b", site="K3", values=gone)]  # fmt: skip
    flow = flow_of(cohort(plan(design="cluster"), people))
    said = {arm: [one.text.replace("\xa0", " ") for one in box_words(flow, box)]
            for arm in "ab" if (box := flow.box(f"analysis.{arm}"))}  # fmt: skip
    assert said["a"][:2] == [
        "Analysed at Week 12 (1 cluster, n = 1)",
        "Not analysed at Week 12 (1 whole cluster, n = 1)",
    ]
    assert said["b"][:2] == ["Analysed at Week 12 (1 cluster, n = 1)", "Not analysed at Week 12 (n = 1)"]


def test_the_same_flow_gives_the_same_bytes_in_every_form() -> None:
    first, second = (plot_flow(flow_of(cohort(plan(), PEOPLE, OUTSIDE))) for _ in range(2))
    assert first.svg() == second.svg()
    assert first.png(72) == second.png(72)
    assert first.png(72).startswith(b"\x89PNG")


def test_a_drawing_is_a_figure_like_any_other() -> None:
    figure = Figure("box", "A <box>", Drawing(10, 20, ("<rect/>",)), "One & only", crowded("ab").to_frame())
    root = ET.fromstring(figure.svg())
    assert (root.get("viewBox"), root.findtext(f"{SVG}title")) == ("0 0 10 20", "A <box>")
