"""The rules of the house: which room may import which, who touches files, who draws random numbers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import FrameType

import numpy as np
import pandas as pd
import pytest

from coxa import fit_mmrm

SOURCE = Path(__file__).parents[2] / "src" / "coxa"

ROOMS = {
    "sentences": set(),
    "errors": {"sentences"},
    "arguments": {"errors"},
    "findings": set(),
    "files": set(),
    "frames": set(),
    "cards": set(),
    "lazy": set(),
    "packaged": set(),
    "version": set(),
    "covariances": set(),
    "disclosure": set(),
    "hypotheses": set(),
    "instruments": set(),
    "study": {"hypotheses", "instruments"},
    "cohort": {"study", "instruments"},
    "derive": {"cohort", "study", "instruments"},
    "diary": {"derive", "cohort", "study", "instruments"},
    "glossary": {"cohort", "study", "instruments"},
    "measurement": set(),
    "models": set(),
    "n_of_1": {"models"},
    "estimates": {"models"},
    "impute": {"estimates", "models"},
    "causal": {"impute", "estimates", "models"},
    "analyses": {"n_of_1", "causal", "hypotheses", "impute", "estimates", "models", "study", "instruments"},
    "audit": {"disclosure", "models"},
    "episodes": {"cohort", "study", "instruments"},
    "runs": set(),
    "allocation": {"study"},
    "simulate": {"allocation", "impute", "estimates", "models", "study", "instruments"},
    "design": {
        "hypotheses",
        "runs",
        "simulate",
        "allocation",
        "analyses",
        "causal",
        "impute",
        "estimates",
        "models",
        "derive",
        "cohort",
        "study",
        "instruments",
    },
    "tables": {"estimates", "models", "derive", "cohort", "study", "instruments"},
    "figures": {"tables", "estimates", "models", "derive", "cohort", "study", "instruments"},
    "meta": {"figures", "tables", "simulate", "models", "study", "instruments"},
    "report": {
        "meta",
        "n_of_1",
        "measurement",
        "hypotheses",
        "disclosure",
        "simulate",
        "tables",
        "figures",
        "analyses",
        "causal",
        "impute",
        "estimates",
        "models",
        "derive",
        "cohort",
        "study",
        "instruments",
    },
    "clinics": {
        "audit",
        "disclosure",
        "episodes",
        "runs",
        "report",
        "figures",
        "tables",
        "simulate",
        "models",
        "cohort",
        "study",
        "instruments",
    },
    "reviews": {"meta", "report", "figures", "tables", "simulate", "models", "study", "instruments"},
    "exchange": {"report", "tables", "estimates", "models", "derive", "cohort", "study", "instruments"},
    "importing": {"episodes", "cohort", "study", "instruments"},
    "page": {
        "importing",
        "clinics",
        "episodes",
        "exchange",
        "report",
        "figures",
        "tables",
        "cohort",
        "study",
        "instruments",
    },
    "lessons": {"simulate", "estimates", "models"},
    "selftest": {
        "causal",
        "impute",
        "measurement",
        "meta",
        "hypotheses",
        "report",
        "simulate",
        "tables",
        "estimates",
        "models",
        "study",
        "instruments",
    },
    "cli": {
        "measurement",
        "hypotheses",
        "meta",
        "reviews",
        "lessons",
        "selftest",
        "glossary",
        "page",
        "importing",
        "clinics",
        "episodes",
        "exchange",
        "report",
        "figures",
        "design",
        "simulate",
        "allocation",
        "estimates",
        "derive",
        "cohort",
        "study",
        "instruments",
    },
    "__main__": {"cli"},
}
"""Room -> the rooms it may import, apart from the base (`BASE`) and itself. All are upstream of it."""

BASE = {
    "arguments", "cards", "covariances", "errors", "files", "findings", "frames", "lazy", "packaged", "sentences",
    "version",
}  # fmt: skip
TOUCH_FILES = {
    "files",
    "study",
    "cohort",
    "episodes",
    "clinics",
    "meta",
    "reviews",
    "importing",
    "page",
    "runs",
    "report",
    "exchange",
    "cli",
}
DRAW = {"estimates", "causal", "impute", "simulate", "design"}
FILE_CALLS = {"open", "read_csv", "read_excel", "read_parquet", "read_text", "read_bytes"}
SAVING_CALLS = {"save", "save_parquet", "whole_file", "whole_run"}
WRITING_CALLS = {"to_csv", "to_parquet", "write_text", "write_bytes", "mkdir", "touch"}
OWN_DATA = {"instruments", "packaged", "selftest", "simulate"}
"""Rooms that read data of their own package, and no other file."""
LONGEST = 400


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "_demo" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed module; it is parsed once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """Rooms of coxa that a module imports, wherever in the module the import stands."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("coxa.")} & set(ROOMS)


