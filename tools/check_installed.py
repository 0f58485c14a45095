"""Exit with 1 and their names where files of the package in the repository are missing from the installed one."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "coxa"


def files(folder: Path) -> set[str]:
    """Return the files below a folder, as paths from it; without what Python compiles."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.suffix != ".pyc"}


def main() -> None:
    """Compare the repository with the package that is installed."""
    spec = find_spec("coxa")
    installed = Path(spec.origin).parent if spec and spec.origin else SOURCE
    if installed == SOURCE:
        sys.exit("the installed coxa is the repository itself")
    if missing := sorted(files(SOURCE) - files(installed)):
        sys.exit(f"not in the installed package: {', '.join(missing)}")


if __name__ == "__main__":
    main()
