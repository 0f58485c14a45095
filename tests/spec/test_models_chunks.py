"""Rows that come in chunks give the fit of the whole data frame, and what chunks cannot do is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.readers.chunks import ParquetChunks, read_chunks
from coxa.errors import DataError, FitError, OptionError, RankDeficientError
from coxa.estimates import contrasts, marginal_means
from coxa.models import Fit, fit_mmrm, merge_all, pattern_sums

SAME = 1e-12
"""Relative; of a coefficient in its standard errors. The same sums, added in another order."""

FAR_FROM_ZERO = 1e-10
"""The same with a calendar year as covariate, whose origin is 400 standard deviations away: that many digits less."""

FORMULA = "y ~ baseline * visit + arm * visit + site"


def trial(n: int = 60, seed: int = 8) -> pd.DataFrame:
    """A trial with three visits, gaps, text columns, and rows sorted by participant."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat([f"p{k:03d}" for k in range(n)], 3),
            "visit": pd.Categorical(np.tile(["week_6", "week_12", "week_26"], n), ["week_6", "week_12", "week_26"]),
            "week": np.tile([6.0, 12.0, 26.0], n),
            "arm": pd.Categorical(np.repeat(np.where(rng.random(n) < 0.5, "usual_care", "exercise"), 3)),
            "site": np.repeat(rng.choice(["north", "south"], n), 3),
            "baseline": np.repeat(rng.normal(50, 10, n), 3),
            "year": np.repeat(2020 + rng.normal(0, 5, n), 3),
            "weight": np.repeat(rng.uniform(0.5, 2, n), 3),
            "y": np.repeat(rng.normal(size=n), 3) + rng.normal(size=3 * n),
        }
    )
    rows.loc[[7, 20, 100], "y"] = np.nan
    rows.loc[31, "baseline"] = np.nan
    return rows.drop(index=[44, 45]).reset_index(drop=True)


def cut(rows: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    return [rows.iloc[k : k + size] for k in range(0, len(rows), size)]


def assert_same(chunked: Fit, whole: Fit, tolerance: float = SAME) -> None:
    error = whole.std_error.to_numpy()
    assert list(chunked.params.index) == list(whole.params.index)
    assert chunked.params.to_numpy() / error == pytest.approx(whole.params.to_numpy() / error, rel=0, abs=tolerance)
    assert chunked.std_error.to_numpy() == pytest.approx(error, rel=tolerance)
    assert chunked.df.to_numpy() == pytest.approx(whole.df.to_numpy(), rel=tolerance)
    assert chunked.covariance.to_numpy() == pytest.approx(whole.covariance.to_numpy(), rel=tolerance, abs=tolerance)
    assert chunked.loglik == pytest.approx(whole.loglik, rel=tolerance)
    assert (chunked.n_participants, chunked.n_observations) == (whole.n_participants, whole.n_observations)


@pytest.mark.parametrize("size", [4, 7, 60, 1000])
def test_chunks_of_any_size_give_the_fit_of_the_whole(size: int) -> None:
    rows = trial()
    assert_same(fit_mmrm(FORMULA, cut(rows, size), ddf="kenward-roger"), fit_mmrm(FORMULA, rows, ddf="kenward-roger"))


@pytest.mark.parametrize(
    "options",
    [
        {"group": "arm"},
        {"weights": "weight", "covariance": "csh"},
        {"time": "week", "covariance": "sp_exp", "reml": False},
        {"ddf": "residual", "covariance": ["toeph"]},
        {"visits": ["week_6", "week_26"]},
    ],
    ids=str,
)
def test_every_option_that_sums_allow(options: dict[str, Any]) -> None:
    rows = trial()
    assert_same(fit_mmrm(FORMULA, cut(rows, 50), **options), fit_mmrm(FORMULA, rows, **options))


def test_a_covariate_far_from_zero_keeps_its_digits() -> None:
    rows, formula = trial(), FORMULA + " + year"
    assert_same(fit_mmrm(formula, cut(rows, 50)), fit_mmrm(formula, rows), FAR_FROM_ZERO)


def test_a_first_chunk_that_knows_one_site_and_one_arm_only() -> None:
    rows = trial().sort_values(["site", "arm", "participant_id", "visit"], ignore_index=True)
    assert rows["arm"].iloc[:12].nunique() == 1
    assert_same(fit_mmrm(FORMULA, cut(rows, 12)), fit_mmrm(FORMULA, rows))


def test_sums_of_two_halves_merge_to_the_sums_of_the_whole() -> None:
    who, when = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 0, 0, 1])
    x, y = np.ones((5, 1)), np.array([1.0, 2, 3, 4, 5])
    halves = [*pattern_sums(who[:3], when[:3], x[:3], y[:3]), *pattern_sums(who[3:] - 2, when[3:], x[3:], y[3:])]
    both, first = merge_all(halves)
    assert (both.n, both.gram[0, 1].tolist()) == (2, [[2, 7], [5, 22]])
    assert (first.n, first.gram[0, 0].tolist()) == (1, [[1, 3], [3, 9]])


