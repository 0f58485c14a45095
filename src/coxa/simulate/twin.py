"""A synthetic twin of a table: alike in shape, distributions, correlations and gaps, and nobody's row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, FRAMES, kinds
from coxa.cards import Carded
from coxa.errors import DataError, FitError, OptionError, not_allowed
from coxa.findings import Finding, Findings
from coxa.simulate.disclosure import Disclosure, disclosure
from coxa.simulate.root import symmetric_root
from coxa.simulate.seeds import generator
from coxa.study.assumptions.correlation import nearest_correlation

FEWEST = 10
"""Rows from which a table has distributions to be imitated."""

MANY = 0.5
"""Share of distinct values from which text is taken for free text, which is not imitated."""

ROUNDS = 40
"""Times that rows too near to an original are drawn again."""

NEIGHBOURS = 5
"""Original rows, those nearest in the columns without gaps, one of which lends a twin's row its gaps."""


OF_TABLE, IN_TABLE = "\t", "\tin the table"
"""Between the name of a table and that of its column; the column that says who is in a table."""


@dataclass(frozen=True, slots=True, repr=False)
class Twin(Carded):
    """A synthetic twin and how near it comes to the original.

    data       : rows in the columns of the original; identifiers are new, and free text is empty
    disclosure : how near its rows are to the original's
    blank      : columns that were left empty

    Examples
    --------
    >>> import pandas as pd
    >>> twin = synthetic_twin(pd.DataFrame({"participant_id": range(40), "age": range(30, 70)}), seed=1)
    >>> twin.blank, twin.disclosure.exact
    ((), 0)
    """

    data: pd.DataFrame = field(repr=False)
    disclosure: Disclosure
    blank: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Twins(Carded):
    """Synthetic twins of the tables of one study, linked by their identifiers.

    tables     : table -> rows in the columns of the original; identifiers are new, and free text is empty
    disclosure : how near the rows of all tables together are to the original ones
    blank      : table -> columns that were left empty

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"participant_id": range(40), "age": range(30, 70)})
    >>> twins = synthetic_twins({"people": people}, seed=1)
    >>> list(twins.tables), twins.blank
    (['people'], {'people': ()})
    """

    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    disclosure: Disclosure
    blank: Mapping[str, tuple[str, ...]]


@kinds(data=FRAME)
def synthetic_twin(
    data: pd.DataFrame, *, seed: int, participant: str = "participant_id", visit: str | None = None
) -> Twin:
    """Draw a table like another one, without any of its rows.

    Parameters
    ----------
    data : DataFrame
        One row per participant, or per participant and visit if `visit` is given. Not changed.
    seed : int
        Not negative; the same seed gives the same twin.
    participant : str
        Column of the identifier, which gets new values.
    visit : str, optional
        Column of the visit; the visits of a participant are then drawn together.

    Returns
    -------
    Twin
        As many participants, with the marginal distribution of each column, the correlations of normal scores between
        all of them (and between visits), and the joint patterns of gaps. Rows nearer to an original one than that is to
        its own nearest neighbour are drawn again.

    Raises
    ------
    OptionError
        A column is missing.
    DataError
        A participant has two rows (at one visit).
    FitError
        Fewer than ten participants.

    Notes
    -----
    A Gaussian copula on normal scores (Nelsen, An Introduction to Copulas, 2006, section 2.3; Patki, Wedge &
    Veeramachaneni, The Synthetic Data Vault, DSAA 2016). It keeps no interaction beyond correlations, and it is no
    proof that nobody can be recognised: extremes of a column are those of the original.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(40), "age": rng.integers(30, 80, 40), "pain": rng.normal(50, 9, 40)})
    >>> twin = synthetic_twin(d, seed=1)
    >>> list(twin.data.columns), len(twin.data), twin.disclosure.exact
    (['participant_id', 'age', 'pain'], 40, 0)
    """
    found = synthetic_twins({"data": data}, seed=seed, participant=participant, visit=visit)
    return Twin(found.tables["data"], found.disclosure, found.blank["data"])


