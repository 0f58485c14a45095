"""Tables that are published: what is hidden, what an attacker finds, and that the attack misses nothing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from coxa.audit import CountTable, attack_tables, protect_tables
from coxa.errors import CoxaError, OptionError
from tests.reference.audit_numbers import audit_reference
from tests.sizes import few

TRAP = audit_reference("suppression_trap")
ROWS, COLUMNS = [f"r{at}" for at in range(12)], [f"c{at}" for at in range(8)]


def two_way(counts: object, **options: str) -> CountTable:
    """Return a table of rows and columns with its totals."""
    inner = np.asarray(counts)
    levels = {"row": ROWS[: inner.shape[0]], "column": COLUMNS[: inner.shape[1]]}
    return CountTable.of_array(inner, levels, **options)


def cell(table: CountTable, **levels: str) -> float:
    """Return one count; dimensions that are not named are totals."""
    wanted = {name: levels.get(name, "all") for name in table.dimensions}
    return table.cells[(table.cells[list(wanted)] == pd.Series(wanted)).all(axis=1)]["n"].item()


def linear_limits(published: CountTable, least: float) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the limits of every hidden cell of a two-way table by another program, written for this test alone."""
    wide = published.cells.pivot(index="row", columns="column", values="n")
    rows, columns = ([*(level for level in axis if level != "all"), "all"] for axis in (wide.index, wide.columns))
    wide = wide.loc[rows, columns]
    n, m = wide.shape
    sums = []
    for row in range(n):
        sums.append(np.zeros((n, m)))
        sums[-1][row] = [*[1] * (m - 1), -1]
    for column in range(m):
        sums.append(np.zeros((n, m)))
        sums[-1][:, column] = [*[1] * (n - 1), -1]
    bounds = [(least, None) if np.isnan(value) else (value, value) for value in wide.to_numpy().ravel()]
    found = {}
    for at in np.flatnonzero(wide.isna().to_numpy().ravel()):
        cost = np.zeros(n * m)
        cost[at] = 1
        equal = {"A_eq": np.array([each.ravel() for each in sums]), "b_eq": np.zeros(len(sums)), "bounds": bounds}
        low, high = linprog(cost, **equal), linprog(-cost, **equal)
        name = f"n, column {columns[at % m]}, row {rows[at // m]}".replace(", column all", "").replace(", row all", "")
        found[name] = (low.fun, -high.fun if high.status == 0 else np.inf)
    return found


def clinics(seed: int) -> CountTable:
    """Return 12 clinics of unequal size in 8 quarters."""
    rng = np.random.default_rng(seed)
    return two_way(rng.poisson(rng.gamma(2, rng.uniform(2, 10), (12, 1)), (12, 8)))


def test_the_attack_knows_a_cell_although_two_are_hidden_in_each_row_and_column() -> None:
    """sdcTools/sdcTable@6393dfb6: tests/testthat/test-simpleheuristic.R; the cell is w|b of the file."""
    table = two_way(TRAP["table"])
    hidden = np.zeros(len(table.cells), dtype=bool)
    inner = np.arange(25).reshape(5, 5)[:4, :4]
    hidden[[inner[tuple(place)] for place in TRAP["suppressed"]]] = True
    found = attack_tables([table.published(hidden, k=5)], zeros_disclose=True).frame.set_index("what")
    assert found.loc["n, column c1, row r0", ["low", "high"]].tolist() == TRAP["recoverable"]["interval"] == [47, 47]
    hidden[inner[tuple(TRAP["after_suppressing"]["cell"])]] = True
    found = attack_tables([table.published(hidden, k=5)], zeros_disclose=True).frame.set_index("what")
    wanted = TRAP["after_suppressing"]["interval_of_0_1"]
    assert found.loc["n, column c1, row r0", ["low", "high"]].tolist() == wanted == [0, 141]


@pytest.mark.parametrize("k", [8, 11, 32, 48])
@pytest.mark.parametrize("zeros_disclose", [False, True])
def test_the_trap_is_protected(k: int, zeros_disclose: bool) -> None:
    done = protect_tables([two_way(TRAP["table"])], k, zeros_disclose=zeros_disclose)
    small = np.array(TRAP["table"]) < k
    assert done.tables[0].cells["n"].isna().to_numpy().reshape(5, 5)[:4, :4][small].all()
    found = attack_tables(done.tables, zeros_disclose=zeros_disclose)
    assert (found.frame["width"] >= k).all()
    assert found.narrower(k, zeros_disclose=zeros_disclose).empty
    assert k <= done.certificate.narrowest <= found.frame["width"].min()