@pytest.mark.parametrize("weights", ["equal", "proportional"])
def test_marginal_means_and_contrasts_are_those_of_the_whole(weights: str) -> None:
    rows = trial()
    chunked, whole = fit_mmrm(FORMULA, cut(rows, 50)), fit_mmrm(FORMULA, rows)
    columns = ["estimate", "std_error", "df", "n_participants", "n_observations"]
    for table in (
        lambda fit: marginal_means(fit, averaging=weights),
        lambda fit: marginal_means(fit, by=None, averaging=weights),
        lambda fit: contrasts(fit, against="usual_care", averaging=weights),
    ):
        left, right = (table(fit).frame[columns].astype(float).to_numpy() for fit in (chunked, whole))
        assert left == pytest.approx(right, rel=1e-10)


def test_left_out_rows_are_numbered_through_all_chunks() -> None:
    left_out = fit_mmrm(FORMULA, cut(trial(), 25)).left_out
    assert left_out["row"].tolist() == [7, 20, 31, 98]
    assert left_out["participant_id"].tolist() == ["p002", "p006", "p010", "p033"]
    assert left_out["reason"].tolist() == ["y is missing", "y is missing", "baseline is missing", "y is missing"]


def test_a_participant_who_comes_back_is_an_error() -> None:
    rows = trial()
    shuffled = pd.concat([rows.iloc[1:], rows.iloc[:1]], ignore_index=True)
    with pytest.raises(
        DataError,
        match=r"The rows of 1 participant_id are not next to each other in the chunks:(?s:.*)ORDER BY "
        r"participant_id, visit",
    ):
        fit_mmrm(FORMULA, cut(shuffled, 50))


def test_a_second_row_of_a_visit_is_an_error_even_in_the_next_chunk() -> None:
    rows = trial()
    twice = pd.concat([rows.iloc[:3], rows.iloc[2:]], ignore_index=True)
    with pytest.raises(DataError, match="the row has the participant_id and visit of another"):
        fit_mmrm(FORMULA, [twice.iloc[:3], twice.iloc[3:]])


def test_a_source_that_can_be_read_once_must_say_its_levels() -> None:
    rows = trial()
    with pytest.raises(OptionError, match=r"The levels of site are needed before the first chunk(?s:.*)levels="):
        fit_mmrm(FORMULA, iter(cut(rows, 50)))
    told = fit_mmrm(FORMULA, iter(cut(rows, 50)), levels={"site": ["north", "south"]})
    assert_same(told, fit_mmrm(FORMULA, rows))


def test_a_level_that_was_not_told_is_an_error_with_its_row() -> None:
    rows = trial()
    first_south = int(np.flatnonzero((rows["site"] == "south") & rows["y"].notna())[0])
    with pytest.raises(
        OptionError, match=f'Row {first_south + 2} has "south", which is no level of site .north, west.'
    ):
        fit_mmrm(FORMULA, cut(rows, 50), levels={"site": ["north", "west"]})


def test_a_level_without_rows_is_an_error() -> None:
    with pytest.raises(FitError, match="No analysed row has site 'west'"):
        fit_mmrm(FORMULA, cut(trial(), 50), levels={"site": ["north", "south", "west"]})


