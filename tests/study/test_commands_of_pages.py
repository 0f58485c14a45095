"""Lines of the terminal on the pages run as they are printed, in order, where what the page takes as given is.

`coxa ...`, `python analyses/...`, `python -c ...` and `printf ...` run, with the exit code that the page says, and what
they write comes out; where a page shows output, each of its lines is in what is printed (`...` is anything). Two things
differ from the page: fewer replicates (`FEWER`), and the address of a cluster of our own. Published trials that are not
in the repository have their lines with `nox -s realdata`. Of other lines it is only checked that there is something to
run: a session of nox, a command of `./dev`, a module or a script with these options, a file of requirements, a command
of Dask. `apt-get` is not checked.

The numbers of a worked study are, to their decimals, in what its commands print, in its plan or script, in a test that
its page names, or in a generated page that it links to.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from coxa.cli.main import app
from tests.realdata.test_models_trials import DATA
from tests.study.page_lines import ALL, PAGES, ROOT, Line, lines_of, name_of
from tests.study.page_numbers import unfounded
from tests.study.page_scenes import BEFORE, SCENES, trial, worked

COMMANDS: dict[str, typer.main.Command] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
QUICK = {"docs/evidence.md", "docs/flow.md", "docs/lessons.md", "docs/presets.md", "docs/randomisation.md"}
"""Pages whose commands take less than five seconds."""
REAL = {
    "analyses/acupuncture_headache/README.md": "acupuncture_headache_bmj2004/acupuncture.sav",
    "analyses/antidepressant/README.md": "antidepressant_dia_mmrm/chapter15_example.sas7bdat",
}
"""Pages of published trials whose file is not in the repository -> the file."""
HELD = {"analyses/clinic_registry/README.md": "tests/study/test_clinic_registry.py"}
"""Pages whose numbers a test works out -> that test."""
FEWER = {"--replicates": "4", "--simulate": "20", "--precision": "0.2", "--class": "2"}
SIMULATES = {"power", "rehearse"}
SAYS = {
    "why out --cell answer.b2.n1": ("analysis primary", "estimand primary"),
    "why out --cell F13.r2": ("responder-curve-pain",),
    "why out --imputed H041:week_12": ("observed", "jump to reference", "reference arm", "given what was observed"),
    "why out --cell T3.r2.c4": ("estimand primary", "study.yaml, line", "model primary: fit_mmrm", "left out"),
}
"""Command -> what its comment says that is in its output."""
ANSWERS = {"import": "\n" * 30}
"""Command that asks -> what is typed; an empty line leaves a question open that can stay open."""
RUNS = {"coxa", "python", "printf"}


def pages_with(*programs: str) -> list[Path]:
    return [page for page in PAGES if any(line.program in programs for line in lines_of(page))]


def typed(line: Line) -> str:
    """Return what is typed after the name of the program."""
    return " ".join(line.words[1:])


def fewer(words: list[str]) -> list[str]:
    """Return the words of a command with as many replicates as show that it runs."""
    found = list(words)
    for option, number in FEWER.items():
        if option in found:
            found[found.index(option) + 1] = number
    if found[0] in SIMULATES and "--replicates" not in found:
        found += ["--replicates", FEWER["--replicates"]]
    return found


def code_of(line: Line) -> set[int]:
    """Return the exit codes that a line may have: that of its comment, or 0; four rehearsals may find a risk."""
    said = re.search(r"exit code (\d)", line.comment)
    if said:
        return {int(said[1])}
    if "changed since" in line.output and line.words[1] == "lock":
        return {1}
    return {0, 1} if line.words[1] == "rehearse" else {0}


def prepared(line: Line, folder: Path, done: set[tuple[str, str]]) -> None:
    """Do what a reader does before a line, once."""
    for key, step in BEFORE.items():
        page, begin = key
        same = typed(line) == begin or (typed(line).startswith(f"{begin} ") and key not in exact())
        if page == line.page and same and key not in done:
            done.add(key)
            step(folder)


@cache
def exact() -> frozenset[tuple[str, str]]:
    """Return the steps before a line that is a line of the page as a whole, with which others begin."""
    return frozenset((line.page, typed(line)) for line in ALL) & frozenset(BEFORE)


def run(line: Line, folder: Path) -> tuple[int, str]:
    """Run a line in the present folder; return exit code and output."""
    words = line.words
    if line.program == "coxa":
        answers = ANSWERS.get(words[1]) if "--interactive" in words else None
        found = CliRunner().invoke(app, fewer(words[1:]), input=answers, env={"COLUMNS": "250"})
        return found.exit_code, found.output
    if line.program == "printf":
        done = subprocess.run(["sh", "-c", line.text], capture_output=True, text=True, check=False)
    else:
        paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False, cwd=folder,
                              env={**os.environ, "PYTHONPATH": paths})  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def missing(line: Line, folder: Path) -> list[str]:
    """Return what a line names as written and is nowhere in the folder."""
    return [name for name in line.places() if not (folder / name).exists() and not list(folder.rglob(Path(name).name))]


def not_printed(line: Line, output: str) -> list[str]:
    """Return the lines that the page shows and that are not, in this order, among those that are printed."""
    printed = iter([" ".join(each.split()) for each in output.splitlines()])
    shown = [" ".join(each.split()) for each in line.output.splitlines() if each.strip()]
    patterns = [(each, re.compile(".*".join(re.escape(part.strip()) for part in each.split("...")))) for each in shown]
    return [each for each, pattern in patterns if not any(pattern.fullmatch(candidate) for candidate in printed)]


def runs_here(line: Line) -> bool:
    """Whether a line is run here: it is no server, no cluster, no simulation that writes a page of the docs."""
    words = line.words
    if line.program not in RUNS or words[:2] == ["coxa", "page"] or "--scheduler" in words:
        return False
    return line.program != "python" or words[1] == "-c" or words[1].startswith("analyses/")


def parameter(page: Path) -> object:
    name = name_of(page)
    marks = [] if name in QUICK else [pytest.mark.slow]
    if name in REAL:
        there = (DATA / REAL[name]).is_file()
        marks = [pytest.mark.realdata, pytest.mark.skipif(not there, reason=f"no {REAL[name]} (set COXA_REALDATA)")]
    return pytest.param(page, marks=marks, id=name)


@pytest.mark.parametrize("page", [parameter(page) for page in pages_with("coxa", "printf")])
def test_commands_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = name_of(page)
    SCENES.get(name, worked if name.startswith("analyses/") else trial)(tmp_path)
    if name in REAL:
        shutil.copy(DATA / REAL[name], tmp_path)
    done: set[tuple[str, str]] = set()
    printed = ""
    for line in filter(runs_here, lines_of(page)):
        prepared(line, tmp_path, done)
        code, output = run(line, tmp_path)
        printed += output
        assert code in code_of(line), f"{line.text} has the exit code {code}:\n{output[-2000:]}"
        assert not missing(line, tmp_path), line.text
        for said in SAYS.get(typed(line), ()):
            assert said in " ".join(output.split()), output
        assert not not_printed(line, output), f"{line.text} prints\n{output}"
    assert done == {key for key in BEFORE if key[0] == name}
    if name.startswith("analyses/") and name not in HELD:
        assert not unfounded(page, printed), printed


def test_a_line_that_is_not_printed_is_found() -> None:
    line = Line("page.md", "coxa check a.yaml", "", "one  line\n... 3 rows ...\nlast\n")
    assert not not_printed(line, "one line\nanother\nthere are 3 rows of it\nlast\n")
    assert not_printed(line, "one line\nlast\nthere are 3 rows\n") == ["last"]


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask's scheduler is not installed")
@pytest.mark.slow
def test_power_on_a_cluster_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.chdir(tmp_path)
    trial(tmp_path)
    (line,) = (each for each in ALL if "--scheduler" in each.words)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        words = [re.sub(r"tcp://[\d.]+:\d+", cluster.scheduler_address, word) for word in fewer(line.words[1:])]
        done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    (start,) = (each.text for each in ALL if each.program == "dask")
    for command in re.findall(r"dask \w+", start):
        subprocess.run([sys.executable, "-m", *command.split(), "--help"], capture_output=True, check=True)


@pytest.mark.slow
def test_the_page_begins_to_serve(tmp_path: Path) -> None:
    """The line is typed as it is printed; `BROWSER` is a program that opens nothing."""
    (line,) = (each for each in ALL if each.words[:2] == ["coxa", "page"])
    (tmp_path / "my-studies").mkdir()
    quiet = {**os.environ, "BROWSER": "true", "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "coxa.cli.main", *line.words[1:]],
        cwd=tmp_path, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.terminate()


def test_the_seal_of_a_row_is_what_the_page_makes_it_from() -> None:
    (line,) = (each for each in ALL if each.program == "printf")
    text = line.words[2]
    done = subprocess.run(["sh", "-c", line.text], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.slow
def test_the_demonstration_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["demo"]).exit_code == 0
    assert (tmp_path / "coxa-demo" / "report.html").is_file()


INLINE = re.compile(r"`((?:coxa|python|nox|\./dev|pytest|pip|git|pre-commit) [^`\n]+)`")


def inline(page: Path) -> Iterator[Line]:
    """Yield the commands in the text of a page."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for command in INLINE.findall(text):
        yield Line(name_of(page), re.sub(r"\[[^\]]*\]", "", command), "", "")


