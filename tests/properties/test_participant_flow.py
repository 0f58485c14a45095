"""Whatever happens to whom, the flow of participants adds up, and any number that is changed is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coxa.errors import DataError
from coxa.report.topics.participants.flow.check import check_flow, flow_sums
from coxa.report.topics.participants.flow.draw import plot_flow
from coxa.report.topics.participants.flow.layout import lay_out
from coxa.report.topics.participants.flow.record import Count, Flow
from coxa.report.topics.participants.flow.table import flow_table
from tests.sizes import few
from tests.spec.flow_trial import Assessed, Person, cohort, flow_of, plan

WHY = st.sampled_from([None, "moved away", "Moved  away", " ", "no value", "انتقل إلى مدينة أخرى", "<b>x</b> & 'y'"])
VALUE = st.sampled_from([None, 0.0, 40.0, 50.0])
FEW = settings(max_examples=few(12, 40), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def trials(draw: st.DrawFn) -> Flow:
    """Draw a trial of any design with anything recorded of its participants, and count its flow."""
    design = draw(st.sampled_from(["parallel", "cluster", "cohort", "factorial"]))
    arms = "abcd" if design == "factorial" else "abcdef"[: draw(st.integers(2, 6))]
    days = st.one_of(st.none(), st.integers(0, 120))

    def person(arm: str) -> Person:
        planned = draw(st.one_of(st.none(), st.integers(1, 4)))
        return Person(
            arm,
            received=draw(st.sampled_from([None, *arms])),
            started=draw(days),
            stopped=draw(days),
            why=draw(WHY),
            ended=draw(days),
            ended_why=draw(WHY),
            excluded=draw(st.one_of(st.none(), WHY)),
            surgery=draw(days),
            values=(draw(VALUE), draw(VALUE), draw(VALUE)),
            sessions=None if planned is None else (planned, draw(st.integers(0, planned))),
            site=draw(st.sampled_from([None, f"{arm}1", f"{arm}2"])),
        )

    people = [person(arm) for arm in arms] + [
        person(draw(st.sampled_from(arms))) for _ in range(draw(st.integers(0, 8)))
    ]
    people.append(replace(people[0], excluded=None, values=(50.0, 45.0, 40.0)))
    people.append(replace(people[1], site=f"{people[1].arm}9"))
    flag = st.sampled_from([None, True, False])
    log = st.lists(st.builds(Assessed, flag, flag, WHY), max_size=6)
    study = plan(
        arms, design, surgery=draw(st.sampled_from(["hypothetical", "treatment_policy", "while_on_treatment"]))
    )
    return flow_of(cohort(study, people, draw(st.one_of(st.none(), log))))


@FEW
@given(trials())
def test_a_flow_always_adds_up_and_is_drawn(flow: Flow) -> None:
    sums = list(flow_sums(flow))
    assert sums
    assert all(one.holds for one in sums)
    allocated = sum(box.count.n for box in flow.boxes if box.id.startswith("allocated."))
    analysed = [box.count for box in flow.boxes if box.id.startswith("analysis.")]
    enrolled = flow.box("enrolled")
    assert enrolled
    assert enrolled.count.n == allocated == sum(part.n for count in analysed for part in count.parts)
    table = {(one.term, one.arm): one.value for one in flow_table(flow).statistics() if one.name == "n"}
    assert table["enrolled", "total"] == allocated
    placed = lay_out(flow).boxes
    for index, one in enumerate(placed):
        for other in placed[index + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert beside or one.bottom <= other.y or other.bottom <= one.y, (one.box.id, other.box.id)
    assert plot_flow(flow).svg() == plot_flow(flow).svg()


@FEW
@given(trials(), st.data(), st.integers(-3, 3).filter(bool))
def test_any_number_that_is_changed_is_refused(flow: Flow, data: st.DataObject, change: int) -> None:
    box = data.draw(st.sampled_from(flow.boxes))
    paths = [path for path, _ in box.count.walk()]
    path = data.draw(st.sampled_from(paths))

    def other(count: Count, above: tuple[str, ...] = ()) -> Count:
        here = (*above, count.label)
        n = count.n + change if here == path else count.n
        return replace(count, n=n, parts=tuple(other(part, here) for part in count.parts))

    changed = replace(
        flow, boxes=tuple(replace(one, count=other(one.count)) if one is box else one for one in flow.boxes)
    )
    with pytest.raises(DataError, match="does not add up"):
        check_flow(changed)
