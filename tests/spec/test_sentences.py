"""Errors are sentences, remedies instructions, rules facts: every text that is raised or found (docs/style.md)."""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "coxa"
MESSAGES = {"OptionError", "CoxaError"}
MODELS = {
    "FitError",
    "EmptyCellError",
    "FewClustersError",
    "MonotoneLikelihoodError",
    "NonConvergenceError",
    "RankDeficientError",
    "TooFewParticipantsError",
}
HEADINGS = {"DataError", "PlanError", "LockError", "InstrumentError"}
PLAN = "study/"
"""Where `ValueError` and `Problem` have rule and remedy in one text; `study/reading/explain.py` takes them apart."""

START = re.compile(r"[A-Z0-9`\"'{(]|[a-z_]+: ")
"""A capital, a number, something quoted, something that is put in, or the name of the function that refuses."""
STOP = re.compile(r"[.?}]$")
CHAIN = re.compile(r"; (?!did you mean)")
EXCEPTIONS: dict[str, int] = {"audit/cascade.py": 1, "audit/weighting.py": 2}
"""File -> texts that wait for an editor. Lower a count when you mend one; never raise it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text of the source, as it is raised or found.

    file : where it is, below src/coxa
    line : its line
    kind : message (an error's sentences), rule (a fact, before a bracket and a stop), remedy, or problem (both in one)
    text : as it is printed, with {} for what is put in
    """

    file: str
    line: int
    kind: str
    text: str

    def fault(self) -> str | None:
        """Return what is wrong with it, or None."""
        if self.kind == "rule":
            return "a rule ends with a stop" if self.text.endswith(".") else _chained(self.text)
        if self.kind == "problem":
            parts = CHAIN.split(self.text) if CHAIN.search(self.text) else re.split(r"\. ", self.text, maxsplit=1)
            return None if len(parts) == 2 or "{}" in self.text[-3:] else "a problem is not one rule and one remedy"
        if not START.match(self.text):
            return "does not begin with a capital"
        return _chained(self.text) if STOP.search(self.text) else "has no full stop"


def _chained(text: str) -> str | None:
    return "is chained by a semicolon" if CHAIN.search(text) else None


class Texts:
    """The texts of one module: names of it are looked up where they are assigned, functions where they return."""

    def __init__(self, file: str, tree: ast.Module, known: dict[str, list[str]] | None = None) -> None:
        self.file, self.tree, self.takers = file, tree, dict(known or {}) | takers([tree])
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    def __iter__(self) -> Iterator[Written]:
        for scope in (self.tree, *self.functions.values()):
            for place in _own(scope):
                for kind, node in self._parts(place):
                    for text in dict.fromkeys(self._forms(node, scope)):
                        if re.search(r"[a-z]", text.replace("{}", "")):
                            yield Written(self.file, node.lineno, kind, text)

    def _parts(self, place: ast.AST) -> Iterator[tuple[str, ast.expr]]:
        """Yield the texts of a call, or of an assignment to the names `rule` and `remedy`."""
        if isinstance(place, ast.Call):
            yield from self._called(place)
        for name in ("rule", "remedy") if isinstance(place, ast.Assign) else ():
            yield from ((name, value) for value in _assigned_here(name, place))

    def _called(self, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
        name, args = getattr(call.func, "id", getattr(call.func, "attr", "")), call.args
        named = {word.arg: word.value for word in call.keywords}
        if name in MESSAGES and args:
            yield "message", args[0]
        elif name in MODELS | HEADINGS and args:
            yield "rule", args[0]
            remedies = args[1:2] if name in MODELS else []
            yield from (("remedy", each) for part in remedies for each in _members(part))
        elif name in ("Problem", "ValueError") and args and self.file.startswith(PLAN):
            yield "problem", args[-1]
        elif name in self.takers:
            plain = itertools.takewhile(lambda each: not isinstance(each, ast.Starred), args)
            given = dict(zip(self.takers[name], plain, strict=False)) | named
            yield from ((kind, given[kind]) for kind in ("rule", "remedy") if kind in given)

    def _forms(self, node: ast.expr, scope: ast.AST, depth: int = 4) -> list[str]:
        """Return the forms that an expression may take, with {} for what is not known here."""
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.IfExp):
            return self._forms(node.body, scope, depth) + self._forms(node.orelse, scope, depth)
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node.left, node.right]
            forms = [self._forms(part, scope, depth) for part in parts]
            return ["".join(each) for each in itertools.islice(itertools.product(*forms), 64)]
        if isinstance(node, ast.FormattedValue):
            return self._forms(node.value, scope, depth - 1) if isinstance(node.value, ast.IfExp) else ["{}"]
        if (
            isinstance(node, ast.Name)
            and depth
            and (values := _assigned(node.id, scope) or _assigned(node.id, self.tree))
        ):
            return [text for value in values for text in self._forms(value, scope, depth - 1)]
        if isinstance(node, ast.Call) and depth and (called := self.functions.get(getattr(node.func, "id", ""))):
            returned = [each.value for each in ast.walk(called) if isinstance(each, ast.Return) and each.value]
            return [text for value in returned for text in self._forms(value, called, depth - 1)] or ["{}"]
        return ["{}"]


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function or module that are not in a function of it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own(child)
        else:
            yield from (node for default in child.decorator_list for node in ast.walk(default))


