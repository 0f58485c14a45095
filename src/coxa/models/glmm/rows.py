"""The analysed rows of a generalised linear mixed model, sorted by cluster and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.errors import DataError, FitError, OptionError, SeparationError, not_allowed
from coxa.findings import Finding, Findings
from coxa.models.design.columns import label_text
from coxa.models.design.formula import RandomTerm, read_terms, split_random
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.design.rows import check_cells, check_frame, check_keys, place
from coxa.models.glm.fit import check_outcome, with_numbers
from coxa.models.glmm.outcomes import OUTCOMES
from coxa.models.lmm.data import check_outcome as check_not_random
from coxa.models.lmm.data import left_out
from coxa.models.results.records import Sample
from coxa.models.spec import GLMMSpec

FEWEST_CLUSTERS = 3
"""Clusters from which a variance between them is estimated."""


@dataclass(frozen=True, slots=True)
class ClusteredRows:
    """Rows of a generalised linear mixed model, N analysed of those that came in.

    design   : design and outcome, rows in the order of the data
    order    : (N,) positions that sort the rows by cluster
    codes    : (N,) cluster of each row, in the order of the data
    labels   : (C,) clusters as text
    cluster  : name of the cluster's column, or of several joined with a colon
    exposure : (N,) or None
    sample   : what is kept of all this in the fit
    """

    design: Design
    order: np.ndarray
    codes: np.ndarray
    labels: tuple[str, ...]
    cluster: str
    exposure: np.ndarray | None
    sample: Sample


def clustered_rows(spec: GLMMSpec, data: pd.DataFrame) -> ClusteredRows:
    """Read and check the rows; the errors are those of `coxa.models.fit_glmm`."""
    fixed, written = split_random(spec.formula)
    data = with_numbers(check_frame(data), fixed)
    columns = [str(name) for name in data.columns]
    term = the_intercept(spec.formula, read_terms(spec.formula, written, columns))
    for name in (spec.participant, spec.exposure):
        if name is not None and name not in columns:
            raise OptionError(not_allowed("column", name, columns))
    who = spec.participant or ("participant_id" if "participant_id" in columns else None)
    if who is not None:
        check_keys(data, (who,))
    also = [*term.columns, *([spec.exposure] if spec.exposure else [])]
    design = design_matrix(fixed, data, also=also)
    design = replace(design, formula=replace(design.formula, text=spec.formula))
    check_not_random(design, [term])
    check_not_fixed(term, design)
    check_cells(design)
    check_outcome(design, OUTCOMES[spec.family].base)
    used = data.loc[design.complete]
    codes, labels = clusters_of(used, term)
    check_clusters(spec, term.factor, codes, design.y)
    return ClusteredRows(
        design=design,
        order=np.argsort(codes, kind="stable"),
        codes=codes,
        labels=labels,
        cluster=term.factor,
        exposure=None if spec.exposure is None else checked_exposure(used[spec.exposure], design.complete),
        sample=sample_of(spec, data, used, design, who or term.factor, codes),
    )


def the_intercept(formula: str, terms: tuple[RandomTerm, ...]) -> RandomTerm:
    """Return the one random intercept of a formula; raise OptionError where it has another random part."""
    if len(terms) != 1 or terms[0].effects.replace(" ", "") != "1" or terms[0].by is not None:
        written = ", ".join(dict.fromkeys(term.text for term in terms)) or "none"
        raise OptionError(
            f"Formula '{formula}': the random effects are {written}. Give one random intercept, such as "
            "(1 | participant_id)."
        )
    return terms[0]


def check_not_fixed(term: RandomTerm, design: Design) -> None:
    """Raise OptionError where the cluster is a fixed effect too."""
    if set(term.columns) & set(design.formula.variables):
        raise OptionError(
            f"Formula '{design.formula.text}': {term.factor} is a fixed effect and a random intercept. Leave one out."
        )


def clusters_of(used: pd.DataFrame, term: RandomTerm) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the cluster (N,) of each row, in the order in which they appear, and their labels."""
    columns = list(term.columns)
    keys = pd.MultiIndex.from_frame(used[columns]) if len(columns) > 1 else pd.Index(used[columns[0]])
    codes, levels = pd.factorize(keys)
    texts = [":".join(map(label_text, level)) if len(columns) > 1 else label_text(level) for level in levels]
    return codes.astype(np.intp), tuple(texts)


def check_clusters(spec: GLMMSpec, name: str, codes: np.ndarray, y: np.ndarray) -> None:
    """Raise FitError where a variance between clusters is not defined, SeparationError where it would be infinite."""
    sizes = np.bincount(codes)
    if len(sizes) < FEWEST_CLUSTERS:
        raise FitError(
            f"{name} has {len(sizes)} levels with analysed rows, and a variance between levels needs {FEWEST_CLUSTERS}",
            [f"Take {name} as a fixed effect, in coxa.models.fit_glm."],
        )
    if spec.family != "poisson" and sizes.max() == 1:
        raise FitError(
            f"every level of {name} has one row, so that its variance cannot be distinguished from that of the rows",
            [f"Leave (1 | {name}) out and use coxa.models.fit_glm.", "Look whether rows were lost."],
        )
    if spec.family == "binomial":
        events = np.bincount(codes, y)
        if ((events == 0) | (events == sizes)).all() and 0 < events.sum() < len(y):
            raise SeparationError(
                f"the outcome is the same in all rows of each of the {len(sizes)} levels of {name}, so that the "
                "variance between them would be infinite",
                [f"Analyse one row for each level of {name}, in coxa.models.fit_glm."],
            )


def checked_exposure(values: pd.Series, complete: np.ndarray) -> np.ndarray:
    """Return the exposure (N,); raise DataError for rows in which it is not above zero."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise OptionError(f"Column '{values.name}' of the exposure is not numeric ({values.dtype}). Make it numbers.")
    exposure = values.to_numpy(dtype=float)
    wrong = ~((exposure > 0) & np.isfinite(exposure))
    if wrong.any():
        rows = np.flatnonzero(complete)[wrong]
        raise DataError(
            "rows have no exposure:",
            Findings.of(
                Finding(
                    "error",
                    "data",
                    f"the exposure {values.name} is {value:g}, not above 0",
                    "Correct it, or leave it empty so that the row is left out.",
                    place(row),
                    field=str(values.name),
                )
                for row, value in zip(rows, exposure[wrong], strict=True)
            ),
        )
    return exposure


def sample_of(
    spec: GLMMSpec, data: pd.DataFrame, used: pd.DataFrame, design: Design, who: str, codes: np.ndarray
) -> Sample:
    """Return which participants and visits were analysed; without a column of participants the clusters are these."""
    has_visit = spec.visit in design.levels
    levels = design.levels[spec.visit] if has_visit else ()
    there = used[spec.visit].map({level: label_text(level) for level in levels}) if has_visit else None
    return Sample(
        participant_column=who,
        visit_column=spec.visit if has_visit else None,
        participant=used[who].to_numpy() if who in used.columns else codes,
        visit=np.full(len(used), "", dtype=object) if there is None else there.to_numpy(dtype=object),
        visits=tuple(map(label_text, levels)) if has_visit else ("",),
        left_out=left_out(data, design, who, spec.visit),
    )
