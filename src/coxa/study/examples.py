"""Commented plans with example data that a user starts from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from coxa.files import whole_run

PACKAGE = Path(__file__).parents[1]
TEMPLATES = PACKAGE / "study" / "templates"


@dataclass(frozen=True, slots=True)
class Template:
    """A commented plan with example data.

    plan : name of its file
    data : folder of the example, among the synthetic data
    next : what can be done with it; `{plan}` and `{folder}` stand for where it was written
    """

    plan: str
    data: str
    next: tuple[str, ...]


KNOWN = {
    "parallel-trial": Template(
        "study.yaml", "hip_oa_trial", ("check {plan}", "lock {plan}", "report {plan} --out {folder}")
    ),
    "audit": Template("audit.yaml", "clinic_registry", ("audit {plan} --out {folder}",)),
}
"""Name of a template -> what it holds."""


def demo_files() -> Path:
    """Return the folder that holds the demonstration: in the installed package, or the repository itself."""
    installed = PACKAGE / "_demo"
    return installed if installed.is_dir() else PACKAGE.parents[1]


def write_example(folder: Path, name: str) -> Path:
    """Copy the plan of a template and its example data, all files or none; return the plan.

    Parameters
    ----------
    folder
        Made if it is not there; what is in it stays.
    name
        One of `KNOWN`.
    """
    one = KNOWN[name]
    example = demo_files() / "synthetic_data" / one.data
    with whole_run(folder) as part:
        shutil.copy(TEMPLATES / name / one.plan, part / one.plan)
        shutil.copytree(example, part / "data", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder / one.plan