def _members(node: ast.expr) -> list[ast.expr]:
    """Return the members of a list of remedies."""
    if isinstance(node, ast.List | ast.Tuple):
        return [each for member in node.elts for each in _members(member)]
    if isinstance(node, ast.Starred):
        return _members(node.value)
    if isinstance(node, ast.IfExp):
        return [*_members(node.body), *_members(node.orelse)]
    return [node]


def _assigned(name: str, scope: ast.AST) -> list[ast.expr]:
    """Return what a name of a function or a module may be."""
    found: list[ast.expr] = []
    for node in _own(scope):
        if isinstance(node, ast.Assign):
            found += _assigned_here(name, node)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and getattr(node.target, "id", "") == name and node.value:
            found.append(node.value)
    return found


def _assigned_here(name: str, node: ast.Assign) -> Iterator[ast.expr]:
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id == name:
            yield node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=False)
            yield from (value for part, value in pairs if isinstance(part, ast.Name) and part.id == name)


def takers(trees: Iterable[ast.Module]) -> dict[str, list[str]]:
    """Return function or record -> its parameters, for those that take a rule and a remedy."""
    found = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            names = [each.arg for each in (*node.args.posonlyargs, *node.args.args) if each.arg != "self"]
            found[node.name] = names + [each.arg for each in node.args.kwonlyargs]
        elif isinstance(node, ast.ClassDef):
            found[node.name] = [each.target.id for each in node.body if isinstance(each, ast.AnnAssign)
                                and isinstance(each.target, ast.Name)]  # fmt: skip
    return {name: names for name, names in found.items() if {"rule", "remedy"} <= set(names)}


def all_texts() -> Iterator[Written]:
    paths = [path for path in sorted(SOURCE.rglob("*.py")) if "_demo" not in path.parts]
    trees = {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    known = {name: names for name, names in takers(trees.values()).items() if not name.startswith("_")}
    for file, tree in trees.items():
        yield from Texts(file, tree, known)


def test_every_error_and_finding_is_written_in_sentences() -> None:
    faulty = [(text, fault) for text in all_texts() if (fault := text.fault())]
    counts = Counter(text.file for text, _ in faulty)
    over = {file for file, number in counts.items() if number > EXCEPTIONS.get(file, 0)}
    new = [f"{text.file}:{text.line}: {fault}: {text.text}" for text, fault in faulty if text.file in over]
    assert not new, "\n".join(["write by docs/style.md:", *new])


CAPITAL, STOPPED, OPEN, CHAINED = (
    "does not begin with a capital",
    "a rule ends with a stop",
    "has no full stop",
    "is chained by a semicolon",
)
TAKERS = {"Finding": ["severity", "table", "rule", "remedy"], "row_findings": ["frame", "rule", "remedy"]}
EMPTY = 'row_findings(frame, rule="it is empty", remedy='


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ('raise OptionError(f"the seed is {seed}; give a whole number")', [CAPITAL]),
        ('raise OptionError(f"`seed` is {seed}, not a whole number; got {seed}.")', [CHAINED]),
        ('raise OptionError(f"`seed` is {seed}. Give a whole number.")', []),
        ('Finding("error", "diary", "the day is not whole", "Correct it.")', []),
        ('Finding("error", "diary", "the day is not whole.", "correct it.")', [STOPPED, CAPITAL]),
        ('raise FitError("no row is left", ["Check it.", *(["use fewer"] if many else [])])', [CAPITAL]),
        (f'remedy = "Give it" if one else "Give them."\n{EMPTY}remedy)', [OPEN]),
        (f'def _how() -> str:\n    return "add it."\n{EMPTY}_how())', [CAPITAL]),
    ],
)
def test_the_texts_of_a_module_are_found_and_judged(source: str, faults: list[str]) -> None:
    found = [fault for text in Texts("x.py", ast.parse(source), TAKERS) if (fault := text.fault())]
    assert list(dict.fromkeys(found)) == faults