@pytest.fixture(scope="module")
def every_table() -> np.ndarray:
    """Return all tables of 2 rows and 3 columns with totals and counts from 1 to 13, as rows of 12 cells."""
    inner = np.indices((13,) * 6, dtype=np.int8).reshape(6, -1).T.reshape(-1, 2, 3) + np.int8(1)
    rows = np.concatenate([inner, inner.sum(axis=2, keepdims=True, dtype=np.int8)], axis=2)
    return np.concatenate([rows, rows.sum(axis=1, keepdims=True, dtype=np.int8)], axis=1).reshape(-1, 12)


@pytest.mark.parametrize("seed", range(12))
def test_the_attack_finds_what_going_through_all_tables_finds(every_table: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = two_way(rng.integers(1, 4, (2, 3)))  # at most 18 people, so that no cell can be above 13
    hidden = np.array([*(rng.random(11) < 0.7), False])
    published = table.published(hidden, k=2)
    n, possible = published.cells["n"].to_numpy(), every_table
    for at in np.flatnonzero(~hidden)[::-1]:
        possible = possible[possible[:, at] == n[at]]
    found = attack_tables([published]).frame
    assert found["low"].tolist() == possible.min(axis=0)[hidden].tolist()
    assert found["high"].tolist() == possible.max(axis=0)[hidden].tolist()


@pytest.mark.some(6)
@pytest.mark.parametrize("seed", range(20))
def test_of_twelve_clinics_in_eight_quarters_no_hidden_cell_is_recovered(seed: int) -> None:
    done = protect_tables([clinics(seed)], k=5)
    limits = linear_limits(done.tables[0], least=1)
    assert done.certificate.n_hidden == len(limits)
    assert all(high - low > 5 - 1e-6 for low, high in limits.values())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_of_a_thousand_tables_no_hidden_cell_is_recovered(part: int) -> None:
    for seed in range(100 * part + 20, 100 * (part + 1) + 20):
        k = (5, 8, 10, 11)[seed % 4]
        done = protect_tables([clinics(seed)], k)
        assert attack_tables(done.tables).narrower(k).empty
        assert done.certificate.narrowest >= k
        assert set(done.certificate.statuses) <= {"optimal", "unbounded"}


def test_small_cells_that_are_hidden_alone_are_all_known() -> None:
    """Hiding small counts and nothing else protects nothing, which is why the others are hidden."""
    table = clinics(1)
    n = table.cells["n"]
    attacked = attack_tables([table.published((n > 0) & (n < 5), k=5)]).narrower(5)
    assert len(attacked) > 0


def test_tables_that_share_totals_are_protected_together() -> None:
    rng = np.random.default_rng(3)
    people = pd.DataFrame(
        {
            "clinic": rng.choice(list("ABCDEF"), 180),
            "sex": rng.choice(["f", "m"], 180),
            "age": rng.choice(["<60", "60+"], 180),
        }
    )
    tables = [CountTable.of_rows(people, pair) for pair in (["clinic", "sex"], ["clinic", "age"], ["sex", "age"])]
    done = protect_tables(tables, k=10)
    shared = [cell(table, clinic=name) for name in "ABCDEF" for table in done.tables[:2]]
    assert all(np.array_equal(one, two, equal_nan=True) for one, two in zip(shared[::2], shared[1::2], strict=True))
    assert attack_tables(done.tables).narrower(10).empty


def test_tables_that_are_protected_one_by_one_give_each_other_away() -> None:
    """The first table hides the totals of two clinics, and the second shows them."""
    by_sex = CountTable.of_array([[3, 9], [20, 30], [30, 20]], {"clinic": list("ABC"), "sex": ["f", "m"]})
    by_age = CountTable.of_array([[12, 0], [26, 24], [24, 26]], {"clinic": list("ABC"), "age": ["<60", "60+"]})
    hidden = by_sex.cells["clinic"].isin(["A", "B"]) & by_sex.cells["sex"].isin(["f", "all"])
    alone = by_sex.published(hidden, k=5)
    assert attack_tables([alone]).narrower(5).empty
    assert "n, clinic A, sex f" in attack_tables([alone, by_age]).narrower(5)["what"].tolist()
    assert attack_tables(protect_tables([by_sex, by_age], k=5).tables).narrower(5).empty


def test_a_table_of_three_dimensions() -> None:
    rng = np.random.default_rng(5)
    levels = {"clinic": list("ABCD"), "sex": ["f", "m"], "side": ["left", "right", "both"]}
    done = protect_tables([CountTable.of_array(rng.poisson(9, (4, 2, 3)), levels)], k=8)
    assert done.certificate.n_cells == 5 * 3 * 4
    assert attack_tables(done.tables).narrower(8).empty


def test_those_who_are_missing_from_a_part_are_protected_as_well() -> None:
    """57 asked of 60 eligible say that 3 were not, though no table has the 3."""
    eligible = CountTable.of_array([60, 80], {"clinic": ["A", "B"]}, measure="eligible")
    asked = CountTable.of_array([57, 60], {"clinic": ["A", "B"]}, measure="asked", within="eligible")
    found = attack_tables([eligible, asked]).narrower(5)
    assert found["what"].tolist() == ["eligible but not asked, clinic A"]
    done = protect_tables([eligible, asked], k=5)
    assert attack_tables(done.tables).narrower(5).empty
    assert done.certificate.n_hidden >= 2


def test_all_asked_is_no_secret_unless_zeros_disclose() -> None:
    eligible = CountTable.of_array([60, 80], {"clinic": ["A", "B"]}, measure="eligible")
    asked = CountTable.of_array([60, 60], {"clinic": ["A", "B"]}, measure="asked", within="eligible")
    assert protect_tables([eligible, asked], k=5).certificate.n_hidden == 0
    done = protect_tables([eligible, asked], k=5, zeros_disclose=True)
    assert done.certificate.n_hidden > 0
    assert attack_tables(done.tables, zeros_disclose=True).narrower(5, zeros_disclose=True).empty


def test_zeros_are_shown_or_hidden() -> None:
    table = two_way([[0, 12, 9], [20, 9, 7], [8, 9, 14]])
    assert protect_tables([table], k=5).certificate.n_hidden == 0
    hidden = protect_tables([table], k=5, zeros_disclose=True)
    assert np.isnan(cell(hidden.tables[0], row="r0", column="c0"))
    assert attack_tables(hidden.tables, zeros_disclose=True).frame["width"].min() >= 5


def test_the_difference_from_an_earlier_publication_is_protected() -> None:
    """Three patients came to clinic A since the first quarter; both numbers together would say so."""
    levels = {"clinic": ["A", "B", "C"]}
    first = protect_tables([CountTable.of_array([40, 30, 50], levels)], k=5)
    now = CountTable.of_array([43, 37, 61], levels)
    assert protect_tables([now], k=5).certificate.n_hidden == 0
    naive = attack_tables([now], earlier=[first.tables]).narrower(5)
    assert naive["what"].tolist() == ["n since (publication 1), clinic A"]
    assert naive[["low", "high"]].values.tolist() == [[3, 3]]
    second = protect_tables([now], k=5, earlier=[first])
    assert np.isnan(cell(second.tables[0], clinic="A"))
    assert attack_tables(second.tables, earlier=[first.tables]).narrower(5).empty
    assert second.certificate.n_earlier == 1


def test_a_cell_that_was_hidden_before_is_not_given_away_later() -> None:
    levels = {"clinic": ["A", "B", "C"]}
    first = protect_tables([CountTable.of_array([3, 30, 50], levels)], k=5)
    assert np.isnan(cell(first.tables[0], clinic="A"))
    second = protect_tables([CountTable.of_array([3, 42, 61], levels)], k=5, earlier=[first])
    assert attack_tables(second.tables, earlier=[first.tables]).narrower(5).empty
    assert np.isnan(cell(second.tables[0], clinic="A"))


def test_patients_who_left_are_a_difference_too() -> None:
    levels = {"clinic": ["A", "B", "C"]}
    first = protect_tables([CountTable.of_array([40, 30, 50], levels)], k=5)
    second = protect_tables([CountTable.of_array([38, 37, 61], levels)], k=5, earlier=[first])
    assert second.certificate.left
    assert attack_tables(second.tables, earlier=[first.tables], left=True).narrower(5).empty
    assert np.isnan(cell(second.tables[0], clinic="A"))
    with pytest.raises(ValueError, match="contradict"):
        attack_tables([CountTable.of_array([38, 37, 61], levels)], earlier=[first.tables])


@pytest.mark.parametrize("seed", range(few(4, 40)))
def test_publications_one_after_the_other(seed: int) -> None:
    """People come and leave; what cannot be protected is refused, and what is published is safe with all before it."""
    rng = np.random.default_rng(seed)
    levels = {"clinic": list("ABCD"), "sex": ["f", "m"]}
    counts, published = rng.poisson(12, (4, 2)), []
    for _ in range(3):
        try:
            done = protect_tables([CountTable.of_array(counts, levels)], k=5, earlier=published)
        except CoxaError:
            break
        before = [each.tables for each in published]
        assert attack_tables(done.tables, earlier=before, left=done.certificate.left).narrower(5).empty
        published.append(done)
        counts = np.maximum(counts + rng.integers(-1, 12, (4, 2)), 0)
    assert len(published) > 0


def test_what_an_earlier_publication_gave_away_cannot_be_taken_back() -> None:
    levels = {"clinic": ["A", "B"]}
    first = protect_tables([CountTable.of_array([40, 30], levels, measure="seen")], k=5)
    part = CountTable.of_array([38, 20], levels, measure="asked", within="seen")
    assert protect_tables([part], k=5).certificate.n_hidden == 0  # seen is in no table of this publication
    both = [CountTable.of_array([42, 36], levels, measure="seen"), part]
    done = protect_tables(both, k=5, earlier=[first])
    assert attack_tables(done.tables, earlier=[first.tables]).narrower(5).empty


@pytest.mark.parametrize(("k", "base"), [(8, 5), (5, 5), (5, 10), (11, 3)])
def test_rounded_tables_are_attacked_as_they_are_shown(k: int, base: int) -> None:
    table = clinics(4)
    done = protect_tables([table], k, round_to=base)
    shown = done.tables[0].cells["n"].dropna()
    assert (shown % base == 0).all()
    assert attack_tables(done.tables).narrower(k).empty
    low, high = done.tables[0].limits(1)
    assert ((low <= table.cells["n"]) & (table.cells["n"] <= high)).all()


def test_halves_are_rounded_up_and_zero_stays_zero() -> None:
    table = CountTable.of_array([0, 15, 8, 22], {"clinic": list("ABCD")})
    assert table.published(np.zeros(5, dtype=bool), k=5, round_to=10).cells["n"].tolist() == [0, 20, 10, 20, 50]


def test_rows_are_counted_with_those_that_have_no_level() -> None:
    people = pd.DataFrame({"clinic": ["A", "A", "B", None], "sex": ["f", "f", "m", "m"]})
    before = people.copy()
    table = CountTable.of_rows(people, ["clinic", "sex"])
    assert cell(table) == 4
    assert cell(table, clinic="not recorded", sex="m") == 1
    assert cell(table, clinic="A", sex="m") == 0
    pd.testing.assert_frame_equal(people, before)


def test_the_certificate_is_a_record_for_a_file() -> None:
    certificate = protect_tables([clinics(2)], k=8, round_to=5).certificate
    kept = json.loads(json.dumps(certificate.as_dict()))
    assert kept["k"] == 8
    assert kept["n_cells"] == 13 * 9
    assert kept["n_attacked"] == kept["n_hidden"]
    assert sum(kept["statuses"].values()) >= 2 * kept["n_attacked"]
    assert kept["statuses"].keys() == {"optimal", "seen"}
    assert kept["narrowest"] >= 8
    assert protect_tables([two_way([[50, 60], [70, 80]])], k=5).certificate.as_dict()["narrowest"] is None


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: CountTable.of_array([1.5], {"a": ["x"]}), "no whole number"),
        (lambda: CountTable.of_array([1, 2], {"a": ["x"]}), "do not fit levels"),
        (lambda: CountTable.of_array([1], {"a": ["all"]}), "another name"),
        (lambda: CountTable.of_rows(pd.DataFrame({"clinic": ["A"]}), ["clinics"]), "did you mean clinic|Choose clinic"),
        (lambda: protect_tables([two_way([[1]])], k=1), "at least 2"),
        (lambda: protect_tables([two_way([[9]]), two_way([[8]])], k=5), "has two numbers in two tables"),
        (
            lambda: protect_tables([two_way([[9]]), two_way([[11]], measure="asked", within="n")], k=5),
            "asked, column c0, row r0 is more than n, column c0, row r0",
        ),
    ],
)
def test_what_is_refused(made: object, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        made()


def test_a_leak_of_an_earlier_publication_is_refused_by_name() -> None:
    levels = {"clinic": ["A", "B"]}
    whole = CountTable.of_array([40, 30], levels, measure="seen")
    part = CountTable.of_array([38, 20], levels, measure="asked", within="seen")
    unsafe = protect_tables([whole, part], k=2)
    with pytest.raises(CoxaError, match="can be worked out where all others are hidden"):
        protect_tables([CountTable.of_array([80, 90], levels, measure="seen")], k=5, earlier=[unsafe])


@pytest.mark.parametrize("seed", range(few(4, 40)))
def test_linked_tables_at_random(seed: int) -> None:
    """A cascade of clinics and sexes within one another, with an earlier publication: always attacked, never open."""
    rng = np.random.default_rng(seed)
    levels = {"clinic": list("ABCD"), "sex": ["f", "m"]}
    eligible = rng.poisson(14, (4, 2))
    asked = rng.binomial(eligible, 0.8)
    before = [CountTable.of_array(rng.binomial(eligible, 0.5), levels, measure="eligible")]
    first = protect_tables(before, k=5)
    tables = [
        CountTable.of_array(eligible, levels, measure="eligible"),
        CountTable.of_array(asked, levels, measure="asked", within="eligible"),
    ]
    done = protect_tables(tables, k=5, earlier=[first])
    assert attack_tables(done.tables, earlier=[first.tables]).narrower(5).empty
