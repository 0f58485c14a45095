"""The chosen folder: its studies, their files, and nothing outside of it.

A name from an address is looked for among what is in the folder; no path is ever made from it. Links are not followed.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coxa.cohort.readers.registry import READERS
from coxa.errors import CoxaError, OptionError
from coxa.files import WRITING, save
from coxa.study.audit.source import DATABASE_FILES

PLANS = ("audit.yaml", "study.yaml")
"""Names of plans; a folder has one of them."""

DATA_SUFFIXES = (*READERS, *DATABASE_FILES)
RUNS, RECORD, WORK = "runs", ".coxa-page.json", ".coxa-work"
"""Folder of the runs of a study, what the page remembers of it, and the folder of temporary files."""

HERE = "this-folder"
"""Name in addresses of the chosen folder itself, where it has a plan."""

RESULT = re.compile(r"(report|supplement|audit)\.(html|pdf|docx)")
LONGEST_NAME = 100
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
"""Names that Windows keeps for devices."""


class NotThereError(CoxaError):
    """There is no such study, file or run in the chosen folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a plan, data and runs.

    name   : in addresses
    folder : where it is
    """

    name: str
    folder: Path

    @property
    def plan(self) -> Path | None:
        """The file of its plan; None where there is none yet."""
        found = (self.folder / name for name in PLANS)
        return next((path for path in found if is_plain_file(path)), None)

    @property
    def is_known(self) -> bool:
        """Whether a page has written to the folder: its record is there before anything else."""
        return is_plain_file(self.folder / RECORD)

    @property
    def is_audit(self) -> bool:
        """Whether the plan is that of an audit."""
        return self.plan is not None and self.plan.name == "audit.yaml"

    def data_files(self) -> dict[str, Path]:
        """Return the data files of the folder and of the folders in it, by their name from the folder."""
        top = list(plain_files(self.folder))
        inside = [path for folder in plain_folders(self.folder) if folder.name != RUNS for path in plain_files(folder)]
        files = (path for path in (*top, *inside) if path.suffix.lower() in DATA_SUFFIXES)
        return {path.relative_to(self.folder).as_posix(): path for path in files}

    def runs(self) -> list[int]:
        """Return the numbers of the runs that have results, the first one first."""
        return sorted(int(run.name) for run in self._run_folders() if is_plain_file(run / "results.json"))

    def unfinished(self) -> list[Path]:
        """Return the folders of runs that were stopped before they had a result: there is nothing in them to see."""
        return [run for run in self._run_folders() if all(path.name == WRITING for path in run.iterdir())]

    def _run_folders(self) -> Iterator[Path]:
        folders = (path for path in plain_folders(self.folder) if path.name == RUNS)
        named = (run for folder in folders for run in plain_folders(folder))
        return (run for run in named if re.fullmatch(r"[1-9]\d{0,5}", run.name))

    def run(self, number: int) -> Path:
        """Return the folder of a run."""
        if number not in self.runs():
            raise NotThereError(f"There is no run {number}. Choose one from the list of runs.")
        return self.folder / RUNS / str(number)

    def results(self, number: int) -> dict[str, Path]:
        """Return the pages and documents of a run, by their names."""
        return {path.name: path for path in plain_files(self.run(number)) if RESULT.fullmatch(path.name)}


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that was chosen when the page was opened; nothing outside of it is read or written."""

    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Home:
        """Return the home in a folder; raise `OptionError` where there is no folder."""
        if not folder.is_dir():
            raise OptionError(f"{folder} is not a folder. Name a folder that is there.")
        return cls(folder.resolve())

    def places(self) -> list[Place]:
        """Return all studies: the folders in the chosen one, and itself where it has a plan."""
        own = Place(HERE, self.folder)
        return [*([own] if own.plan else []), *(Place(path.name, path) for path in plain_folders(self.folder))]

    def place(self, name: str) -> Place:
        """Return the study of a name."""
        for place in self.places():
            if place.name == name:
                return place
        raise NotThereError("There is no such study in the chosen folder. Choose one from the list.")

    def new(self, title: str) -> Place:
        """Make a folder for a new study and return it.

        Raises
        ------
        OptionError
            The title has no letter or digit, or there is a folder of that name.
        """
        name = folder_name(title)
        if name in (HERE, *(place.name for place in self.places())) or (self.folder / name).exists():
            raise OptionError(f"There is a folder {name} already. Choose another name.")
        save(self.folder / name / RECORD, "{}\n")
        return Place(name, self.folder / name)

    def holds(self, path: Path) -> bool:
        """Return whether a path, with all links followed, is in the chosen folder."""
        return path.resolve().is_relative_to(self.folder)

    def tidy(self) -> None:
        """Remove what a page or a run that was stopped left unfinished, in folders to which a page has written."""
        shutil.rmtree(self.folder / WORK, ignore_errors=True)
        for place in {place.folder: place for place in (Place(HERE, self.folder), *self.places())}.values():
            if not place.is_known:
                continue
            for path in place.folder.glob(".*.part"):
                if is_plain_file(path):
                    path.unlink(missing_ok=True)
            for run in place.unfinished():
                shutil.rmtree(run, ignore_errors=True)


def plain_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder by name, without links and hidden ones."""
    return _entries(folder, files=True)


def plain_folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder by name, without links, hidden ones, and those that may not be read."""
    return (path for path in _entries(folder, files=False) if os.access(path, os.R_OK | os.X_OK))


def _entries(folder: Path, files: bool) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        shown = [entry for entry in entries if not entry.name.startswith(".")]
    kind = os.DirEntry.is_file if files else os.DirEntry.is_dir
    return iter(sorted(folder / entry.name for entry in shown if kind(entry, follow_symlinks=False)))


def is_plain_file(path: Path) -> bool:
    """Return whether there is a file, and no link to one."""
    return path.is_file() and not path.is_symlink()


def folder_name(title: str) -> str:
    """Return the name of a folder for a title: lower-case letters, digits and hyphens.

    Examples
    --------
    >>> folder_name("Hip & groin, Müller 2025"), folder_name("../../etc")
    ('hip-groin-muller-2025', 'etc')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if not name or name in DEVICES:
        raise OptionError("The name has no letter or digit from which a folder can be named. Choose another name.")
    return name


def file_name(given: str) -> str:
    r"""Return the name under which an uploaded file is kept: its last part, without what a system means by it.

    Examples
    --------
    >>> file_name("../../etc/passwd.csv"), file_name("C:\\data\\Export 1.xlsx"), file_name(".a<b>.csv")
    ('passwd.csv', 'Export 1.xlsx', 'a_b_.csv')
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]', "_", last).strip(" .")
    suffix = Path(name).suffix
    if suffix.lower() not in DATA_SUFFIXES:
        raise OptionError(
            f"{name or 'The file'} is no data file that coxa reads. Choose one that ends in {', '.join(READERS)}."
        )
    stem = name[: -len(suffix)].strip(" .")[: LONGEST_NAME - len(suffix)]
    if not stem or stem.lower().split(".")[0] in DEVICES:
        raise OptionError(f"{name} is not a name that every computer allows. Rename the file.")
    return stem + suffix
