"""Lines of the terminal that pages print: each with its words, its comment and the output that is shown below it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md")),
         *sorted(ROOT.glob("analyses/**/README.md")), *sorted(ROOT.glob("synthetic_data/**/README.md"))]  # fmt: skip
FENCE = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TERMINAL = {"sh", "console", ""}
PROGRAMS = {"coxa", "./dev", "nox", "python", "git", "pip", "pre-commit", "apt-get", "dask", "printf", "pytest"}
WINDOWS = ".venv\\Scripts\\python "
FILE = re.compile(r"(?<![\w*.-])[\w-][\w./-]*\.(?:html|pdf|docx|csv|json|svg|png|yaml|parquet|md|xlsx)\b")


@dataclass(frozen=True)
class Line:
    """One command of a page."""

    page: str
    text: str
    """As it is typed, without prompt and comment."""
    comment: str
    output: str
    """What the page shows below it; empty where it shows nothing."""

    @property
    def words(self) -> list[str]:
        """Return the words of the command, up to a pipe; after `./dev` where coxa is run by it."""
        words = shlex.split(self.text.replace(WINDOWS, "python "))
        if words[:2] == ["./dev", "coxa"]:
            words = words[1:]
        return words[: next((place for place, word in enumerate(words) if word in {"|", ">", "&&", "&"}), len(words))]

    @property
    def program(self) -> str:
        return self.words[0]

    def places(self) -> list[str]:
        """Return what the command writes: files and folders after `--out`, and files that the comment names."""
        words = self.words
        after = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "--out"]
        return [*after, *(name for name in FILE.findall(self.comment) if f"({name})" not in self.comment)]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the blocks of a page in these languages."""
    return [body for word, body in FENCE.findall(page.read_text(encoding="utf-8")) if word.strip() in languages]


def command_of(line: str) -> str:
    """Return what is typed in a line of a block, or nothing where it is output."""
    typed = line.strip().removeprefix("$ ").strip().replace(WINDOWS, "python ")
    return typed if typed.split(" ")[0] in PROGRAMS else ""


def lines_of(page: Path) -> list[Line]:
    """Return the commands of a page, in the order in which they are printed."""
    found: list[Line] = []
    for body in blocks(page, *TERMINAL):
        began = len(found)
        for line in re.sub(r" *\\\n\s*", " ", body).splitlines():
            if typed := command_of(line):
                text, _, comment = typed.partition(" # ")
                found.append(Line(name_of(page), text.strip(), comment.strip(), ""))
            elif len(found) > began:
                last = found[-1]
                found[-1] = Line(last.page, last.text, last.comment, f"{last.output}{line}\n")
    return found


ALL = [line for page in PAGES for line in lines_of(page)]