def test_what_needs_all_rows_at_once_is_refused() -> None:
    chunks = cut(trial(), 50)
    with pytest.raises(OptionError, match=r"center\(\) needs all rows at once"):
        fit_mmrm("y ~ center(baseline) + arm * visit", chunks)
    with pytest.raises(OptionError, match="vcov='CR2' needs rows"):
        fit_mmrm(FORMULA, chunks, vcov="CR2")
    with pytest.raises(OptionError, match="Counterfactual weights need every participant"):
        marginal_means(fit_mmrm(FORMULA, chunks), averaging="counterfactual")
    with pytest.raises(OptionError, match="`levels` is for chunks"):
        fit_mmrm(FORMULA, trial(), levels={"site": ["north", "south"]})


def test_dependent_columns_are_named() -> None:
    rows = trial().assign(double=lambda d: 2 * d["baseline"])
    with pytest.raises(RankDeficientError, match=r"'(double|baseline)' is a combination of (double|baseline)"):
        fit_mmrm("y ~ baseline + double + visit", cut(rows, 50))


def test_nothing_to_read() -> None:
    with pytest.raises(FitError, match="the source has no chunks"):
        fit_mmrm(FORMULA, [])


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({"visit": "str", "arm": "str"})


def sources(folder: Path) -> Iterator[tuple[str, Any]]:
    """The same rows in every kind of source whose library is installed."""
    rows = as_text(trial())
    rows.to_parquet(folder / "trial.parquet")
    yield "parquet", lambda: read_chunks(folder / "trial.parquet", rows=40)
    yield "duckdb", lambda: duckdb_source(folder)
    yield "sqlalchemy", lambda: sql_source(folder, rows)
    yield "dask", lambda: dask_source(rows)


def duckdb_source(folder: Path) -> Any:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is optional and not installed")
    query = f"SELECT * FROM '{folder / 'trial.parquet'}' ORDER BY participant_id, week"
    return read_chunks(duckdb.connect().sql(query), rows=40)


def sql_source(folder: Path, rows: pd.DataFrame) -> Any:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is optional and not installed")
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'trial.sqlite'}")
    rows.to_sql("trial", engine, index=False)
    return read_chunks("SELECT * FROM trial ORDER BY participant_id, week", engine=engine, rows=40)


def dask_source(rows: pd.DataFrame) -> Any:
    dask = pytest.importorskip("dask.dataframe", reason="dask is optional and not installed")
    return read_chunks(dask.from_pandas(rows, npartitions=4))


@pytest.mark.parametrize("kind", ["parquet", "duckdb", "sqlalchemy", "dask"])
def test_every_source_gives_the_fit_of_the_whole(kind: str, tmp_path: Path) -> None:
    source = dict(sources(tmp_path))[kind]()
    visits = ["week_6", "week_12", "week_26"]
    assert_same(fit_mmrm(FORMULA, source, visits=visits), fit_mmrm(FORMULA, as_text(trial()), visits=visits))
    unordered = fit_mmrm(FORMULA, source)
    assert "visits taken in the order of the alphabet (week_12, week_26, week_6)" in unordered.warnings[0]


def test_a_parquet_file_is_read_by_column_and_in_chunks(tmp_path: Path) -> None:
    trial().to_parquet(tmp_path / "trial.parquet")
    source = read_chunks(str(tmp_path / "trial.parquet"), rows=40)
    assert isinstance(source, ParquetChunks)
    assert [len(chunk) for chunk in source] == [40, 40, 40, 40, 18]
    assert next(list(chunk.columns) for chunk in source.only(["y", "arm"])) == ["y", "arm"]


def test_a_source_that_is_none() -> None:
    with pytest.raises(OptionError, match=r"'trial.csv' cannot be read in chunks. Give a path that ends in .parquet"):
        read_chunks("trial.csv")
    with pytest.raises(OptionError, match=r"`rows` is 0. Give the size of a chunk"):
        read_chunks("trial.parquet", rows=0)
