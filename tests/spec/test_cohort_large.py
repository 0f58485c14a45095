"""A large file, of about 20 MB in `nox -s full`, is read, mapped and checked as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.sizes import few
from tests.spec.cohort_trial import LONG, messages, read_with

N_PEOPLE = few(30_000, 90_000)


def test_large_file(tmp_path: Path) -> None:
    ids = pd.Series(np.arange(N_PEOPLE)).map("P{:06d}".format)
    pd.DataFrame({"id": ids, "arm": np.where(np.arange(N_PEOPLE) % 2, "exercise", "usual_care"), "age": "60",
                  "sex": "female"}).to_csv(tmp_path / "participants.csv", index=False)  # fmt: skip
    rows = pd.MultiIndex.from_product([ids, ["baseline", "week_6", "week_12"], ["pain", "function"]])
    frame = pd.DataFrame(index=rows).reset_index(names=["id", "visit", "outcome"])
    frame["date"] = "2025-02-01"
    frame["value"] = np.arange(len(frame)) * 7 % 800 / 10
    frame.loc[11, "value"] = 999
    frame.to_csv(tmp_path / "assessments.csv", index=False)
    assert (tmp_path / "assessments.csv").stat().st_size > few(6, 20) * 1e6
    cohort = read_with(tmp_path, LONG)
    assert "row 13, participant P000001" in messages(cohort)[0]
    assert len(cohort.table("assessments")) == 6 * N_PEOPLE - 1