@kinds(tables=FRAMES)
def synthetic_twins(
    tables: Mapping[str, pd.DataFrame], *, seed: int, participant: str = "participant_id", visit: str | None = None
) -> Twins:
    """Draw several tables of one study together, so that a participant is the same in all of them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Each with the identifier. Those with a column `visit` have one row per participant and visit, the others one
        per participant. Not changed.
    seed, participant, visit
        As in `synthetic_twin`; at least one table has the column of the visit, if one is named.

    Returns
    -------
    Twins
        As many participants as in all tables together, each in the tables in which an original one was. Correlations
        are kept between the columns of different tables too.

    Raises
    ------
    OptionError, DataError, FitError
        As in `synthetic_twin`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = pd.DataFrame({"participant_id": range(40), "age": rng.integers(30, 80, 40)})
    >>> pain = pd.DataFrame({"participant_id": range(30), "pain": rng.normal(50, 9, 30)})
    >>> twins = synthetic_twins({"people": people, "pain": pain}, seed=1).tables
    >>> set(twins["pain"]["participant_id"]) <= set(twins["people"]["participant_id"])
    True
    """
    parts = {name: _wide(data, participant, visit, tables) for name, data in tables.items()}
    everybody = list(dict.fromkeys(name for part in parts.values() for name in part.index))
    if len(everybody) < FEWEST:
        raise FitError(f"{len(everybody)} participants are fewer than the {FEWEST} that can be imitated", [])
    wide = pd.concat([_named(part, name, everybody) for name, part in parts.items()], axis=1)
    blank = [name for name in wide.columns if is_free_text(wide[name])]
    made, near = _drawn(wide.drop(columns=blank), seed)
    made = made.assign(**dict.fromkeys(blank))[list(wide.columns)]
    made.index = pd.Index([f"S{k:0{len(str(len(made)))}d}" for k in range(1, len(made) + 1)], name=participant)
    drawn = {name: _table(made, name, data, participant, visit) for name, data in tables.items()}
    empty = {
        name: tuple(dict.fromkeys(_own(column, name).split("\n")[0] for column in blank if _is_of(column, name)))
        for name in tables
    }
    return Twins(drawn, near, empty)