@cache
def called(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return {
        call.id if isinstance(call, ast.Name) else call.attr
        for call in calls
        if hasattr(call, "id") or hasattr(call, "attr")
    }


def test_every_module_is_in_a_known_room() -> None:
    assert {room_of(path) for path in modules()} == {*ROOMS, "__init__"}


def named(path: Path) -> str:
    """Return the dotted name of a module."""
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def modules_imported(path: Path, known: set[str]) -> set[str]:
    """Modules of coxa that a module imports, wherever the import stands: in a function and for types too."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}": node.module for alias in node.names}
            found |= {name if name in known else module for name, module in names.items()}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return (found & known) - {named(path)}


def reachable(start: str, imports: dict[str, set[str]]) -> set[str]:
    """Modules that are reached from a module along its imports, itself only in a circle."""
    seen: set[str] = set()
    ahead = list(imports[start])
    while ahead:
        module = ahead.pop()
        if module not in seen:
            seen.add(module)
            ahead += imports[module]
    return seen


def test_no_module_imports_itself_in_a_circle() -> None:
    paths = {named(path): path for path in modules() if path.name != "__init__.py"}
    imports = {name: modules_imported(path, set(paths)) for name, path in paths.items()}
    assert not [name for name in sorted(imports) if name in reachable(name, imports)]


def test_rooms_form_a_line_without_circles() -> None:
    seen: set[str] = set()
    for room, upstream in ROOMS.items():
        assert upstream <= seen, f"{room} is listed before a room that it imports"
        seen.add(room)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_downstream(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    forbidden = imported(path) - ROOMS[room] - BASE - {room}
    assert not forbidden, f"{path.relative_to(SOURCE)} imports {sorted(forbidden)}"


def test_only_some_rooms_touch_files() -> None:
    touching = {room_of(path) for path in modules() if called(path) & (FILE_CALLS | SAVING_CALLS)}
    assert touching <= TOUCH_FILES | OWN_DATA


def test_files_are_written_whole() -> None:
    """Everything is written through `coxa.files`, so that no file is ever half under its own name."""
    writing = {str(path.relative_to(SOURCE)) for path in modules() if called(path) & WRITING_CALLS}
    to_a_path_that_is_given, to_a_text = {"report/output/csv_files.py"}, {"report/topics/missing/section.py"}
    assert writing <= {"files.py"} | to_a_path_that_is_given | to_a_text


def test_only_simulators_draw_random_numbers() -> None:
    drawing = {room_of(path) for path in modules() if called(path) & {"default_rng", "Generator", "SeedSequence"}}
    assert drawing <= DRAW


def test_no_module_holds_two_things() -> None:
    long = {str(path): lines for path in modules() if (lines := len(path.read_text().splitlines())) > LONGEST}
    assert not long


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = (
        "import sys, coxa, coxa.cli.main; print(sorted({'numpy', 'pandas', 'altair', 'pingouin'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_estimand_of_an_analysis_is_looked_up_in_one_place() -> None:
    """Outside `study` and `analyses` an analysis is a `PlannedAnalysis`, which has its estimand, outcome and scale."""
    chain = re.compile(r"estimands\[[^\]]*(analyses\[|(analysis|plan|one)\.estimand\])")
    found = [str(path.relative_to(SOURCE)) for path in modules() if chain.search(path.read_text(encoding="utf-8"))]
    assert [name for name in found if name.split("/")[0] not in ("study", "analyses")] == []


MOST_FILES = 16
"""Files whose code one fit of a repeated-measures model runs."""


def test_a_fit_of_repeated_measures_runs_few_files() -> None:
    rng = np.random.default_rng(1)
    who, visits = np.repeat(np.arange(40), 3), ["week_6", "week_12", "week_26"]
    rows = pd.DataFrame({
        "participant_id": who,
        "visit": pd.Categorical(visits * 40, visits),
        "arm": np.where(who % 2, "exercise", "usual_care"),
        "baseline": rng.normal(size=40)[who],
        "change": rng.normal(size=40)[who] + rng.normal(size=120),
    })  # fmt: skip
    ran: set[str] = set()

    def seen(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(SOURCE):
            ran.add(path.relative_to(SOURCE).as_posix())

    fit_mmrm("change ~ baseline * visit + arm * visit", rows)  # what loads once is loaded
    sys.setprofile(seen)
    try:
        fit_mmrm("change ~ baseline * visit + arm * visit", rows)
    finally:
        sys.setprofile(None)
    assert "models/mmrm/fit.py" in ran
    assert len(ran) <= MOST_FILES, sorted(ran)
