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
def browser(session: nox.Session) -> None:
    """Reports in a real browser; needs Chromium (`apt-get install chromium`)."""
    install(session, "test,browser")
    session.run("pytest", "-m", "browser", "-rs", *session.posargs)


@nox.session
def images(session: nox.Session) -> None:
    """Pictures of the report for the docs; needs Chromium, pdftoppm and LibreOffice."""
    install(session, "test,browser")
    session.install("--constraint", "constraints.txt", "pillow")
    session.run("python", "-m", "docs.make_images")


def which_model(session: nox.Session) -> tuple[str, list[str]]:
    """Return the model that the arguments name first (mmrm, unless lmm), and the rest of them."""
    first, rest = session.posargs[0], list(session.posargs[1:])
    return (first, rest) if first in ("mmrm", "lmm") else ("mmrm", list(session.posargs))


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
    for name in ("main_line", "report", "mmrm", "lmm"):
        session.run("python", f"benchmarks/{name}.py")


@nox.session
def simulation(session: nox.Session) -> None:
    """Size and coverage by simulation; writes the tables of the docs. Options for one: `-- lmm --replicates 500`."""
    install(session, "test")
    if session.posargs:
        which, arguments = which_model(session)
        session.run("python", "-m", f"tests.simulation.{which}_size", *arguments)
        return
    for which, page in (("mmrm", "mmrm-size"), ("lmm", "random-effects-size")):
        session.run("python", "-m", f"tests.simulation.{which}_size", "--write", f"docs/methods/{page}.md")
    session.run("python", "-m", "tests.simulation.truth_coverage", "--write", "docs/power-coverage.md")