def _wide(data: pd.DataFrame, participant: str, visit: str | None, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per participant, identifiers as text; raise where a column is missing or a row is twice there."""
    by_visit = visit is not None and (visit in data.columns or all(visit not in other for other in tables.values()))
    keys = [participant, *([str(visit)] if by_visit else [])]
    for name in keys:
        if name not in data.columns:
            raise OptionError(not_allowed("column", name, map(str, data.columns)))
    check_once(data, keys)
    named = data.assign(**{participant: data[participant].astype("str")})
    return named.set_index(participant) if not by_visit else side_by_side(named, participant, str(visit))


def _named(part: pd.DataFrame, table: str, everybody: list[str]) -> pd.DataFrame:
    """Return a table's columns under names of their own, for everybody, and who is in it where somebody is not."""
    whole = len(part) == len(everybody)
    marked = part if whole else part.assign(**{IN_TABLE: 1.0}).reindex(everybody).fillna({IN_TABLE: 0.0})
    return marked.reindex(everybody).add_prefix(f"{table}{OF_TABLE}")


def _is_of(column: str, table: str) -> bool:
    return column.startswith(f"{table}{OF_TABLE}")


def _own(column: str, table: str) -> str:
    return column.removeprefix(f"{table}{OF_TABLE}")


def _drawn(used: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Disclosure]:
    """Draw rows of all columns together; those too near to an original one again."""
    scores = pd.DataFrame({name: normal_scores(used[name]) for name in used.columns}).to_numpy()
    correlation = scores_correlation(scores)
    drawn = np.empty(used.shape)
    rows = np.arange(len(used))
    for k in range(ROUNDS):
        drawn[rows] = draw_rows(scores, correlation, len(rows), generator(f"twin {k}", seed))
        near = disclosure(scores, drawn)
        rows = np.flatnonzero(near.too_near)
        if not len(rows):
            break
    return pd.DataFrame({name: values_of(used[name], drawn[:, k]) for k, name in enumerate(used.columns)}), near


def _table(made: pd.DataFrame, name: str, data: pd.DataFrame, participant: str, visit: str | None) -> pd.DataFrame:
    """Return the rows of one table from those of all."""
    own = made[[column for column in made.columns if _is_of(column, name)]]
    own = own.rename(columns=lambda column: _own(column, name))
    if IN_TABLE in own:
        own = own[own[IN_TABLE] > 0].drop(columns=IN_TABLE)
    by_visit = visit is not None and visit in data.columns
    found = own.reset_index() if not by_visit else one_below_the_other(own, data, participant, str(visit))
    return found[list(data.columns)]


def check_once(data: pd.DataFrame, keys: Sequence[str]) -> None:
    """Raise DataError where two rows share the keys, or one has none."""
    wrong = data.duplicated(list(keys), keep=False) | data[list(keys)].isna().any(axis=1)
    findings = Findings.of(
        Finding(
            "error",
            "data",
            f"the row has no {' and '.join(keys)}, or that of another row",
            "Keep the one that counts.",
            int(k) + 2,
        )
        for k in np.flatnonzero(wrong)
    )
    if findings:
        raise DataError("the rows cannot be used:", findings)


def side_by_side(data: pd.DataFrame, participant: str, visit: str) -> pd.DataFrame:
    """Return one row per participant: columns that do not vary once, the others once for each visit."""
    groups = data.groupby(participant, sort=True)
    others = [name for name in data.columns if name not in (participant, visit)]
    fixed = [name for name in others if (groups[name].nunique(dropna=True) <= 1).all()]
    parts = [groups[fixed].first()]
    for label in pd.unique(data[visit]):
        own = data[data[visit] == label].set_index(participant)
        varying = own[[name for name in others if name not in fixed]].assign(present=1.0)
        parts.append(varying.add_suffix(f"\n{label}"))
    wide = pd.concat(parts, axis=1)
    present = [name for name in wide.columns if str(name).startswith("present\n")]
    return wide.assign(**{name: wide[name].fillna(0.0) for name in present})


def one_below_the_other(made: pd.DataFrame, data: pd.DataFrame, participant: str, visit: str) -> pd.DataFrame:
    """Return the rows of participants who were present at each visit; the reverse of `side_by_side`."""
    rows = []
    for label in pd.unique(data[visit]):
        suffix = f"\n{label}"
        own = {name.removesuffix(suffix): name for name in made.columns if str(name).endswith(suffix)}
        fixed = [name for name in made.columns if "\n" not in str(name)]
        part = made[[*fixed, *own.values()]].rename(columns={old: new for new, old in own.items()})
        rows.append(part[part["present"] > 0].drop(columns="present").assign(**{visit: label}))
    found = pd.concat(rows).reset_index()
    order = {label: k for k, label in enumerate(pd.unique(data[visit]))}
    found = found.iloc[np.lexsort([found[visit].map(order), found[participant]])].reset_index(drop=True)
    return found.astype({visit: data[visit].dtype})


def is_free_text(values: pd.Series) -> bool:
    """Return whether a column is text with so many distinct values that they say who somebody is."""
    text = pd.api.types.is_string_dtype(values.dtype) or values.dtype == object
    there = values.dropna()
    return bool(text and len(there) and there.nunique() > MANY * len(there))


def codes_of(values: pd.Series) -> pd.Series:
    """Return a column as numbers: dates as days, text and categories as codes."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return (values - values.min()).dt.days.astype(float)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype(float)
    coded = values.astype("category").cat.codes.astype(float)
    return coded.where(coded >= 0)


def normal_scores(values: pd.Series) -> np.ndarray:
    """Return normal scores of the ranks (n,), those of ties at their middle; NaN for gaps."""
    codes = codes_of(values)
    ranks, n = codes.rank().to_numpy(), int(codes.notna().sum())
    return np.asarray(stats.norm.ppf((ranks - 0.5) / max(n, 1)))


def scores_correlation(scores: np.ndarray) -> np.ndarray:
    """Return the correlation of normal scores over the rows that have both, made positive definite."""
    found = pd.DataFrame(scores).corr(min_periods=FEWEST).to_numpy(copy=True)
    found = np.nan_to_num(found, nan=0.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(nearest_correlation(found))


def draw_rows(scores: np.ndarray, correlation: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw normal scores (n, columns), with the gaps of an original row that is near in the columns without gaps."""
    root, _ = symmetric_root(correlation)
    drawn = rng.normal(size=(n, len(correlation))) @ root
    whole = ~np.isnan(scores).any(axis=0)
    if whole.any():
        distance = ((drawn[:, None, whole] - scores[None][:, :, whole]) ** 2).sum(axis=2)
        nearest = np.argsort(distance, axis=1)[:, :NEIGHBOURS]
    else:
        nearest = rng.integers(0, len(scores), (n, NEIGHBOURS))
    lender = nearest[np.arange(n), rng.integers(0, nearest.shape[1], n)]
    return np.where(np.isnan(scores[lender]), np.nan, drawn)


def values_of(original: pd.Series, scores: np.ndarray) -> pd.Series:
    """Return the values that normal scores (n,) stand for in a column's own distribution, in its type."""
    codes = codes_of(original).dropna()
    if codes.empty:
        return pd.Series(np.nan, index=range(len(scores))).astype(original.dtype if original.dtype != int else float)
    place = stats.norm.cdf(scores)
    ordered = np.sort(codes.to_numpy())
    labels = isinstance(original.dtype, pd.CategoricalDtype) or not (
        pd.api.types.is_numeric_dtype(original.dtype) or pd.api.types.is_datetime64_any_dtype(original.dtype)
    )
    if labels or codes.nunique() <= NEIGHBOURS:
        at = np.clip(np.floor(np.nan_to_num(place) * len(ordered)).astype(int), 0, len(ordered) - 1)
        found = np.where(np.isnan(place), np.nan, ordered[at])
    else:
        spread = (np.arange(len(ordered)) + 0.5) / len(ordered)
        found = np.where(np.isnan(place), np.nan, np.interp(np.nan_to_num(place), spread, ordered))
        found = np.round(found, decimals(codes))
    return typed(pd.Series(found), original)


def decimals(codes: pd.Series) -> int:
    """Return the decimals that a column is recorded with, at most six."""
    for places in range(6):
        if np.allclose(codes, codes.round(places), rtol=0, atol=1e-9):
            return places
    return 6


def typed(found: pd.Series, original: pd.Series) -> pd.Series:
    """Return numbers in the type of the original column."""
    if pd.api.types.is_datetime64_any_dtype(original.dtype):
        return original.min() + pd.to_timedelta(found, unit="D")
    if pd.api.types.is_bool_dtype(original.dtype):
        return found.map({0.0: False, 1.0: True}).astype(original.dtype)
    if pd.api.types.is_numeric_dtype(original.dtype):
        return found if found.isna().any() else found.astype(original.dtype)
    categories = original.astype("category").cat.categories
    named = found.map(lambda code: None if np.isnan(code) else categories[int(code)])
    return named.astype(original.dtype)
