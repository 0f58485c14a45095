"""What stands in the folder where the commands of a page are typed, and what a reader does between two of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from coxa.cli.main import app
from tests.study.page_lines import ROOT

Step = Callable[[Path], object]
SCORES = ("pain_intake", "pain_discharge", "function_intake", "function_discharge")
JUMP = """  jump:
    estimand: primary
    role: sensitivity
    model: imputation
    adjust: [baseline * visit]
    strategy: j2r
    relaxes: missing at random
"""


def coxa(*words: object) -> None:
    """Run a command in the present folder; it has to succeed."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def trial(folder: Path) -> None:
    """Write the study of the template, with its data."""
    coxa("new", folder)


def worked(folder: Path) -> None:
    """Copy the worked studies and their data, as they are in the repository."""
    for name in ("analyses", "synthetic_data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def the_trial_with_all(folder: Path) -> None:
    """Write the worked trial as a study of its own: it has logs of screening, responders and imputation."""
    shutil.copytree(ROOT / "synthetic_data" / "hip_oa_trial", folder / "data")
    plan = (ROOT / "analyses" / "hip_oa_trial" / "study.yaml").read_text(encoding="utf-8")
    plan = plan.replace("../../synthetic_data/hip_oa_trial", "data").replace("\nanalyses:\n", f"\nanalyses:\n{JUMP}", 1)
    (folder / "study.yaml").write_text(plan, encoding="utf-8")


def with_therapists(folder: Path) -> None:
    """Write the study of the template, with therapists whose participants are alike among its assumptions."""
    trial(folder)
    clusters = "{therapist_id: {number: 3, arms: [exercise, manual_therapy], icc: 0.02}}"
    edited("study.yaml", ("  dropout:", f"  clusters: {clusters}\n  dropout:"))(folder)


def two_arms(folder: Path) -> None:
    """Write a trial of two arms with its data."""
    coxa("new", folder / "plan", "--preset", "harris-hayes-2020")
    coxa("simulate", folder / "plan" / "study.yaml", "--out", folder / "simulated", "--seed", 1)
    for each in (folder / "simulated").iterdir():
        each.rename(folder / each.name)


def report(folder: Path) -> None:
    """Report the study of the folder."""
    coxa("report", folder / "study.yaml", "--out", folder / "out", "-q")


def episodes_book(folder: Path) -> None:
    """Write a workbook of episodes in which the name of a clinic is misspelt once in a while."""
    rows = pd.read_csv(ROOT / "synthetic_data" / "clinic_registry" / "episodes.csv").head(600)
    first = rows["clinic"].unique()[0]
    rows["clinic"] = rows["clinic"].replace(first, "Hillside")
    rows.loc[rows.index[rows["clinic"] == "Hillside"][:3], "clinic"] = "Hilside"
    measures = {"pain": "NPRS", "function": "LEFS"}
    headings = {name: f"{measures[name.split('_')[0]]} {name.split('_')[1]}" for name in SCORES}
    rows.rename(columns=headings).to_excel(folder / "episodes.xlsx", index=False)


def audit_here(folder: Path) -> None:
    """Write an audit, next month's export, and the run of last quarter."""
    coxa("new", folder / "registry", "--template", "audit")
    for each in (folder / "registry").iterdir():
        each.rename(folder / each.name)
    pd.read_csv(folder / "data" / "episodes.csv").to_excel(folder / "october.xlsx", index=False)


def last_quarter(folder: Path) -> None:
    """Keep the last run as that of last quarter."""
    shutil.copytree(folder / "my-audit" / "out", folder / "last-quarter")


def edited(name: str, *changes: tuple[str, str]) -> Step:
    """Return a step that changes a plan by hand."""

    def step(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / name).write_text(text, encoding="utf-8")

    return step


def people(folder: Path) -> None:
    """Write those who are to be allocated."""
    pd.DataFrame({"participant_id": ["P1", "P2", "P3", "P4"], "site": ["north", "south", "north", "south"]}).to_csv(
        folder / "people.csv", index=False
    )


def two_results(folder: Path) -> None:
    """Write the results of the report, and the same as another program gives them."""
    rows = pd.read_parquet(folder / "out" / "results.parquet")
    rows.to_parquet(folder / "ours.parquet")
    rows.to_csv(folder / "theirs.csv", index=False)


def exported(folder: Path) -> None:
    """Write the data as another export."""
    shutil.copytree(folder / "data", folder / "export")


def a_report_of_its_own(folder: Path) -> None:
    """Report the study anew, in one run: a folder with the files of several is refused."""
    shutil.rmtree(folder / "out")
    report(folder)


AMENDED = (("multiplicity: holm", "multiplicity: dunnett"), ("window: [-14, 21]", "window: [-14, 28]"))
SCENES: dict[str, Step] = {
    "docs/audit.md": audit_here,
    "docs/checklists.md": the_trial_with_all,
    "docs/evidence.md": two_arms,
    "docs/exchange.md": the_trial_with_all,
    "docs/flow.md": the_trial_with_all,
    "docs/power.md": with_therapists,
    "docs/reports.md": the_trial_with_all,
}
"""Page -> what is in its folder; otherwise the study of the template, or for a worked study the repository's."""

BEFORE: dict[tuple[str, str], Step] = {
    ("README.md", "import"): episodes_book,
    ("docs/audit.md", "audit audit.yaml --earlier last-quarter"): last_quarter,
    ("docs/evidence.md", "pool review/pool.yaml --with out/results.parquet"): report,
    ("docs/exchange.md", "export out --to ars"): report,
    ("docs/flow.md", "flow study.yaml --data export/"): exported,
    ("docs/import.md", "import episodes.xlsx --out my-audit"): episodes_book,
    ("docs/lock.md", "lock study.yaml --reason why"): edited("study.yaml", *AMENDED),
    ("docs/lock.md", "lock trial/study.yaml"): edited("trial/study.yaml", *AMENDED),
    ("docs/lock.md", "check trial/study.yaml"): edited("trial/study.yaml", ("adjust: [", "adjust: [age, ")),
    ("docs/power.md", "power study.yaml --assurance review/next_trial.json"): lambda folder: coxa(
        "pool", "--presets", "hip", "--outcome", "pain", "--out", folder / "review"
    ),
    ("docs/randomisation.md", "randomise my-trial/study.yaml --participants"): people,
    ("docs/reports.md", "why out --cell answer.b2.n1"): a_report_of_its_own,
    ("docs/reports.md", "compare ours.parquet theirs.csv"): two_results,
}  # fmt: skip
"""Page and first words of a command (all of them, where another begins alike) -> what a reader does before it."""
