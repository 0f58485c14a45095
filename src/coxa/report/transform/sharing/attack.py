"""The attack on a shared report: what somebody can work out who has all of its files and nothing else."""

from __future__ import annotations

import math
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, takewhile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from coxa.arguments import FRAME, kinds
from coxa.disclosure import Sums, feasible_range
from coxa.disclosure.sums import Bools
from coxa.errors import CoxaError
from coxa.report.topics.delivery.intervention import ITEMS_STATED
from coxa.report.topics.responders.tables import ANALYSIS as RESPONDERS
from coxa.report.trace.kept import read_results
from coxa.tables.cells import WHOSE
from coxa.tables.hidden import COUNTS
from coxa.tables.records import Record, records

ROW = re.compile(
    r'<th scope="row" class="left(?: strong)?(?: level(\d))?[^"]*">.*?data-cell="(T\d+\.r\d+)\.c\d+"', re.DOTALL
)
PLACE = re.compile(r"(T(\d+)\.r(\d+))\.c\d+")
BOX = re.compile(r"box ([^\s,]+), .*?, level (\d+), ")
"""Where a number is in a diagram of the flow, from the words that say so."""

Key = tuple[str, ...]

NOT_PEOPLE = (ITEMS_STATED,)
"""Terms of counts that are not of people, so that small ones are shown."""

PEOPLE = "people-of-100"
"""Term of the counts behind the drawing of 100 people in each arm."""

ANALYSED = {"analysed", "marginal_mean", "total"}
"""Terms and statistics of those who are analysed at a visit."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A small count, or the difference of a count from all of its arm, that can be worked out.

    count     : its address
    low, high : the least and the largest that it can be
    """

    count: str
    low: float
    high: float


@kinds(full=FRAME)
def attack(folder: Path, full: pd.DataFrame, k: int) -> list[Recovered]:
    """Try to work out every small count of a shared report.

    Parameters
    ----------
    folder
        Where the shared report is: results.csv and report.html are read.
    full
        The results data set of the same report with nothing hidden. It says which of the sums that the layout of the
        report suggests are true; an attacker may know that.
    k
        Counts from 1 to k - 1 are small.

    Returns
    -------
    list of Recovered
        Counts that can be only fewer than k + 1 numbers; empty where there are none.

    Examples
    --------
    >>> import coxa
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> _ = report.write("shared", share=True)
    >>> attack(Path("shared"), coxa.report.results_frame(report), k=5)
    []
    """
    shared = read_results(folder / "results.csv")
    levels = row_levels((folder / "report.html").read_text(encoding="utf-8"))
    flow = full[_counted(full) & full["row_label"].fillna("").str.match(BOX)]
    attacker = _Attacker({**dict.fromkeys(_counts(flow), math.nan), **_counts(shared)}, _counts(full))
    attacker.read(records(shared[_counted(shared)]), levels)
    attacker.flow(records(flow.fillna(dict.fromkeys(WHOSE, ""))))
    return list(attacker.recovered(k))


