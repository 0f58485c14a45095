"""The files of an allocation list: written once, never over another list, and read again to check the seals."""

from __future__ import annotations

import errno
import json
import platform
from dataclasses import asdict
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coxa.allocation.schemes import factors_of
from coxa.design.allocation_list import AllocationList
from coxa.errors import OptionError, check_option
from coxa.files import save, undamaged, whole_run
from coxa.findings import Findings
from coxa.report.output.csv_files import write_csv
from coxa.study.comparative import ComparativeStudy
from coxa.version import __version__

if TYPE_CHECKING:
    import pandas as pd

LIST, REDCAP, SEALED, KEY = "allocation_list.csv", "redcap.csv", "sealed_list.csv", "sealed_key.csv"
CARDS, RECORD = "cards.html", "record.json"
FILES = (LIST, REDCAP, SEALED, KEY, CARDS, RECORD)


def check_formats(asked: str | None, known: tuple[str, ...], given: bool) -> tuple[str, ...]:
    """Return the formats to write; without a wish all, but no REDCap table of given participants."""
    if asked is None:
        return tuple(word for word in known if not (given and word == "redcap"))
    words = tuple(dict.fromkeys(word.strip() for word in asked.split(",")))
    for word in words:
        check_option("--format", word, known)
    if given and "redcap" in words:
        raise OptionError("REDCap takes lists made in advance, not lists of given participants. Leave out redcap.")
    return words


def check_date(text: str | None) -> None:
    """Raise `OptionError` unless a date is written as year-month-day."""
    try:
        if text is not None:
            Date.fromisoformat(text)
    except ValueError:
        raise OptionError(f"`--date` is '{text}'. Write year-month-day, for example 2026-03-31.") from None


def refuse_existing(folder: Path) -> None:
    """Raise `OptionError` if a folder holds a file of a list already."""
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise OptionError(
            f"{folder} already holds {', '.join(there)}, and a list is never overwritten. Name another folder "
            "with `--out`."
        )


def read_units(path: Path) -> pd.DataFrame:
    """Read participants or clusters from a file of any known format, every cell as text."""
    from coxa.cohort.whole import read_whole
    from coxa.study.source import code_text

    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
    return read_whole(path).frame.map(code_text, na_action="ignore")


def allocation_files(
    plan: ComparativeStudy, allocation: AllocationList, folder: Path, formats: tuple[str, ...], date: str | None
) -> list[Path]:
    """Write a list in each format and its record, all or none; return the files. Allocations are for the owner only."""
    from coxa.design.handed_over import allocation_cards
    from coxa.design.sealed import seal

    sealed = seal(allocation)
    with whole_run(folder) as part:
        written = []
        if "csv" in formats:
            written.append(write_csv(allocation.frame, part / LIST, private=True))
        if "redcap" in formats:
            written.append(write_csv(_redcap(plan, allocation), part / REDCAP, private=True))
        if "sealed" in formats:
            written += [write_csv(sealed.public, part / SEALED), write_csv(sealed.key, part / KEY, private=True)]
        if "cards" in formats:
            cards = allocation_cards(allocation, plan.title, card_labels(plan))
            written.append(save(part / CARDS, cards, private=True))
        record = record_of(plan, allocation, sealed.sha256, date)
        written.append(save(part / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n"))
    return [folder / path.name for path in written]


def _redcap(plan: ComparativeStudy, allocation: AllocationList) -> pd.DataFrame:
    """Return the allocation table that REDCap imports, with the plan's field names and codes."""
    from coxa.design.handed_over import redcap_table

    fields = plan.allocation.redcap if plan.allocation else {}
    names = {name: field.field for name, field in fields.items() if field.field}
    codes = {name: {word: str(code) for word, code in field.codes.items()} for name, field in fields.items()}
    return redcap_table(allocation, fields=names, codes=codes)


def card_labels(plan: ComparativeStudy) -> dict[str, dict[str, str]]:
    """Return the plan's labels of arms, covariates and their levels."""
    labels = {name: covariate.level_labels() for name, covariate in plan.covariates.items()}
    labels["factor"] = {name: plan.label("covariates", name) for name in plan.covariates}
    if plan.allocation and plan.allocation.cluster:
        from coxa.study.parts import readable

        labels["factor"][plan.allocation.cluster] = readable(plan.allocation.cluster)
    labels["arm"] = {name: plan.label("arms", name) for name in plan.arms}
    return labels


def record_of(
    plan: ComparativeStudy, allocation: AllocationList, sealed_sha256: str, date: str | None
) -> dict[str, Any]:
    """Return what is needed to draw the list again, and to recognise it."""
    record: dict[str, Any] = {
        "study": plan.study,
        "plan_sha256": plan.origin.sha256 if plan.origin else None,
        "scheme": allocation.words,
        "scheme_parts": {"kind": type(allocation.scheme).__name__, **asdict(allocation.scheme)},
        "allocations": len(allocation.frame),
        "seed": allocation.seed.seed,
        "generator": allocation.seed.generator,
        "sha256": {"allocation_list": allocation.sha256, "sealed_list": sealed_sha256},
        "versions": {"coxa": __version__, "python": platform.python_version(), **allocation.seed.versions},
    }
    return record if date is None else {**record, "date": date}


def check_folder(folder: Path) -> Findings:
    """Return a finding for every allocation of a folder that does not fit its seal."""
    import pandas as pd

    from coxa.design.sealed import check_seals

    tables = []
    for name in (SEALED, KEY, LIST):
        path = folder / name
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        with undamaged(path, "Take the file as it was made from your archive."):
            tables.append(pd.read_csv(path, dtype=str, keep_default_na=False))
    with undamaged(folder, "Take the files as they were made from your archive."):
        return check_seals(*tables)


def redcap_choices(plan: ComparativeStudy, allocation: AllocationList) -> dict[str, str]:
    """Return field -> its choices as REDCap's dictionary writes them, for the fields of the REDCap table."""
    part = plan.allocation
    redcap = part.redcap if part else {}
    words = {"arm": {name: plan.label("arms", name) for name in plan.arms}}
    words |= {name: plan.covariates[name].level_labels() for name in factors_of(allocation.scheme)}
    choices = {}
    for name, labels in words.items():
        field = redcap.get(name)
        codes = field.codes if field else {}
        called = (field.field if field else None) or ("the randomisation field" if name == "arm" else name)
        choices[called] = " | ".join(f"{codes.get(word, word)}, {label}" for word, label in labels.items())
    return choices
