"""Whatever is in the cells: a file and a table of a database give the same episodes, and every row is accounted for."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coxa.episodes import Episodes, read_episodes
from tests.sizes import few
from tests.spec.small_registry import audit_plan

NAMES = [
    "Pat. no",
    "Case",
    "Site",
    "Physio",
    "From",
    "Until",
    "NPRS first",
    "NPRS last",
    "M/F",
    "Booked",
    "Came",
    "DNA",
]
DAYS = st.sampled_from(["2025-01-10", "2025-02-20", "2025-04-01", "2999-01-01", "2025-02-30", "1/2/2025", None, "open"])
SCORES = st.sampled_from(["0", "3", " 7 ", "10", "11", "-9", "abc", "45/80", "1e1", "nan", None, "n/a"])
COUNTS = st.sampled_from(["0", "4", "9", "-1", "2.5", "x", None])
CELLS = st.tuples(
    st.sampled_from(["1", "2", "03", None, " "]),
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["Harbour", "harbour", " Old Mill", None]),
    st.sampled_from(["J. Okafor", "Okafor, J", None]),
    DAYS, DAYS, SCORES, SCORES,
    st.sampled_from(["F", "M", "f", "x", None]),
    COUNTS, COUNTS, COUNTS,
)  # fmt: skip
EVERY = (
    "SELECT patient, episode, clinic, therapist, intake_date, discharge_date, pain_intake, pain_discharge, sex, "
    "booked, attended, missed, due, done, late FROM episodes ORDER BY source_row"
)


def answers(episodes: Episodes) -> pd.DataFrame:
    frame = episodes.query(EVERY)
    return frame.astype(dict.fromkeys(frame, object)).where(frame.notna(), None)


@pytest.mark.slow
@settings(max_examples=few(8, 150), deadline=None)
@given(
    rows=st.lists(CELLS, min_size=1, max_size=8),
    repeats=st.sampled_from(["each", "first"]),
    start=st.sampled_from([None, date(2025, 2, 1)]),
    identical=st.booleans(),
)
def test_a_file_and_a_database_agree(
    rows: list[tuple[str, ...]], repeats: str, start: date | None, identical: bool
) -> None:
    frame = pd.DataFrame(rows, columns=NAMES, dtype="str").assign(Problem=None, **{"Red flags": "Y"})
    source = {"missing": [-9, "n/a", "open"], "drop_identical_rows": identical}
    plan = audit_plan(source, repeats=repeats, start=start)
    with tempfile.TemporaryDirectory() as folder:
        frame.to_parquet(Path(folder) / "registry.parquet")
        whole, scanned = read_episodes(plan, frame), read_episodes(plan, Path(folder) / "registry.parquet")
        pd.testing.assert_frame_equal(answers(whole), answers(scanned), check_dtype=False)
        for episodes in (whole, scanned):
            disposition = episodes.disposition
            assert disposition.imbalance().empty
            first, last = disposition.counts.iloc[0], disposition.counts.iloc[-1]
            assert first["entered"] == len(rows)
            assert last["entered"] == first["kept"]
            assert last["kept"] == len(answers(episodes))
        lines = [each.disposition.left_out[["source_row", "reason"]].to_numpy().tolist() for each in (whole, scanned)]
        assert sorted(lines[0]) == sorted(lines[1])
        found = [{(each.severity, each.field, each.rule) for each in one.findings.errors} for one in (whole, scanned)]
        assert found[0] == found[1]