IN_TEXT = [line for page in PAGES for line in inline(page)]
EVERY = [*ALL, *sorted({*IN_TEXT} - {*ALL}, key=lambda line: (line.page, line.text))]


@pytest.mark.parametrize("page", sorted({line.page for line in EVERY}))
def test_commands_of_a_page_are_understood(page: str) -> None:
    """Each word, option and choice of `coxa` is one that the command has; in running text, each option."""
    for line in EVERY:
        if line.page == page and line.program == "coxa":
            if line.words[1] in ("...", "--help"):
                continue
            assert line.words[1] in COMMANDS, line.text
            command = COMMANDS[line.words[1]]
            if line not in ALL:
                assert {word for word in line.words if word.startswith("-")} <= options_of(command), line.text
                continue
            with command.make_context(line.words[1], line.words[2:]) as context:
                assert context.params


def options_of(command: typer.main.Command) -> set[str]:
    return {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}


@cache
def sessions() -> set[str]:
    return set(re.findall(r"@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8")))


def text_of(module: str) -> str:
    """Return the text of a module or a script."""
    path = ROOT / module if module.endswith(".py") else ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if path.is_file():
        return path.read_text(encoding="utf-8")
    assert importlib.util.find_spec(module.split(".")[0]), module
    return ""


def there_is(line: Line) -> None:
    """Check that what a line runs is there, with these options."""
    words = line.words
    if words[0] == "./dev":
        dev = (ROOT / "dev").read_text(encoding="utf-8")
        assert re.search(rf"^    {words[1]}\)", dev, re.MULTILINE), line.text
        words = words[1:]
    if words[:2] == ["nox", "-s"] and len(words) > 2:
        assert words[2] in sessions(), line.text
    if words[0] == "pytest":
        paths = [word for word in words[1:] if word.startswith("tests")]
        assert paths, line.text
        assert all((ROOT / path).exists() for path in paths), line.text
    if words[0] == "python" and len(words) > 1 and "-c" not in words and "NAME" not in line.text:
        module = words[2] if words[1] == "-m" else words[1]
        text = text_of(module)
        options = {word for word in words if word.startswith("--")}
        assert not text or all(option in text for option in options), line.text
    for place, word in enumerate(words):
        if word == "-r":
            assert (ROOT / words[place + 1]).is_file(), line.text


@pytest.mark.parametrize("page", sorted({line.page for line in EVERY}))
def test_what_a_page_runs_is_there(page: str) -> None:
    for line in EVERY:
        if line.page == page:
            there_is(line)


def test_pages_have_commands() -> None:
    assert sum(runs_here(line) for line in ALL) > 130
    assert len(EVERY) > 200
    assert set(REAL) | QUICK <= {name_of(page) for page in PAGES}
    assert all(any(line.page == page and typed(line).startswith(begin) for line in ALL) for page, begin in BEFORE)
