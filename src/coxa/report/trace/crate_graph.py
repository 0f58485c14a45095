"""The metadata of an RO-Crate: every file, the run that made it, and the software, as one flat graph."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from coxa.report.record import ReportRecord
from coxa.study import Study

CONTEXT = "https://w3id.org/ro/crate/1.2/context"
CRATE = "https://w3id.org/ro/crate/1.2"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
PACKAGES, GENERIC = "https://pypi.org/project/", "pkg:generic/"
NO_LICENCE = "No licence was given: ask the owners of the trial before using it."
ENCODINGS = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}

Entity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CrateFile:
    """A file of the crate.

    name    : in the archive
    content : bytes
    title   : what it is
    note    : what is in it
    given   : whether the run took it; else the run made it
    """

    name: str
    content: bytes
    title: str
    note: str
    given: bool = False


def crate_graph(
    report: ReportRecord[Study], files: tuple[CrateFile, ...], date: str, licence: str = ""
) -> dict[str, Any]:
    """Return the content of ro-crate-metadata.json.

    Parameters
    ----------
    report
        A plan, its data and its results.
    files
        What is in the archive.
    date
        Day of publication.
    licence
        Words, or an address.

    Returns
    -------
    dict
        JSON-LD, flattened: the descriptor, the root, files, files of data that are named and not in the crate, the
        action that made the results, the software, and what these refer to.
    """
    described = [_file(file) for file in files]
    absent = [_absent(name, sha256) for name, sha256 in report.run.data_sha256.items()]
    programs = _programs(report)
    terms = _licence(licence)
    given = [_at(file.name) for file in files if file.given] + [entity["@id"] for entity in absent]
    made = [_at(file.name) for file in files if not file.given]
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": report.study.title,
        "description": _description(report),
        "datePublished": date,
        "license": {"@id": terms["@id"]},
        "conformsTo": {"@id": PROFILE},
        "hasPart": _refer([entity["@id"] for entity in (*described, *absent)]),
        "mentions": {"@id": "#run"},
    }
    action: Entity = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Analyses and report of {report.study.study}",
        "description": f"{report.status.as_text()[:1].upper()}{report.status.as_text()[1:]}.",
        "instrument": {"@id": programs[0]["@id"]},
        "object": _refer(given),
        "result": _refer(made),
        "endTime": date,
    }
    profile = {"@id": PROFILE, "@type": ["CreativeWork", "Profile"], "name": "Process Run Crate", "version": "0.5"}
    graph = [_descriptor(), root, *described, *absent, action, *programs, profile, terms]
    return {"@context": CONTEXT, "@graph": graph}


def _descriptor() -> Entity:
    return {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": CRATE},
    }


def _description(report: ReportRecord[Study]) -> str:
    registered = f", {report.study.registration}" if report.study.registration else ""
    return (
        f"Plan, results and report of the study {report.study.study}{registered}, made with coxa "
        f"{report.run.versions['coxa']}. The data of the participants are not in it: their files are named, with "
        "hashes."
    )


def _file(file: CrateFile) -> Entity:
    return {
        "@id": _at(file.name),
        "@type": "File",
        "name": file.title,
        "description": file.note,
        "encodingFormat": _encoding(file.name),
        "contentSize": str(len(file.content)),
        "sha256": hashlib.sha256(file.content).hexdigest(),
    }


def _absent(name: str, sha256: str) -> Entity:
    """Describe a file of data that is deliberately not in the crate."""
    return {
        "@id": f"#data/{quote(name)}",
        "@type": "File",
        "name": name,
        "description": "Data of participants; not in this crate.",
        "encodingFormat": _encoding(name),
        "localPath": f"data/{name}",
        "sha256": sha256,
    }


def _programs(report: ReportRecord[Study]) -> list[Entity]:
    """Return coxa, and what it ran on."""
    coxa, *others = (_program(name, version) for name, version in report.run.versions.items())
    return [{**coxa, "softwareRequirements": _refer([entity["@id"] for entity in others])}, *others]


def _program(name: str, version: str) -> Entity:
    """Describe a program: a package by its page on PyPI, coxa and Python by their package URLs."""
    listed = name not in ("coxa", "python")
    where = f"{quote(name)}/{quote(version)}/" if listed else f"{quote(name)}@{quote(version)}"
    address = f"{PACKAGES if listed else GENERIC}{where}"
    return {"@id": address, "@type": "SoftwareApplication", "name": name, "version": version, "url": address}


def _licence(licence: str) -> Entity:
    if licence.startswith(("https://", "http://")):
        return {"@id": licence, "@type": "CreativeWork", "name": licence, "description": "Licence of this crate."}
    name = licence or "No licence"
    return {"@id": "#licence", "@type": "CreativeWork", "name": name, "description": licence or NO_LICENCE}


def _encoding(name: str) -> str:
    return ENCODINGS.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _at(name: str) -> str:
    """Return a name of a file as the address that the metadata use."""
    return quote(name)


def _refer(names: list[str]) -> list[dict[str, str]]:
    return [{"@id": name} for name in names]
