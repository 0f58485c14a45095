"""What the package shows: few names at the top, the rest in namespaces, and nothing else in what users read."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import coxa
from docs.make_reference import reference_page

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "coxa"
NAMESPACES = sorted(name for name in dir(coxa) if isinstance(getattr(coxa, name), ModuleType))
SCRIPTS = sorted((ROOT / "analyses").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def public(module: str) -> set[str]:
    """Return the names that users may take from a module; none of a module that is no namespace."""
    if module == "coxa":
        return {*coxa.__all__, *NAMESPACES, "__version__"}
    return set(import_module(module).__all__) if module.removeprefix("coxa.") in NAMESPACES else set()


def private(code: str) -> list[str]:
    """Return what a piece of code takes from coxa that is not public."""
    tree = ast.parse(code)
    wrong: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wrong += [name.name for name in node.names if name.name.startswith("coxa.") and not public(name.name)]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "coxa":
            wrong += [f"{node.module}.{name.name}" for name in node.names if name.name not in public(str(node.module))]
        elif isinstance(node, ast.Attribute) and (owner := ast.unparse(node.value)).split(".")[0] == "coxa":
            is_namespace = owner == "coxa" or owner.removeprefix("coxa.") in NAMESPACES
            wrong += [f"{owner}.{node.attr}"] if is_namespace and node.attr not in public(owner) else []
    return wrong


def unknown_options(code: str) -> list[str]:
    """Return the options that a piece of code gives to functions of coxa which do not have them."""
    tree = ast.parse(code)
    taken = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "coxa"
        for alias in node.names
    }
    wrong: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        owner, _, each = taken.get(name, name).rpartition(".")
        if owner.split(".")[0] == "coxa" and each in public(owner):
            options = inspect.signature(getattr(import_module(owner), each)).parameters
            open_ended = any(option.kind is inspect.Parameter.VAR_KEYWORD for option in options.values())
            given = [] if open_ended else [word.arg for word in node.keywords if word.arg not in (None, *options)]
            wrong += [f"{name}({word})" for word in given]
    return wrong


def cells(notebook: Path) -> str:
    """Return the code of a notebook."""
    read = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in read if cell["cell_type"] == "code")


def blocks(page: Path) -> list[str]:
    """Return the Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_top_has_few_names() -> None:
    assert 20 <= len(coxa.__all__) <= 30


def test_completion_shows_names_and_namespaces() -> None:
    assert {"fit_mmrm", "analyse", "Report", "models", "diary", "design"} <= set(dir(coxa))
    for name in NAMESPACES:
        assert set(import_module(f"coxa.{name}").__all__) <= set(dir(getattr(coxa, name)))


@pytest.mark.parametrize("name", ["coxa", *(f"coxa.{name}" for name in NAMESPACES)])
def test_every_public_name_can_be_loaded_and_hides_no_module(name: str) -> None:
    module = import_module(name)
    for each in module.__all__:
        assert not isinstance(getattr(module, each), ModuleType)
        assert not (SOURCE / Path(*name.split(".")[1:]) / f"{each}.py").exists()


def test_every_name_at_the_top_is_in_a_namespace_too() -> None:
    elsewhere = {each for name in NAMESPACES for each in import_module(f"coxa.{name}").__all__}
    assert set(coxa.__all__) - elsewhere == {"analyse"}


def test_a_name_has_one_namespace() -> None:
    every = [each for name in NAMESPACES for each in import_module(f"coxa.{name}").__all__]
    assert sorted(every) == sorted(set(every))


def test_type_checkers_see_the_names_that_are_loaded() -> None:
    """Each namespace lists its names twice: imported for type checkers and editors, and loaded when used."""
    for name in ["", *NAMESPACES]:
        path = SOURCE / name / "__init__.py"
        if not path.exists() and "lazy(" not in (path := SOURCE / f"{name}.py").read_text(encoding="utf-8"):
            continue
        module = import_module(f"coxa.{name}".rstrip("."))
        seen = {
            alias.name: node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.asname
        }
        assert {each for each, home in seen.items() if home not in ("coxa", "coxa.version")} == set(module.__all__)
        assert all(getattr(module, each) is getattr(import_module(seen[each]), each) for each in module.__all__)


def test_a_private_name_is_recognised() -> None:
    assert private("from coxa.models.lmm.api import fit_lmm") == ["coxa.models.lmm.api.fit_lmm"]
    assert private("import coxa\ncoxa.models.numerics\ncoxa.models.icc") == ["coxa.models.numerics"]
    assert private("from coxa.errors import check_option, FitError") == ["coxa.errors.check_option"]


@pytest.mark.parametrize("path", [*SCRIPTS, *NOTEBOOKS, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_users_read_takes_public_names_only(path: Path) -> None:
    by_kind = {".py": lambda: [path.read_text(encoding="utf-8")], ".ipynb": lambda: [cells(path)]}
    code = by_kind.get(path.suffix, lambda: blocks(path))()
    assert not [name for block in code for name in private(block)]


def test_an_option_that_a_function_does_not_have_is_recognised() -> None:
    assert unknown_options("import coxa\ncoxa.fit_lmm('y ~ a', d, residual='ar1', ddf='x')") == [
        "coxa.fit_lmm(residual)"
    ]
    assert unknown_options("from coxa.models import icc as share\nshare(fit, x=1)\nprint(end='')") == ["share(x)"]


@pytest.mark.parametrize("path", [*SCRIPTS, *NOTEBOOKS, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_users_read_gives_functions_the_options_that_they_have(path: Path) -> None:
    by_kind = {".py": lambda: [path.read_text(encoding="utf-8")], ".ipynb": lambda: [cells(path)]}
    code = by_kind.get(path.suffix, lambda: blocks(path))()
    assert not [call for block in code for call in unknown_options(block)]


def test_a_namespace_loads_nothing_heavy_before_a_name_is_used() -> None:
    code = (
        f"import sys, coxa; [getattr(coxa, n) for n in {NAMESPACES!r}]; print({{'numpy', 'pandas'}} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def everything() -> list[tuple[str, object]]:
    """Return every public name of the namespaces with what it names."""
    return [
        (f"coxa.{name}.{each}", getattr(import_module(f"coxa.{name}"), each))
        for name in NAMESPACES
        for each in import_module(f"coxa.{name}").__all__
    ]


def test_the_page_of_the_reference_is_current() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert page == reference_page(), "write it again: python -m docs.make_reference"


def test_every_public_name_has_a_docstring() -> None:
    assert not [name for name, thing in everything() if not inspect.getdoc(thing)]


def test_every_public_name_has_an_example_that_runs() -> None:
    parser = doctest.DocTestParser()
    assert not [
        name
        for name, thing in everything()
        if all(each.options.get(doctest.SKIP) for each in parser.get_examples(inspect.getdoc(thing) or ""))
    ]
