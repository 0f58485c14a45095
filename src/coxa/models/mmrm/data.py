"""The analysed rows of a repeated-measures model as arrays, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.errors import DataError, OptionError, not_allowed
from coxa.findings import Finding, Findings
from coxa.models.covariance.structure import Structure
from coxa.models.design.columns import in_order, label_text
from coxa.models.design.formula import split_random
from coxa.models.design.matrix import Design, design_matrix, nothing_left_out
from coxa.models.design.rows import check_cells, check_enough, check_keys, check_unique, place, skipped, visit_order
from coxa.models.results.records import Sample
from coxa.models.spec import MMRMSpec


@dataclass(frozen=True, slots=True)
class RepeatedData:
    """Rows of a repeated-measures model, N analysed of those that came in.

    design        : design, outcome, and which rows are analysed
    who, when     : (N,) participants and visits as integer codes
    labels        : the visits in order
    order_warning : why their order should be looked at; empty if it was given
    apart         : where they are not one step apart, in words; empty where nothing tells
    group         : (N,) covariance group as integer codes, or None
    group_labels  : the groups in order; one without a name where there is no group
    weights       : (N,) or None
    times         : (N,) or None
    sample        : what is kept of all this in the fit
    """

    design: Design
    who: np.ndarray
    when: np.ndarray
    labels: tuple[str, ...]
    order_warning: str
    apart: str
    group: np.ndarray | None
    group_labels: tuple[str, ...]
    weights: np.ndarray | None
    times: np.ndarray | None
    sample: Sample

    @property
    def visit_times(self) -> np.ndarray | None:
        """The time of each visit (m,) where it is the same in all participants, else None."""
        if self.times is None:
            return None
        low, high = np.full(len(self.labels), np.inf), np.full(len(self.labels), -np.inf)
        np.minimum.at(low, self.when, self.times)
        np.maximum.at(high, self.when, self.times)
        return low if (low == high).all() else None


def repeated_data(spec: MMRMSpec, data: pd.DataFrame, *, also: Sequence[str] = ()) -> RepeatedData:
    """Read and check the rows of a model; the errors are those of `coxa.models.fit_mmrm`.

    also : further columns that an analysed row must have
    """
    participant, visit, group, weights, time = spec.participant, spec.visit, spec.group, spec.weights, spec.time
    check_keys(data, (participant, visit))
    extra = [name for name in (group, weights, time) if name is not None]
    for name in extra:
        if name not in data.columns:
            raise OptionError(not_allowed("column", name, map(str, data.columns)))
    order = visit_order(data[visit], spec.visits)
    labels = tuple(label_text(label) for label in order.labels)
    codes = pd.Index(order.labels).get_indexer(pd.Index(data[visit]))
    keep = codes >= 0
    table = data.assign(**{visit: pd.Categorical.from_codes(codes, pd.Index(labels))})
    design = design_matrix(split_random(spec.formula)[0], table, keep=keep, also=[*extra, *also])
    check_unique(table, design.complete, (participant, visit))
    check_cells(design)
    used = data.loc[design.complete, [participant, *extra]]
    who = pd.factorize(used[participant])[0]
    when = codes[design.complete]
    check_enough(who, when, labels, design.y, len(design.names))
    check_one_visit(spec.ladder, len(labels))

    rows = np.flatnonzero(design.complete)
    grouped = None if group is None else group_codes(used[group], who, rows)
    times = None if time is None else checked_times(used[time], who, rows)
    weighted = None if weights is None else checked_weights(used[weights], rows)
    group_labels = ("",) if grouped is None else grouped[1]
    sample = Sample(
        participant_column=participant,
        visit_column=visit,
        participant=used[participant].to_numpy(),
        visit=np.asarray(labels, dtype=object)[when],
        visits=labels,
        left_out=rows_left_out(table, design, keep, participant, visit, data[visit]),
        group=None if grouped is None else np.asarray(grouped[1], dtype=object)[grouped[0]],
        weights=weighted,
        times=times,
    )
    codes_of_group = None if grouped is None else grouped[0]
    return RepeatedData(
        design=design,
        who=who,
        when=when,
        labels=labels,
        order_warning=order.warning,
        apart=skipped(data[visit], order.labels),
        group=codes_of_group,
        group_labels=group_labels,
        weights=weighted,
        times=times,
        sample=sample,
    )


def check_one_visit(ladder: Sequence[Structure], m: int) -> None:
    """Raise OptionError where a structure needs more visits than one."""
    for structure in ladder:
        if m == 1 and structure.count(1) > 1:
            raise OptionError(f"Covariance '{structure.name}' needs two visits or more. Use 'us' with one.")


def group_codes(values: pd.Series, who: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the group of each row (N,) as a code, and the groups in the order of the categories, else sorted.

    Raises
    ------
    DataError
        A participant is in two groups.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = values.cat.remove_unused_categories().cat.categories
    else:
        levels = pd.Index(in_order(pd.unique(values), values.name))
    codes = levels.get_indexer(pd.Index(values))
    first = np.empty(int(who.max()) + 1, dtype=np.intp)
    first[who[::-1]] = codes[::-1]
    check_rows(
        codes != first[who],
        rows,
        values,
        "the covariance group differs between the rows of the participant",
        "Correct the column, or use a group that does not change.",
    )
    return codes, tuple(label_text(level) for level in levels)


def checked_weights(values: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Return weights (N,); raise DataError where one is not a number above 0."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    wrong = ~(np.isfinite(numbers) & (numbers > 0))
    check_rows(
        wrong, rows, values, "the weight is not a number above 0", "Correct it, or leave it empty to leave the row out."
    )
    return numbers


def checked_times(values: pd.Series, who: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return times (N,); raise DataError where one is not a number, or a participant has two rows at one time."""
    rule = "the time is not a number"
    if values.dtype.kind in "mM":  # pandas would count nanoseconds
        check_rows(np.ones(len(values), dtype=bool)[:1], rows, values, rule, "Give days or weeks since randomisation.")
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    check_rows(~np.isfinite(numbers), rows, values, rule, "Give days or weeks since randomisation.")
    twice = pd.DataFrame({"who": who, "time": numbers}).duplicated().to_numpy()
    rule = "the participant has another row at this time"
    check_rows(twice, rows, values, rule, "Correct the time, or keep the row that counts.")
    return numbers


def check_rows(wrong: np.ndarray, rows: np.ndarray, values: pd.Series, rule: str, remedy: str) -> None:
    """Raise DataError naming the rows of a column in which a rule is broken."""
    found = [
        Finding("error", "data", rule, remedy, place(rows[k]), field=str(values.name), value=str(values.iloc[k]))
        for k in np.flatnonzero(wrong)
    ]
    if found:
        raise DataError(f"column '{values.name}' cannot be used:", Findings.of(found))


def rows_left_out(
    table: pd.DataFrame, design: Design, keep: np.ndarray, participant: str, visit: str, labels: pd.Series
) -> pd.DataFrame:
    """Return every row that is not analysed: its label, participant, visit and the reason."""
    rows = np.flatnonzero(~design.complete)
    if not len(rows):
        return nothing_left_out(("row", participant, visit, "reason")).copy()
    reasons = iter(f"{missing} is missing" for missing in design.left_out["missing"])
    return pd.DataFrame(
        {
            "row": table.index[rows],
            participant: table[participant].to_numpy()[rows],
            visit: [label_text(label) for label in labels.iloc[rows]],
            "reason": [next(reasons) if keep[row] else f"{visit} is not among those analysed" for row in rows],
        }
    )
