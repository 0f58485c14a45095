"""Write the pinned dependencies of each environment, with the hashes of all their files for every platform and Python.

`nox -s lock` keeps the versions that are pinned where they still satisfy pyproject.toml; `nox -s lock -- --upgrade`
takes the newest. Each file holds what its environment adds to the one it starts from, so that nothing is pinned twice.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1] / "requirements"
LAYERS = {
    "base": (None, []),
    "test": ("base", ["test"]),
    "browser": ("test", ["test", "browser"]),
    "dev": ("test", ["dev"]),
    "lab": ("base", ["lab"]),
    "docs": ("test", ["docs", "test"]),
}
"""Environment -> the one it starts from, and the extras of pyproject.toml that it has."""

HEAD = "# Written by `nox -s lock`.\n"


def resolve(extras: list[str], pins: Path, out: Path) -> list[str]:
    """Return the pinned packages that the extras need, with their hashes; `pins` are the versions that are kept."""
    chosen = [part for extra in extras for part in ("--extra", extra)]
    command = ["pip", "compile", "pyproject.toml", "--group", "build", *chosen, "--constraint", str(pins)]
    kind = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
    uv = [sys.executable, "-m", "uv", *command, *kind, "--output-file", str(out)]
    subprocess.run(uv, check=True, cwd=HERE.parent, stdout=subprocess.DEVNULL)
    return blocks(out.read_text(encoding="utf-8"))


def blocks(text: str) -> list[str]:
    """Return the pins of a requirements file, each with the hashes below it."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith("    "):
            found[-1] += f"\n{line}"
        elif line and not line.startswith(("#", "-")):
            found.append(line)
    return found


def kept() -> str:
    """Return the versions pinned now, without hashes."""
    files = sorted(HERE.glob("*.txt"))
    pins = {block.split(" \\")[0] for file in files for block in blocks(file.read_text(encoding="utf-8"))}
    return "\n".join(sorted(pins))


def main(upgrade: bool) -> None:
    """Resolve all environments together, then write each as what it adds to the one it starts from."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text("" if upgrade else kept(), encoding="utf-8")
        together = resolve([extra for _, extras in LAYERS.values() for extra in extras], pins, Path(folder, "all.txt"))
        pins.write_text("\n".join(block.split(" \\")[0] for block in together), encoding="utf-8")
        resolved = {name: resolve(extras, pins, Path(folder, name)) for name, (_, extras) in LAYERS.items()}
    for name, (start, _) in LAYERS.items():
        added = [block for block in resolved[name] if start is None or block not in resolved[start]]
        first = f"-r {start}.txt\n" if start else ""
        HERE.joinpath(f"{name}.txt").write_text(HEAD + first + "\n".join(added) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(upgrade="--upgrade" in sys.argv[1:])