def texts_in(folder: Path, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return which texts (identifiers, free text, paths) are in which files of a folder, archives opened.

    Examples
    --------
    >>> from pathlib import Path
    >>> sent = Path("sent")
    >>> sent.mkdir()
    >>> _ = (sent / "report.txt").write_text("P001 fell", encoding="utf-8")
    >>> texts_in(sent, ["P001", "P002"])
    [('report.txt', 'P001')]
    """
    found = []
    for path in sorted(folder.iterdir()):
        contents = [path.read_bytes()]
        if path.suffix in (".zip", ".docx"):
            with zipfile.ZipFile(path) as archive:
                contents = [archive.read(name) for name in archive.namelist()]
        found += [(path.name, text) for text in texts if any(text.encode() in content for content in contents)]
    return found


def row_levels(page: str) -> dict[str, int]:
    """Return how far each row of the tables of a page is indented, by its place."""
    return {match[2]: int(match[1] or 0) for match in ROW.finditer(page)}


def _counted(frame: pd.DataFrame) -> pd.Series:
    of_people = ~frame["term"].isin(NOT_PEOPLE)
    return frame["statistic"].isin(COUNTS) & frame["reference"].fillna("").eq("") & of_people


def _counts(frame: pd.DataFrame) -> dict[Key, float]:
    """Return the counts of a results data set by their address."""
    rows = records(frame[_counted(frame)].fillna(dict.fromkeys((*WHOSE, "statistic"), "")))
    return {_key(row): float(row["value"]) for row in rows}


def _key(row: Mapping[str, object]) -> Key:
    names = ("estimand", "analysis", "visit", "arm", "term", "statistic")
    return tuple("" if row[name] != row[name] else str(row[name]) for name in names)


class _Attacker:
    """Collects the sums that the layout suggests and that are true, and asks what the hidden counts can be."""

    def __init__(self, shown: Mapping[Key, float], true: Mapping[Key, float]) -> None:
        self.keys = [key for key in shown if key in true and float(true[key]).is_integer()]
        self.at = {key: index for index, key in enumerate(self.keys)}
        self.true = np.array([true[key] for key in self.keys])
        self.hidden: Bools = np.array([shown[key] != shown[key] for key in self.keys], dtype=bool)
        self.equations: set[tuple[tuple[int, int], ...]] = set()
        self.sizes = {key[3]: at for key, at in self.at.items() if key[1] == "participants" and key[4] == "allocated"}

    def read(self, rows: list[Record], levels: Mapping[str, int]) -> None:
        """Read totals, parts, those who are not among a count, and what is one number under several names."""
        self.totals()
        self.columns(rows, levels)
        self.same()

    def guess(self, whole: Iterable[int], parts: Iterable[int]) -> None:
        """Keep a sum if it is true."""
        by: dict[int, int] = defaultdict(int)
        for sign, side in ((1, whole), (-1, parts)):
            for at in side:
                by[at] += sign
        if by and sum(self.true[at] * sign for at, sign in by.items()) == 0:
            self.equations.add(tuple(sorted((at, sign) for at, sign in by.items() if sign)))

    def totals(self) -> None:
        """Arms add up to their total; of n/N, and of values that are missing, the rest is all others."""
        arms: dict[Key, list[int]] = defaultdict(list)
        for key, at in self.at.items():
            if key[3] not in ("", "total"):
                arms[(*key[:3], *key[4:])].append(at)
        for key, parts in arms.items():
            for arm in ("total", ""):
                whole = self.at.get((*key[:3], arm, *key[3:]))
                if whole is not None:
                    self.guess([whole], parts)

    def columns(self, rows: list[Record], levels: Mapping[str, int]) -> None:
        """Rows below a row are its parts, or with it everybody; so are rows of one label."""
        tables: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
        for row in rows:
            place, key = PLACE.fullmatch(str(row["cell"])), _key(row)
            if place and key in self.at and row["statistic"] == "n":
                entry = (self.at[key], levels.get(place[1], 0), str(row["row_label"]))
                tables[place[2], f"{row['column_label']}/{row['row_group']}"].append(entry)
        for (_, column), cells in tables.items():
            arm = next((self.keys[at][3] for at, *_ in cells), column)
            everybody = [self.sizes[arm]] if arm in self.sizes else []
            self.guess(everybody, [at for at, level, _ in cells if level == 0])
            labels: dict[str, list[int]] = defaultdict(list)
            for index, (parent, level, label) in enumerate(cells):
                labels[label.partition(":")[0]].append(parent)
                below = []
                for at, deeper, _ in cells[index + 1 :]:
                    if deeper <= level:
                        break
                    below += [at] if deeper == level + 1 else []
                for whole, parts in (([parent], below), (everybody, [parent, *below]), (everybody, below)):
                    self.guess(whole, parts if below else [])
            for alike in labels.values():
                self.guess(everybody, alike)

    def flow(self, rows: list[Record]) -> None:
        """Boxes of a diagram are the sums of their parts, which with others are everybody of the arm or of all arms."""
        boxes: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in rows:
            if match := BOX.match(str(row["row_label"])):
                boxes[match[1]].append((self.at[_key(row)], int(match[2])))
        kinds: dict[str, list[int]] = defaultdict(list)
        for box, counts in boxes.items():
            kinds[box.partition(".")[0]].append(counts[0][0])
            arm = self.keys[counts[0][0]][3]
            everybody = [self.sizes[arm]] if arm in self.sizes else []
            self.guess(everybody, [counts[0][0]])
            for index, (whole, level) in enumerate(counts):
                parts = _children(level, counts[index + 1 :])
                self.guess([whole] if parts else [], parts)
        for first, second in permutations(kinds.values(), 2):
            self.guess(first, second)
        self.drawn(at for box, counts in boxes.items() if box.startswith("analysis.") for at, _ in counts)
        self.drawn(at for key, at in self.at.items() if key[4] == PEOPLE)

    def drawn(self, counts: Iterable[int]) -> None:
        """Take a number that is drawn for an equal one of those who are analysed, or respond, in the same arm."""
        for at in counts:
            for key, other in self.at.items():
                in_table = key[2] and (ANALYSED & {key[4], key[5]} or key[1] == RESPONDERS)
                if in_table and key[3] == self.keys[at][3]:
                    self.guess([at], [other])

    def same(self) -> None:
        """Take equal counts of one arm and visit for one; with those who are missing they may be everybody."""
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for key, at in self.at.items():
            if key[2]:
                groups[key[2], key[3]].append(at)
        for (_, arm), counts in groups.items():
            analysed = [at for at in counts if ANALYSED & {self.keys[at][4], self.keys[at][5]}]
            for first, second in combinations(analysed, 2):
                self.guess([first], [second])
            for at in analysed:
                for other in counts:
                    if arm in self.sizes and "missing" in self.keys[other][4]:
                        self.guess([self.sizes[arm]], [at, other])

    def recovered(self, k: int) -> Iterator[Recovered]:
        """Yield each small count, and the small number of those who are not in one, that can be too few numbers."""
        names = ["/".join(part or "-" for part in key) for key in self.keys]
        values, hidden, equations = list(self.true), list(self.hidden & (self.true != 0)), set(self.equations)
        for at, key in enumerate(self.keys):
            size = self.sizes.get(key[3])
            if size is not None and 0 < self.true[size] - self.true[at] < k:
                equations.add(tuple(sorted(((size, 1), (at, -1), (len(values), -1)))))
                names.append(f"not in {names[at]}")
                values.append(self.true[size] - self.true[at])
                hidden.append(True)
        sums = Sums(np.array(values), np.ones(len(values)), tuple(sorted(equations)))
        if sums.residuals().any():
            raise CoxaError("A sum that was taken as true is false.")
        unknown = np.array(hidden)
        near = _components(sums, unknown)
        for place, value in enumerate(values):
            if 0 < value < k:
                low, high = _range(sums, unknown, near, place) if unknown[place] else (value, value)
                if high - low < k:
                    yield Recovered(names[place], float(low), float(high))


def _components(sums: Sums, hidden: Bools) -> NDArray[np.int32]:
    """Return a number for each count; hidden counts that have to do with each other have the same."""
    unknown = sums.matrix().astype(bool)[:, hidden].astype(int)
    labels = np.full(len(hidden), -1, dtype=np.int32)
    labels[hidden] = connected_components(unknown.T @ unknown, directed=False)[1]
    return labels


def _range(sums: Sums, hidden: Bools, near: NDArray[np.int32], at: int) -> tuple[float, float]:
    """Return the range of a hidden count from the equations that it has to do with."""
    mine = tuple(terms for terms in sums.equations if any(near[one] == near[at] for one, _ in terms))
    there = sorted({at, *(one for terms in mine for one, _ in terms)})
    place = {one: index for index, one in enumerate(there)}
    equations = tuple(tuple((place[one], by) for one, by in terms) for terms in mine)
    return feasible_range(Sums(sums.values[there], sums.weights[there], equations), hidden[there], place[at])


def _children(level: int, following: Sequence[tuple[int, int]]) -> list[int]:
    """Return the counts one level below, as far as the next one that is not below."""
    below = takewhile(lambda one: one[1] > level, following)
    return [at for at, deeper in below if deeper == level + 1]
