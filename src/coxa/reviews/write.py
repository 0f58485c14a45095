"""Write a review: report, results, the plan as it was, and the prior of a next trial."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from coxa.files import save, save_parquet, whole_run
from coxa.meta.review.run import Review
from coxa.report.document import Document, Format
from coxa.report.output.csv_files import write_csv
from coxa.report.output.render import render_document
from coxa.report.trace.results import numbers_frame
from coxa.reviews.page.build import build_review
from coxa.reviews.page.next_trial import prior_record


def write_review(
    review: Review, folder: str | Path, forms: Sequence[Format] = ("html",), *, plan_text: str = ""
) -> list[Path]:
    """Write the report of a meta-analysis: all files, or none where one cannot be written.

    Parameters
    ----------
    review
        From `pool_studies`.
    folder
        Where to write; made if it is missing.
    forms
        Of the report: "html", "pdf", "docx". A page has everything, PDF and Word the answer and the main sections.
    plan_text
        The plan as YAML, where it is not in a file yet; it is written to `pool.yaml`.

    Returns
    -------
    list of Path
        The report in each form. Next to it are `results.parquet` and `results.csv` with every number, and
        `next_trial.json`, the prior of a next trial.

    Examples
    --------
    >>> from coxa.study import PoolPlan
    >>> study = {"source": "paper", "estimate": -7.4, "interval": [-11.8, -3.0]}
    >>> plan = PoolPlan.model_validate({
    ...     "pool": "tiny", "title": "Tiny", "outcome": {"label": "Pain", "measure": "md", "higher_is_better": False},
    ...     "studies": {"krauss_2014": study},
    ... })
    >>> from coxa.meta import pool_studies
    >>> [path.name for path in write_review(pool_studies(plan), "out")]
    ['review.html']
    """
    out, document = Path(folder), build_review(review)
    origin = review.plan.origin
    with whole_run(out) as part:
        if plan_text:
            save(part / "pool.yaml", plan_text)
        for form in forms:
            shown = replace(document, length="full" if form == "html" else "journal")
            save(part / f"review.{form}", render_document(shown, form))
        frame = numbers_frame(document, origin.sha256 if origin else "", "")
        save_parquet(frame, part / "results.parquet")
        write_csv(frame, part / "results.csv")
        if (prior := prior_record(review)) is not None:
            save(part / "next_trial.json", json.dumps(prior, indent=2, ensure_ascii=False) + "\n")
    return [out / f"review.{form}" for form in forms]


def review_document(review: Review) -> Document:
    """Return the report of a meta-analysis as a document; see `coxa.report.render`.

    Parameters
    ----------
    review
        From `pool_studies`.

    Returns
    -------
    Document

    Examples
    --------
    >>> from coxa.meta import pool_studies
    >>> from coxa.study import PoolPlan
    >>> study = {"source": "paper", "estimate": -7.4, "interval": [-11.8, -3.0]}
    >>> review = pool_studies(PoolPlan.model_validate({
    ...     "pool": "tiny", "title": "Tiny", "outcome": {"label": "Pain", "measure": "md", "higher_is_better": False},
    ...     "studies": {"krauss_2014": study},
    ... }))
    >>> [section.id for section in review_document(review).sections][:3]
    ['answer', 'trials', 'heterogeneity']
    """
    return build_review(review)
