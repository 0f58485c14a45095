"""The pinned requirements: they have every dependency, each with hashes, and a start that is itself pinned."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = sorted(ROOT.glob("requirements/*.txt"))


def name_of(requirement: str) -> str:
    """Return the name of a package as the index compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def pinned(layer: str) -> set[str]:
    """Return the packages of an environment, with those of the one it starts from."""
    lines = (ROOT / "requirements" / f"{layer}.txt").read_text(encoding="utf-8").splitlines()
    below = [pinned(line.removeprefix("-r ").removesuffix(".txt")) for line in lines if line.startswith("-r ")]
    return {name_of(line) for line in lines if re.match(r"\w", line)}.union(*below)


@pytest.mark.parametrize(
    ("layer", "extras"),
    [("base", []), ("test", ["test"]), ("browser", ["browser"]), ("dev", ["dev"]), ("lab", ["lab"])],
)
def test_every_dependency_is_pinned(layer: str, extras: list[str]) -> None:
    extra = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]]
    wanted += [requirement for name in extras for requirement in extra[name]]
    missing = {name_of(requirement) for requirement in wanted} - pinned(layer) - {"coxa"}
    assert not missing, f"run `nox -s lock`: {sorted(missing)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_pin_has_hashes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = re.split(r"\n(?=\w)", text)[1:]
    assert pins
    assert all(re.match(r"[\w.-]+(\[[\w,]+\])?==\S+ ", pin) and "--hash=sha256:" in pin for pin in pins)
