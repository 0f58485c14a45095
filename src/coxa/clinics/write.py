"""Write an audit: what is published in one folder, and what is for the own eyes in a folder in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from coxa.clinics.audit import Audit
from coxa.clinics.measures.few_points import with_enough_points
from coxa.clinics.page.build import build_page
from coxa.clinics.page.letters import letters
from coxa.clinics.provenance import provenance, run_record
from coxa.clinics.publishing.earlier import NAME, counts_text
from coxa.clinics.publishing.published import Published
from coxa.files import save, save_parquet, whole_run
from coxa.report.document import Document, Format
from coxa.report.output.csv_files import write_csv
from coxa.report.output.render import render_document
from coxa.report.trace.identity import data_hash
from coxa.report.trace.kept import path_from, write_facts
from coxa.report.trace.results import numbers_frame
from coxa.tables.table import identifier

AuditLength = Literal["journal", "full"]
AUDIT_LENGTHS: tuple[AuditLength, ...] = get_args(AuditLength)

OWN, INPUTS = "own", "own/inputs.json"
"""Folder for the eyes of those whose data they are, and the file in it that says where plan and data are."""


def write_audit(
    audit: Audit,
    published: Published,
    folder: str | Path,
    forms: Sequence[Format] = ("html",),
    *,
    data: str | Path | None = None,
    length: AuditLength | None = None,
    letter_form: Format | None = None,
) -> list[Path]:
    """Write an audit: all files, or none where one cannot be written.

    Parameters
    ----------
    audit
        With true numbers; only files in the folder `own` are written from it.
    published
        What others see, from `publish`.
    folder
        Where to write; made if it is missing.
    forms
        Of the page: "html", "pdf", "docx".
    data
        Where the data are, if elsewhere than the plan says; `coxa verify` looks there again.
    length
        "journal" (the answer and the main sections) or "full"; unless given, a page is full, PDF and Word are short.
    letter_form
        Also write a letter for each clinic and each therapist, in this form.

    Returns
    -------
    list of Path
        The page in each form.

    Notes
    -----
    The page, `results.*`, `certificate.json` and the tables in `tables` have no number outside the protected set. The
    folder `own` has findings, rows left out, the names behind the codes of therapists, the counts for the next audit,
    and letters; only its owner can read them.

    Examples
    --------
    >>> from coxa.clinics import audit_clinics, publish
    >>> from coxa.simulate import simulate_registry
    >>> from coxa.study import RegistryAssumptions
    >>> registry = simulate_registry(RegistryAssumptions(years=1), seed=1, episodes=900)
    >>> audit = audit_clinics(registry.plan, registry.episodes)
    >>> written = write_audit(audit, publish(audit), "out")
    >>> [path.name for path in written], Path("out/own/counts.json").is_file()
    (['audit.html'], True)
    """
    out, document = Path(folder), published_page(published)
    lengths: dict[Format, AuditLength] = {form: length or ("full" if form == "html" else "journal") for form in forms}
    with whole_run(out) as part:
        for form, shown in lengths.items():
            save(part / f"audit.{form}", render_document(replace(document, length=shown), form))
        _numbers(
            audit, published, document, part, {f"audit.{form}": shown for form, shown in lengths.items()}, data, out
        )
        save(part / "certificate.json", _json(certificate(published)))
        for name, frame in public_tables(published.audit):
            write_csv(frame, part / "tables" / f"{name}.csv")
        _own(audit, published, part / OWN, letter_form)
        save(part / INPUTS, _json(_inputs(audit, out, data)), private=True)
    return [out / f"audit.{form}" for form in forms]


def published_page(published: Published) -> Document:
    """Return the page as a document of which it is known that small counts are hidden."""
    return replace(build_page(published), small_cells=published.certificate.k)


def numbers(audit: Audit, published: Published, document: Document) -> pd.DataFrame:
    """Return the results data set of the page of an audit."""
    run = run_record(audit)
    models = {name: 1 for name, found in published.audit.case_mix.items() if not found.without}
    return numbers_frame(document, run.plan_sha256, data_hash(run.data_sha256), models=models)


def _numbers(
    audit: Audit,
    published: Published,
    document: Document,
    part: Path,
    lengths: Mapping[str, AuditLength],
    data: str | Path | None,
    home: Path,
) -> None:
    """Write the results data set and where it is from."""
    frame = numbers(audit, published, document)
    save_parquet(frame, part / "results.parquet")
    write_csv(frame, part / "results.csv")
    write_facts(provenance(published.audit), document, frame, part, lengths, audit.plan.origin, data, home)


def certificate(published: Published) -> dict[str, Any]:
    """Return the certificate as it is written, with words on what it says and what it does not."""
    k = published.certificate.k
    return {
        "audit": published.audit.plan.audit,
        "says": "From all counts of the page, its tables and the results data set, and from those of the earlier "
        f"audits that were given, no hidden count can be narrowed down to fewer than {k} episodes.",
        "does_not_say": "Means, shares, limits and coefficients are shown where their counts are, with the digits of "
        "the page; they are not attacked. What a reader knows from elsewhere is not covered, nor are sums of hidden "
        "counts that no table has, nor a reader who guesses which counts are hidden because they are small.",
        **published.certificate.as_dict(),
    }


def public_tables(audit: Audit) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the frame of each table of what is published."""
    for dimensions, groups in audit.completeness.counts.items():
        yield identifier("completeness", *dimensions), groups.dropna(axis=1, how="all")
    for outcome, found in audit.case_mix.items():
        for name in ("clinics", "therapists", "coefficients", "variances", "calibration", "recovery"):
            yield identifier("case-mix", outcome, name), getattr(found, name)
    for share in audit.shares:
        yield identifier("share", share.outcome, share.kind), share.clinics
    for rate in audit.rates:
        yield identifier("rate", rate.name), rate.clinics
    for event, frame in audit.stretches.items():
        yield identifier("rare", event, "stretches"), frame
    if audit.rare:
        numbers = ["event", "clinic", "n", "events", "expected", "highest", "limit", "signals", "variation"]
        yield "rare", pd.DataFrame([{name: getattr(one, name) for name in numbers} for one in audit.rare])
    charts = map(with_enough_points, audit.series)
    series = [one.frame.assign(measure=one.measure, clinic=one.clinic) for one in charts]
    if series:
        yield "over-time", pd.concat(series, ignore_index=True)


