"""A study file that is hostile or damaged is answered with a finding on its line, never with an error of Python."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

import coxa
from coxa.errors import PlanError
from coxa.study.reading.read import parse_study
from coxa.study.reading.yaml_tree import DEEPEST
from tests.spec.test_study_read import PLAN, faults

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
END = PLAN.count("\n")
TEMPLATES = sorted(Path(coxa.__file__).parent.joinpath("study", "templates").rglob("study.yaml"))
FRAGMENTS = ("[]", "{}", "null", "-1", "1e400", ".inf", "2026-02-30", "[1, 2]", "{a: 1}", "true", "'x'", "99999999999")


@pytest.mark.parametrize(
    ("added", "line", "rule"),
    [
        ("x: 2026-13-01", END + 1, "`2026-13-01` is not a date"),
        ("x: 2026-01-01 10:00:00 +99:00", END + 1, "is not a date"),
        (f"x: {'9' * 5000}", END + 1, "is not a whole number"),
        (f"x: {'9' * 400}", END + 1, "is not a whole number"),
        ("x: !!int abc", END + 1, "`abc` is not a whole number"),
        ("x: !!float abc", END + 1, "`abc` is not a number"),
        ("x: !!bool maybe", END + 1, "`maybe` is not true or false"),
        ("x: &x [*x]", END + 1, "holds itself"),
        ("x: &x {y: *x}", END + 1, "holds itself"),
        (f"x: {'[' * 1000}{']' * 1000}", END + 1, f"more than {DEEPEST} levels"),
        (f"x: {'{a: ' * 1000}1{'}' * 1000}", END + 1, f"more than {DEEPEST} levels"),
        ("x: a\x1bb", END + 1, "control character U+001B"),
        ("x: a\0b", END + 1, "control character U+0000"),
        (LAUGHS, END + 5, "more than 50,000 keys and values"),
    ],
)
def test_what_no_plan_can_hold_is_a_finding_with_its_line(added: str, line: int, rule: str) -> None:
    ((row, _, text),) = faults(f"{PLAN}{added}\n")
    assert row == line
    assert rule in text


def test_anchors_may_be_used() -> None:
    anchored = PLAN.replace("window: [-14, 21]}", "window: &window [-14, 21]}\n  week_26: {day: 182, window: *window}")
    assert parse_study(anchored.encode()).visits["week_26"].window == (-14, 21)


def test_an_empty_key_beside_a_value_of_the_wrong_kind_is_two_findings() -> None:
    broken = PLAN.replace("label: Exercise therapy", "label: {x: 1}") + "'': {a: 1}\n"
    assert [(row, text.split(".")[0]) for row, _, text in faults(broken)] == [
        (5, "`label` is not text"),
        (END + 1, "there is no key ``"),
    ]


def test_a_section_that_is_empty_does_not_end_the_check() -> None:
    broken = PLAN.replace("  baseline: {day: 0}\n  week_12: {day: 84, window: [-14, 21]}\n", "")
    assert [(row, field) for row, field, _ in faults(broken)] == [(6, "visits")]


@pytest.mark.parametrize("seed", range(40))
def test_a_template_with_damaged_lines_is_read_or_answered_with_findings(seed: int) -> None:
    draw = random.Random(seed)
    lines = draw.choice(TEMPLATES).read_text(encoding="utf-8").splitlines()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        kept = f"{lines[at].split(':')[0]}: {draw.choice(FRAGMENTS)}"
        lines[at : at + 1] = draw.choice(([], [kept], [lines[at], lines[draw.randrange(len(lines))]]))
    with contextlib.suppress(PlanError):
        assert parse_study("\n".join(lines).encode()).arms
