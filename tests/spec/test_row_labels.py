"""Names of rows below a figure: in lines, whole."""

from __future__ import annotations

from coxa.figures.panels import columns_of
from coxa.figures.row_labels import row_labels
from coxa.study.wording import named_among

LONG = "Exercise therapy and movement retraining"


def test_a_long_name_has_several_lines_and_nothing_of_it_is_cut() -> None:
    named = row_labels(["Usual care", LONG], 20, ", n")
    assert named.expression == (
        '({"Usual care": ["Usual care, n"], "Exercise therapy and movement retraining": '
        '["Exercise therapy and", "movement retraining,\N{NO-BREAK SPACE}n"]})[datum.value]'
    )
    assert named.row == 38
    assert row_labels(["Usual care"], 20).row == 20
    assert "<" not in row_labels(["</script>"], 20).expression


def test_panels_leave_as_few_rows_as_possible() -> None:
    for n in range(1, 30):
        rows = -(-n // columns_of(n))
        assert rows == (1 if n <= 4 else min(-(-n // 3), -(-n // 4)))


def test_many_names_are_listed_only_where_they_are_neither_all_nor_nearly_all() -> None:
    every = [f"Arm {letter}" for letter in "ABCDEFG"]
    assert named_among(every, every, "arm") == "each of the 7 arms"
    assert named_among(every[:5], every, "arm") == "each arm but Arm F and Arm G"
    assert named_among(every[:4], every, "arm") == "Arm A, Arm B, Arm C and Arm D"
    assert named_among(every[:3], every[:4], "arm") == "Arm A, Arm B and Arm C"


def test_what_follows_a_name_is_never_alone_on_a_line() -> None:
    expression = row_labels(["Manual and exercise therapy"], 20, ", n").expression
    assert '["Manual and exercise", "therapy,\N{NO-BREAK SPACE}n"]' in expression
