"""The analysed rows of generalised estimating equations as arrays, checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.errors import FewClustersError, OptionError, not_allowed
from coxa.models.design.columns import label_text
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.design.rows import VisitOrder, check_cells, check_keys, check_unique, skipped, visit_order
from coxa.models.gee.clusters import Clusters, clusters_of
from coxa.models.gee.spec import GEESpec
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.fit import check_outcome, with_numbers
from coxa.models.mmrm.data import check_rows, rows_left_out
from coxa.models.results.records import Sample

VISIT = "visit"
"""The column whose order is taken unless another is named."""


@dataclass(frozen=True, slots=True)
class ClusteredData:
    """Rows of estimating equations, N analysed of those that came in.

    spec     : options, with the column of the order that is used
    design   : design, outcome, and which rows are analysed
    offset   : (N,) logarithm of the exposure; 0 without
    cluster  : (N,) label of the cluster of each row
    by       : (N,) the order that sorts the rows by cluster and place
    clusters : of the sorted rows
    sample   : what is kept of the rows in the fit
    warnings : about their order
    """

    spec: GEESpec
    design: Design
    offset: np.ndarray
    cluster: np.ndarray
    by: np.ndarray
    clusters: Clusters
    sample: Sample
    warnings: tuple[str, ...]


def clustered_data(spec: GEESpec, data: pd.DataFrame) -> ClusteredData:
    """Read and check the rows; the errors are those of `coxa.models.fit_gee`."""
    spec = with_order(spec, data)
    has_people = spec.participant in data.columns
    keys = (spec.participant if has_people else spec.cluster, spec.order)
    check_keys(data, [name for name in keys if name is not None])
    table, labels, codes, warnings = in_places(spec, with_numbers(data, spec.formula))
    design = design_matrix(spec.formula, table, also=[spec.cluster, *([spec.exposure] if spec.exposure else [])])
    if spec.order is not None and (spec.ordered or has_people):
        who = spec.cluster if spec.ordered or not has_people else spec.participant
        check_unique(table, design.complete, (who, spec.order))
    check_cells(design)
    check_outcome(design, FAMILIES[spec.family])
    used = data.loc[design.complete]
    cluster = pd.factorize(used[spec.cluster])[0]
    check_clusters(spec.cluster, int(cluster.max()) + 1, len(design.names))
    place = None if codes is None else codes[design.complete]
    order, clusters = clusters_of(cluster, place)
    if has_people:
        check_nested(cluster, used, design, spec)
    column = spec.participant if has_people else spec.cluster
    return ClusteredData(
        spec=spec,
        design=design,
        offset=offset_of(spec, used, design),
        cluster=used[spec.cluster].to_numpy(),
        by=order,
        clusters=clusters,
        sample=sample_of(spec, table, design, column, labels, place),
        warnings=(*warnings, *design.unused_said),
    )


def sample_of(
    spec: GEESpec, table: pd.DataFrame, design: Design, column: str, labels: tuple[str, ...], place: np.ndarray | None
) -> Sample:
    """Return what the fit keeps of the rows; `column` says whose they are."""
    visit = spec.order or VISIT
    shown = table if visit in table.columns else table.assign(**{visit: ""})
    placed = np.zeros(len(design.y), dtype=np.intp) if place is None else place
    return Sample(
        participant_column=column,
        visit_column=spec.order,
        participant=table.loc[design.complete, column].to_numpy(),
        visit=np.asarray(labels, dtype=object)[placed],
        visits=labels,
        left_out=rows_left_out(shown, design, np.ones(len(table), dtype=bool), column, visit, shown[visit]),
    )


def with_order(spec: GEESpec, data: pd.DataFrame) -> GEESpec:
    """Return the options with the column of the order that is used: the one named, else `visit` where there is one.

    Raises
    ------
    OptionError
        A column is not there, or the working correlation needs an order and there is none.
    """
    for name in filter(None, (spec.cluster, spec.order, spec.exposure)):
        if name not in data.columns:
            raise OptionError(not_allowed("column", name, map(str, data.columns)))
    if spec.order is not None:
        return spec
    if VISIT in data.columns:
        return replace(spec, order=VISIT)
    if spec.ordered:
        raise OptionError(
            f"Working correlation '{spec.working}' needs the order of the rows of a cluster. Name its column: "
            "order='visit'."
        )
    return spec


def in_places(
    spec: GEESpec, data: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...], np.ndarray | None, tuple[str, ...]]:
    """Return the rows with a textual order in its order, the labels of the places, each row's place, and warnings."""
    if spec.order is None:
        return data, ("",), None, ()
    values = data[spec.order]
    order = visit_order(values, None)
    codes = pd.Index(order.labels).get_indexer(pd.Index(values))
    labels = tuple(label_text(label) for label in order.labels)
    warnings = about_steps(spec.order, values, order, labels) if spec.working == "ar1" else ()
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        data = data.assign(**{spec.order: pd.Categorical.from_codes(codes, pd.Index(labels))})
    return data, labels, codes, warnings


def about_steps(column: str, values: pd.Series, order: VisitOrder, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Say what an ar1 correlation takes for granted about the order of the places, and the steps between them."""
    warnings: tuple[str, ...] = ()
    if order.warning:
        warnings += (
            f"{column} taken in the order of the alphabet ({', '.join(labels)}); make it categorical in its own order",
        )
    apart = skipped(values, order.labels)
    if apart:
        warnings += (f"{column}: {apart}; ar1 correlation counts neighbours as one step apart all the same",)
    return warnings


def check_clusters(column: str, count: int, p: int) -> None:
    """Raise FewClustersError where a sandwich of so many clusters has no degree of freedom left."""
    if count <= p:
        raise FewClustersError(
            f"there are {count} clusters ('{column}') and {p} coefficients, and a variance between clusters needs more "
            "clusters than coefficients",
            ["Use a smaller formula.", "Compare one value per cluster, such as its share, with coxa.models.fit_glm."],
        )


def check_nested(cluster: np.ndarray, used: pd.DataFrame, design: Design, spec: GEESpec) -> None:
    """Raise DataError where the rows of a participant are in two clusters."""
    if spec.participant == spec.cluster:
        return
    who = pd.factorize(used[spec.participant])[0]
    first = np.empty(int(who.max()) + 1, dtype=np.intp)
    first[who[::-1]] = cluster[::-1]
    check_rows(
        cluster != first[who],
        np.flatnonzero(design.complete),
        used[spec.cluster],
        "the participant has rows in another cluster",
        "Correct the column, or give the participant two identifiers.",
    )


def offset_of(spec: GEESpec, used: pd.DataFrame, design: Design) -> np.ndarray:
    """Return the logarithm of the exposure (N,), 0 without; raise DataError where one is not a number above 0."""
    if spec.exposure is None:
        return np.zeros(len(design.y))
    numbers = pd.to_numeric(used[spec.exposure], errors="coerce").to_numpy(dtype=float)
    check_rows(
        ~(np.isfinite(numbers) & (numbers > 0)),
        np.flatnonzero(design.complete),
        used[spec.exposure],
        "the exposure is not a number above 0",
        "Correct it, or leave it empty to leave the row out.",
    )
    return np.log(numbers)
