"""Code of the pages runs as it is printed, and a number in a comment behind it is what it gives.

Lines of the terminal are in `test_commands_of_pages.py`, fragments of plans in `test_plans_of_pages.py`. Tutorials and
the gallery are run when the site is built, notebooks in a session of their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.selftest.rows import drawn_diary as drawn_days
from tests.sizes import few
from tests.study.page_lines import PAGES, ROOT, blocks, name_of

LONG = {"README.md", "docs/audit.md", "docs/audit-data.md", "docs/methods/imputation.md", "docs/power.md",
        "docs/randomisation.md", "docs/reports.md", "docs/simulate.md"}  # fmt: skip
"""Pages whose code takes more than five seconds."""
OTHER_PLANS = {"docs/delivery-and-harms.md": "analyses/hip_oa_trial/study.yaml"}
"""Page -> the plan of a worked study that has what the page is about; `study.yaml` is the template otherwise."""
FEWER = {"2000": "8", "4999": few("99", "499"), "10_000_000": few("300_000", "1_000_000")}
"""A number of replicates or rows on a page -> as many as show that it runs."""


WITH_PYTHON = [
    pytest.param(page, marks=[pytest.mark.slow] if name_of(page) in LONG else [], id=name_of(page))
    for page in PAGES
    if blocks(page, "python")
]


def drawn_rows(n: int = 60) -> pd.DataFrame:
    """Return visits of three arms in two clinics, with therapists in two of the arms, and days of a diary."""
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"participant_id": range(n), "arm": ["usual_care", "exercise", "manual_therapy"] * (n // 3)})
    people["clinic"] = np.where(np.arange(n) % 2, "north", "south")
    people["site"] = people["clinic"]
    people["therapist"] = people["arm"] + "_" + people["clinic"] + (np.arange(n) // 6 % 2).astype(str)
    people.loc[people["arm"] == "usual_care", "therapist"] = None
    people["baseline"] = rng.normal(50, 10, n)
    people["own"] = rng.normal(0, 6, n)
    people["slope"] = rng.normal(0, 1.0, n)
    rows = people.merge(pd.DataFrame({"visit": ["week_6", "week_12", "week_26"], "week": [6, 12, 26]}), how="cross")
    skill = dict(zip(sorted(people["therapist"].dropna().unique()), rng.normal(0, 3, 99), strict=False))
    rows["change"] = rows["own"] + rows["therapist"].map(skill).fillna(0.0) + rng.normal(8, 5, len(rows))
    rows["pain"] = 50 - rows["change"] + rows["slope"] * rows["week"] / 4
    rows["visit"] = pd.Categorical(rows["visit"], ["week_6", "week_12", "week_26"])
    return rows.assign(arm=pd.Categorical(rows["arm"], ["usual_care", "exercise", "manual_therapy"]))


def drawn_diary() -> pd.DataFrame:
    """Return 40 people who rate pain, load and sleep on 20 days."""
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"participant_id": np.repeat(np.arange(40), 20), "study_day": np.tile(np.arange(1, 21), 40)})
    rows["arm"] = pd.Categorical(
        np.where(rows["participant_id"] % 2, "exercise", "usual_care"), ["usual_care", "exercise"]
    )
    rows["week"] = rows["study_day"] / 7
    rows["load"] = rng.normal(30, 8, len(rows))
    rows["sleep"] = rng.normal(7, 1, len(rows))
    rows["load_within"] = rows["load"] - rows.groupby("participant_id")["load"].transform("mean")
    person = (
        rng.normal(0, 1, 40)[rows["participant_id"]] + rng.normal(0, 0.4, 40)[rows["participant_id"]] * rows["week"]
    )
    noise = rng.normal(0, 1, len(rows))
    rows["pain"] = 4 + person + 0.02 * rows["load"] + noise + np.r_[0, noise[:-1]] * 0.6
    return rows


@cache
def template() -> Any:
    """Return the study of the worked trial, and its data."""
    study = coxa.read_study(ROOT / "analyses" / "hip_oa_trial" / "study.yaml")
    return study, coxa.read_cohort(study)


def given(folder: Path, code: str) -> dict[str, Any]:
    """Write the files that a page speaks of, and return what its code takes as given."""
    from coxa.derive import derive_dataset
    from coxa.diary import lagged, within_between

    assert CliRunner().invoke(app, ["new", str(folder)]).exit_code == 0
    audit = folder / ("my-audit" if "my-audit/audit.yaml" in code else "an-audit")
    assert CliRunner().invoke(app, ["new", str(audit), "--template", "audit"]).exit_code == 0
    study, cohort = template()
    data, diary = drawn_rows(), drawn_diary()
    data.to_parquet(folder / "trial.parquet")
    episodes = pd.read_csv(audit / "data" / "episodes.csv")
    for name in ("episodes.xlsx", "may.xlsx"):
        episodes.head(300).to_excel(folder / name, index=False)
    fit = coxa.fit_mmrm("change ~ baseline * visit + arm * visit + site", data)
    plan = coxa.read_audit(audit / "audit.yaml")
    treated = data[data["therapist"].notna()]
    if "rerandomisation_test" in code:  # one row per participant, in the order of randomisation
        rows = derive_dataset(cohort, "primary").frame
        data = rows[rows["visit"] == "week_12"].dropna(subset="change")
    return {
        "coxa": coxa, "np": np, "pd": pd, "Path": Path, "study": study, "cohort": cohort, "data": data, "diary": diary,
        "days": drawn_days().assign(week=lambda rows: rows["day"] / 7),
        "fit": fit, "new_rows": treated.head(6), "frame": episodes.head(300), "plan": plan,
        "lagged": lagged, "within_between": within_between, "derive_dataset": derive_dataset,
    }  # fmt: skip


def statements(code: str) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each statement of a block with the comment behind its last line."""
    lines = code.splitlines()
    for node in ast.parse(code).body:
        _, _, comment = lines[(node.end_lineno or node.lineno) - 1].rpartition("  # ")
        yield node, comment if "  # " in lines[(node.end_lineno or node.lineno) - 1] else ""


def printed(comment: str) -> Any:
    """Return the value that a comment begins with; None where it begins with words."""
    for end in range(len(comment), 0, -1):
        try:
            value = ast.literal_eval(comment[:end].strip())
        except (SyntaxError, ValueError):
            continue
        return value if not isinstance(value, str) else None
    return None


def near(value: Any, text: Any) -> bool:
    """Whether a value is what is printed, to its decimals."""
    if isinstance(text, (dict, tuple)):
        return value == text
    decimals = len(str(text).partition(".")[2])
    return bool(round(float(value), decimals) == text)


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_python_of_a_page_runs_and_gives_what_is_printed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    codes = blocks(page, "python")
    names = given(tmp_path, "\n".join(codes))
    for code in codes:
        if name_of(page) in OTHER_PLANS:
            code = code.replace("study.yaml", str(ROOT / OTHER_PLANS[name_of(page)]))
        for number, instead in FEWER.items():
            code = re.sub(rf"\b{number}\b", instead, code)
        for node, comment in statements(code):
            if not isinstance(node, ast.Expr):
                exec(compile(ast.Module([node], []), str(page), "exec"), names)
                continue
            value = eval(compile(ast.Expression(node.value), str(page), "eval"), names)
            wanted = printed(comment)
            assert wanted is None or value is None or near(value, wanted), (
                f"{ast.unparse(node)} is {value}, not {wanted}"
            )


def test_pages_have_code() -> None:
    assert len(WITH_PYTHON) > 30