def _own(audit: Audit, published: Published, folder: Path, letter_form: Format | None) -> None:
    """Write what is for the own eyes."""
    write_csv(audit.findings.to_frame(), folder / "findings.csv", private=True)
    write_csv(audit.disposition.left_out, folder / "left_out.csv", private=True)
    write_csv(audit.disposition.counts, folder / "disposition.csv", private=True)
    codes = [{"clinic": clinic, "therapist": name, "code": code} for (clinic, name), code in published.codes.items()]
    write_csv(pd.DataFrame(codes, columns=["clinic", "therapist", "code"]), folder / "therapists.csv", private=True)
    if published.letters:
        letters_of = pd.DataFrame(list(published.letters.items()), columns=["clinic", "letter"])
        write_csv(letters_of, folder / "clinics.csv", private=True)
    save(folder / NAME, counts_text(published.protected), private=True)
    if letter_form is not None:
        for name, document in letters(audit, published).items():
            save(folder / "letters" / f"{name}.{letter_form}", render_document(document, letter_form), private=True)


def _inputs(audit: Audit, folder: Path, data: str | Path | None) -> dict[str, str | None]:
    """Return where plan and data are, from the folder of the audit; no file that is published says so."""
    origin = audit.plan.origin
    plan = Path(origin.folder) / origin.name if origin else None
    return {"plan": path_from(folder, plan), "data": None if data is None else path_from(folder, Path(data))}


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
