import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "tests"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def install(session: nox.Session, extra: str) -> None:
    session.install("--constraint", "constraints.txt", "--editable", f".[{extra}]")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite; on every Python that is installed."""
    install(session, "test")
    session.run("pytest", "-n", "2", "--dist", "loadfile", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, docstrings and formatting."""
    session.install("--constraint", "constraints.txt", "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types of the package."""
    install(session, "dev")
    session.run("mypy")


@nox.session
def realdata(session: nox.Session) -> None:
    """Published results on real trials; COXA_REALDATA names their folder."""
    install(session, "test")
    session.run("pytest", "-m", "realdata", "-rs", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Time the main line and the MMRM, by size and beside other packages; --write FILE makes the page of the docs."""
    install(session, "test")
    if not session.posargs:
        session.run("python", "benchmarks/main_line.py")
    session.run("python", "benchmarks/mmrm.py", *session.posargs)


@nox.session
def simulation(session: nox.Session) -> None:
    """Size and coverage by simulation, ten thousand replicates each; writes the table of the docs."""
    install(session, "test")
    arguments = session.posargs or ["--write", "docs/methods/mmrm-size.md"]
    session.run("python", "-m", "tests.simulation.mmrm_size", *arguments)
