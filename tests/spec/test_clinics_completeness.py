"""How complete the data of clinics are: counts by hand, the same as on arrays, and who is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.audit import completeness as completeness_of_rows
from coxa.clinics.audit import STAGES
from coxa.clinics.measures.completeness import completeness_counts, who_is_missing
from coxa.episodes import Episodes
from tests.spec.tiny_clinics import episodes_of, rows_of

DESCRIPTORS = {
    "age": {"type": "number", "completeness": True, "bands": [40, 60, 80]},
    "sex": {"type": "category", "levels": ["male", "female"], "completeness": True},
    "bmi": {"type": "number"},
}
COLUMNS = ("clinic", "therapist", "condition", "patient", "age", "sex", "intake_date", "discharge_date")
SCORES = ("pain_intake", "pain_discharge", "pain_date", "eligible", "asked")
ROWS = [
    # complete
    ("A", "t1", "hip", "p1", 39, "male", "2024-01-10", "2024-03-01", 7, 3, None, True, True),
    # the second episode of the same patient: filled in 50 days after discharge, which is late
    ("A", "t1", "hip", "p1", 40, "male", "2024-05-10", "2024-07-01", 6, 2, "2024-08-20", True, True),
    # never asked, but there is a questionnaire at discharge
    ("A", "t2", "knee", "p2", 60, "female", "2024-01-20", "2024-02-20", None, 4, None, True, False),
    # not eligible
    ("B", "t1", "hip", "p3", 80, "female", "2025-02-01", "2025-03-01", 5, 1, None, False, True),
    # discharged, and the window is not over at the data cut
    ("B", "t1", None, "p4", None, "female", "2025-10-01", "2025-12-20", 5, None, None, True, True),
    # no clinic, due and lost
    (None, None, "hip", None, 59, None, "2025-02-01", "2025-03-01", 5, None, None, True, True),
]


@pytest.fixture(scope="module")
def six() -> Episodes:
    return episodes_of(rows_of((*COLUMNS, *SCORES), ROWS), descriptors=DESCRIPTORS)


def test_the_cascade_of_all_counts_each_stage_among_those_before(six: Episodes) -> None:
    counts = completeness_counts(six)[()].iloc[0].to_dict()
    assert counts == {
        "eligible": 5,
        "asked": 4,
        "intake": 4,
        "due": 3,
        "done": 1,
        "of": 4,
        "of_done": 2,
        "forms": 4,
        "intakes": 5,
        "patients": 5,
    }


def test_every_grouping_of_the_plan_is_there_and_adds_up(six: Episodes) -> None:
    counts = completeness_counts(six)
    assert set(counts) == {
        (),
        ("clinic",),
        ("clinic", "therapist"),
        ("period",),
        ("clinic", "year"),
        ("condition",),
        ("clinic", "condition"),
        ("age",),
        ("sex",),
    }
    for table in counts.values():
        assert table[[*STAGES, "of", "of_done", "forms", "intakes"]].sum().tolist() == [5, 4, 4, 3, 1, 4, 2, 4, 5]


def test_groups_are_in_order_and_missing_ones_are_not_recorded(six: Episodes) -> None:
    counts = completeness_counts(six)
    assert counts["clinic",]["clinic"].tolist() == ["A", "B", "not recorded"]
    assert counts["clinic", "therapist"][["clinic", "therapist", "of"]].values.tolist() == [
        ["A", "t1", 2],
        ["A", "t2", 1],
        ["B", "t1", 0],
        ["not recorded", "not recorded", 1],
    ]
    assert counts["period",]["period"].tolist() == ["2024 Q1", "2024 Q2", "2025 Q1", "2025 Q4"]
    assert counts["clinic", "year"][["clinic", "year"]].values.tolist()[:2] == [["A", "2024"], ["B", "2025"]]
    assert counts["sex",]["sex"].tolist() == ["male", "female", "not recorded"]


def test_numbers_are_shown_in_their_bands(six: Episodes) -> None:
    ages = completeness_counts(six)["age",][["age", "eligible"]].values.tolist()
    assert ages == [
        ["below 40", 1],
        ["40 to under 60", 2],
        ["60 to under 80", 1],
        ["80 or more", 0],
        ["not recorded", 1],
    ]


def test_what_no_row_has_makes_no_groups() -> None:
    episodes = episodes_of(rows_of(("clinic", "pain_intake"), [("A", 5), ("B", 6)]), descriptors=DESCRIPTORS)
    assert set(completeness_counts(episodes)) == {(), ("clinic",), ("period",), ("clinic", "year")}


def test_who_is_missing_is_the_share_complete_and_its_distance_from_all(six: Episodes) -> None:
    table = who_is_missing(completeness_counts(six), six.plan)
    sex = table[table["descriptor"] == "sex"].set_index("level")
    assert sex["n"].tolist() == [2, 1, 1]
    assert sex["share"].tolist() == [0.5, 1.0, 0.0]
    assert sex["difference"].tolist() == [0.0, 0.5, -0.5]
    # Wilson limits of 1 of 2, by hand: (0.5 + z^2 / 4 -+ z sqrt(0.125 + z^2 / 16)) / (1 + z^2 / 2)
    z2 = 3.841458820694124
    half = np.sqrt(z2) * np.sqrt(0.125 + z2 / 16)
    limits = [(0.5 + z2 / 4 - half) / (1 + z2 / 2), (0.5 + z2 / 4 + half) / (1 + z2 / 2)]
    assert sex.loc["male", ["conf_low", "conf_high"]].tolist() == pytest.approx(limits, abs=1e-12)
    nobody_due = table[(table["level"] == "80 or more")]
    assert nobody_due["n"].tolist() == [0]
    assert nobody_due["share"].isna().all()


def drawn(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    intake = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D")
    discharge = intake + pd.to_timedelta(rng.integers(10, 120, n), unit="D")

    def maybe(values: np.ndarray, share: float) -> np.ndarray:
        return np.where(rng.random(n) < share, values, np.nan)

    answered = discharge + pd.to_timedelta(rng.integers(-40, 60, n), unit="D")
    frame = pd.DataFrame(
        {
            "clinic": rng.choice(["A", "B", "C"], n),
            "therapist": rng.choice(["t1", "t2"], n),
            "eligible": rng.random(n) < 0.9,
            "asked": rng.random(n) < 0.8,
            "intake_date": intake,
            "discharge_date": pd.Series(discharge).where(rng.random(n) < 0.9),
            "pain_intake": maybe(rng.integers(3, 10, n), 0.9),
            "pain_discharge": maybe(rng.integers(0, 8, n), 0.7),
            "pain_date": pd.Series(answered).where(rng.random(n) < 0.8),
        }
    )
    return frame


@pytest.mark.parametrize("by", [(), ("clinic",), ("clinic", "therapist"), ("period",)])
def test_counts_are_those_of_the_function_on_arrays(by: tuple[str, ...]) -> None:
    episodes = episodes_of(drawn(400))
    asked_for = ", ".join((*STAGES, "late", "clinic", "therapist", "period"))
    rows = episodes.query(f"SELECT {asked_for} FROM episodes")
    expected = completeness_of_rows(rows, by, late="late")
    expected = expected[expected[by[0]] != "all"] if by else expected
    counts = completeness_counts(episodes)[by]
    shown = [*by, *STAGES]
    assert counts[shown].values.tolist() == expected[shown].values.tolist()
    assert (counts["of_done"] / counts["of"]).tolist() == expected["complete"].tolist()
    assert (counts["forms"] / counts["intakes"]).tolist() == expected["naive"].tolist()


def test_patients_are_counted_where_they_could_be_few() -> None:
    """A patient has three episodes at most: 15 or more are surely of five patients, whom nothing hides."""
    rows = [("A", f"a{at}") for at in range(20)] + [("B", "b"), ("B", "b"), ("B", "b"), ("B", None)]
    counts = completeness_counts(episodes_of(rows_of(("clinic", "patient"), rows)))
    assert counts["clinic",].set_index("clinic")["patients"].fillna(-1).to_dict() == {"A": -1, "B": 2}
    assert counts[()]["patients"].tolist() == [22]
