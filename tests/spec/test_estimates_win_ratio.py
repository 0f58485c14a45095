"""Win ratio, net benefit and win odds: equal to the comparison of each pair, one after the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import coxa.estimates.win_ratio as module
from coxa.errors import FitError, OptionError
from coxa.estimates import BinaryEndpoint, MeasuredEndpoint, TimeEndpoint, win_statistics
from coxa.estimates.win_inference import rows_of
from tests.reference.tolerances import CLOSED_FORM

RNG_ROWS = 70


def drawn(seed: int, n: int = RNG_ROWS) -> tuple[list, np.ndarray]:
    """Return a time with ties and censoring, a score with ties, and something that happens."""
    rng = np.random.default_rng(seed)
    endpoints = [
        TimeEndpoint(rng.integers(1, 12, n) / 10, rng.integers(0, 2, n), margin=float(rng.choice([0, 0.1, 0.2]))),
        MeasuredEndpoint(
            rng.integers(0, 20, n) / 10, margin=float(rng.choice([0, 0.3])), higher_is_better=bool(seed % 2)
        ),
        BinaryEndpoint(rng.integers(0, 2, n), good=bool(seed % 3)),
    ]
    return endpoints, np.arange(n) % 3 % 2


def one_pair(endpoint: object, i: int, j: int) -> int:
    """Return 1 where i wins, -1 where j does, 0 where they are tied."""
    return int(_beats(endpoint, i, j)) - int(_beats(endpoint, j, i))


def _beats(endpoint: object, i: int, j: int) -> bool:
    if isinstance(endpoint, TimeEndpoint):
        if not endpoint.event[j]:
            return False
        longer = endpoint.time[i] - endpoint.time[j]
        if endpoint.margin:
            return bool(longer >= endpoint.margin - 1e-9)
        return bool(longer > 0 or (longer == 0 and not endpoint.event[i]))
    if isinstance(endpoint, BinaryEndpoint):
        return bool(endpoint.value[i] > endpoint.value[j]) == endpoint.good and endpoint.value[i] != endpoint.value[j]
    more = (endpoint.value[i] - endpoint.value[j]) * (1 if endpoint.higher_is_better else -1)
    return bool(more >= endpoint.margin - 1e-9 if endpoint.margin else more > 0)


def pair_by_pair(endpoints: list, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcome of each pair, and the endpoint that decided it."""
    new, old = np.flatnonzero(treated == 1), np.flatnonzero(treated == 0)
    outcome, level = np.zeros((new.size, old.size), int), np.full((new.size, old.size), len(endpoints))
    for a, i in enumerate(new):
        for b, j in enumerate(old):
            for k, endpoint in enumerate(endpoints):
                if found := one_pair(endpoint, i, j):
                    outcome[a, b], level[a, b] = found, k
                    break
    return outcome, level


@pytest.mark.parametrize("block", [7, 2**20])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_each_pair(seed: int, count: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    endpoints, treated = drawn(seed)
    outcome, level = pair_by_pair(endpoints[:count], treated)
    found = win_statistics(endpoints[:count], treated)
    assert (found.wins, found.losses, found.ties) == tuple((outcome == each).sum() for each in (1, -1, 0))
    for k, row in found.by_endpoint.iterrows():
        here = level == k
        assert (row["wins"], row["losses"]) == ((outcome[here] == 1).sum(), (outcome[here] == -1).sum())
        assert row["ties"] == (level > k).sum()


@pytest.mark.parametrize("seed", range(4))
def test_the_variance_is_that_of_the_projection_by_definition(seed: int) -> None:
    """Half of the variance of the net benefit over each group's shares, with n - 1, and the delta method on it."""
    endpoints, treated = drawn(seed)
    outcome, _ = pair_by_pair(endpoints, treated)
    n, m = outcome.shape
    win, loss = outcome == 1, outcome == -1
    net = outcome.mean()
    spread = outcome.mean(axis=1).var(ddof=1) / n + outcome.mean(axis=0).var(ddof=1) / m
    log = win / win.mean() - loss / loss.mean()
    ratio_spread = log.mean(axis=1).var(ddof=1) / n + log.mean(axis=0).var(ddof=1) / m
    table = win_statistics(endpoints, treated).table.set_index("statistic")
    assert table.loc["net_benefit", "estimate"] == pytest.approx(net, rel=CLOSED_FORM)
    assert table.loc["net_benefit", "se"] == pytest.approx(np.sqrt(spread), rel=CLOSED_FORM)
    assert table.loc["win_ratio", "se"] == pytest.approx(np.sqrt(ratio_spread), rel=CLOSED_FORM)
    assert table.loc["win_odds", "se"] == pytest.approx(2 * np.sqrt(spread) / (1 - net**2), rel=CLOSED_FORM)
    assert table.loc["win_odds", "estimate"] == pytest.approx((1 + net) / (1 - net), rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("wins", "losses", "ties", "expected"),
    [
        (1968, 2478, 4554, {"win_ratio": 0.79418886, "net_benefit": -0.05666667}),
        (7376, 3209, 4415, {"win_ratio": 2.29853536927392, "net_benefit": 0.2778, "win_odds": 1.7693159789532}),
        (9435, 5565, 0, {"win_ratio": 1.69541778975741, "net_benefit": 0.258, "win_odds": 1.69541778975741}),
    ],
)
def test_estimates_of_published_counts(wins: int, losses: int, ties: int, expected: dict[str, float]) -> None:
    """Fixed counts in the tests of BuyseTest; counts of the binary and continuous examples of WINS."""
    pairs = wins + losses + ties
    table = rows_of(wins / pairs, losses / pairs, np.ones(3), 0.95).set_index("statistic")
    for statistic, value in expected.items():
        assert table.loc[statistic, "estimate"] == pytest.approx(value, abs=5e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_null_variance_is_by_pairs_of_pairs_that_share_a_participant(seed: int) -> None:
    """By definition: the mean product of two pairs with one participant in common, each group's over its size."""
    endpoints, treated = drawn(seed)
    outcome, _ = pair_by_pair(endpoints, treated)
    n, m = outcome.shape
    total = 0.0
    for table, size, other in ((outcome, n, m), (outcome.T, m, n)):
        products = [row[j] * row[k] for row in table for j in range(other) for k in range(other) if j != k]
        total += np.mean(products) / size
    decided = (outcome != 0).mean()
    table = win_statistics(endpoints, treated, variance="no_difference").table.set_index("statistic")
    assert table.loc["net_benefit", "se"] == pytest.approx(np.sqrt(total), rel=CLOSED_FORM)
    assert table.loc["win_ratio", "se"] == pytest.approx(2 * np.sqrt(total) / decided, rel=CLOSED_FORM)
    assert table.loc["win_odds", "se"] == pytest.approx(2 * np.sqrt(total), rel=CLOSED_FORM)


@pytest.mark.parametrize("weighting", ["mantel-haenszel", "equal"])
def test_strata_are_compared_within_and_weighted(weighting: str) -> None:
    endpoints, treated = drawn(3)
    strata = np.where(np.arange(RNG_ROWS) < 25, "north", "south")
    found = win_statistics(endpoints, treated, strata=strata, weighting=weighting)  # type: ignore[arg-type]
    parts = []
    for name in ("north", "south"):
        mine = strata == name
        n = int(mine.sum())
        own = [type(e)(**{f: getattr(e, f)[mine] if np.ndim(getattr(e, f)) else getattr(e, f) for f in e.__slots__})
               for e in endpoints]  # fmt: skip
        parts.append((1 / n if weighting == "mantel-haenszel" else 1.0, win_statistics(own, treated[mine])))
    pairs = sum(w * (each.wins + each.losses + each.ties) for w, each in parts)
    wins, losses = (sum(w * getattr(each, side) for w, each in parts) for side in ("wins", "losses"))
    spread = sum((w * (each.wins + each.losses + each.ties) * each.table["se"][1]) ** 2 for w, each in parts)
    table = found.table.set_index("statistic")
    assert table.loc["win_ratio", "estimate"] == pytest.approx(wins / losses, rel=CLOSED_FORM)
    assert table.loc["net_benefit", "estimate"] == pytest.approx((wins - losses) / pairs, rel=CLOSED_FORM)
    assert table.loc["net_benefit", "se"] == pytest.approx(np.sqrt(spread) / pairs, rel=CLOSED_FORM)
    assert found.wins == sum(each.wins for _, each in parts)
    assert found.by_stratum["wins"].tolist() == [each.wins for _, each in parts]


def test_a_wanted_event_wins_by_being_sooner() -> None:
    rng = np.random.default_rng(4)
    time, event, treated = rng.integers(1, 9, 60) / 1.0, rng.integers(0, 2, 60), np.arange(60) % 2
    late, soon = (win_statistics([TimeEndpoint(time, event, good=good)], treated) for good in (False, True))
    assert (soon.wins, soon.losses, soon.ties) == (late.losses, late.wins, late.ties)


def test_a_missing_value_ties_its_pairs_and_leaves_them_to_the_next_endpoint() -> None:
    endpoints, treated = drawn(5)
    value = np.asarray(endpoints[1].value, dtype=float)
    gone = np.arange(RNG_ROWS) % 4 == 0
    holed = MeasuredEndpoint(np.where(gone, np.nan, value), endpoints[1].margin, endpoints[1].higher_is_better)
    found = win_statistics([holed, endpoints[2]], treated, missing="tie")
    only = win_statistics([MeasuredEndpoint(value[~gone], holed.margin, holed.higher_is_better)], treated[~gone])
    assert found.by_endpoint["wins"][0] == only.wins
    assert found.by_endpoint["losses"][0] == only.losses
    times = TimeEndpoint(np.where(gone, np.nan, endpoints[0].time), endpoints[0].event)
    kept = TimeEndpoint(np.asarray(endpoints[0].time)[~gone], np.asarray(endpoints[0].event)[~gone])
    assert win_statistics([times], treated, missing="tie").wins == win_statistics([kept], treated[~gone]).wins


def test_one_stratum_is_no_strata() -> None:
    endpoints, treated = drawn(2)
    one = win_statistics(endpoints, treated, strata=np.ones(RNG_ROWS))
    assert one.table.equals(win_statistics(endpoints, treated).table)


def test_a_million_pairs_are_those_of_whole_matrices() -> None:
    rng = np.random.default_rng(8)
    treated = np.arange(2000) % 2
    time, event, score = rng.exponential(9, 2000), rng.integers(0, 2, 2000), rng.integers(0, 9, 2000)
    found = win_statistics([TimeEndpoint(time, event), MeasuredEndpoint(score, margin=2)], treated)
    (t, d, s), (u, e, r) = ([x[treated == k] for x in (time, event, score)] for k in (1, 0))
    first = ((e == 1) & (t[:, None] > u)).astype(int) - ((d == 1)[:, None] & (t[:, None] < u))
    second = np.sign(s[:, None] - r) * (np.abs(s[:, None] - r) >= 2)
    outcome = np.where(first == 0, second, first)
    assert (found.wins, found.losses, found.ties) == tuple(int((outcome == k).sum()) for k in (1, -1, 0))


def test_turning_the_arms_turns_the_statistics() -> None:
    endpoints, treated = drawn(1)
    one, other = win_statistics(endpoints, treated), win_statistics(endpoints, 1 - treated)
    assert (one.wins, one.losses, one.ties) == (other.losses, other.wins, other.ties)
    assert one.table["estimate"][0] == pytest.approx(1 / other.table["estimate"][0])
    assert one.table["se"].tolist() == pytest.approx(other.table["se"].tolist())
    assert one.variance == "u_statistic"


def test_one_binary_endpoint_is_the_difference_of_shares() -> None:
    rng = np.random.default_rng(5)
    value, treated = rng.integers(0, 2, 100), np.arange(100) % 2
    new, old = value[treated == 1], value[treated == 0]
    row = win_statistics([BinaryEndpoint(value)], treated).table.iloc[1]
    expected = np.sqrt(new.var(ddof=1) / 50 + old.var(ddof=1) / 50)
    assert (row["estimate"], row["se"]) == pytest.approx((new.mean() - old.mean(), expected))


def test_the_interval_covers_as_often_as_it_says() -> None:
    """2,000 trials of 40 and 40 without a difference: 95% within three standard errors of simulation."""
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(2000):
        time, event, score = rng.exponential(size=80), rng.integers(0, 2, 80), rng.normal(size=80)
        table = win_statistics([TimeEndpoint(time, event), MeasuredEndpoint(score)], np.arange(80) % 2).table
        covered += table["conf_low"][1] <= 0 <= table["conf_high"][1]
    assert covered / 2000 == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 2000))


def test_a_margin_is_reached_in_spite_of_rounding() -> None:
    found = win_statistics([MeasuredEndpoint([0.3, 0.1, 0.1, 0.3], margin=0.2)], [1, 1, 0, 0])
    assert (found.wins, found.losses, found.ties) == (1, 1, 2)


def test_ties_become_fewer_with_each_endpoint() -> None:
    ties = win_statistics(*drawn(2)).by_endpoint["ties"].tolist()
    assert all(later <= earlier for earlier, later in pairwise(ties))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(FitError, match="zero or infinite"):
        win_statistics([BinaryEndpoint([1, 1, 0, 0])], [1, 1, 0, 0])
    with pytest.raises(FitError, match="no variance"):
        win_statistics([BinaryEndpoint([1, 1, 0])], [1, 1, 0])
    with pytest.raises(OptionError, match="`treated` is not 0 and 1"):
        win_statistics([BinaryEndpoint([1, 1])], [1, 1])
    with pytest.raises(OptionError, match="`value` has missing"):
        win_statistics([MeasuredEndpoint([1, np.nan, 2, 3])], [1, 1, 0, 0])
    with pytest.raises(OptionError, match="`margin` is -1"):
        win_statistics([MeasuredEndpoint([1, 4, 2, 3], margin=-1)], [1, 1, 0, 0])
    with pytest.raises(OptionError, match="`variance`"):
        win_statistics([BinaryEndpoint([1, 0, 0, 1])], [1, 1, 0, 0], variance="wins")  # type: ignore[arg-type]
    with pytest.raises(FitError, match="in stratum b"):
        win_statistics([BinaryEndpoint([1, 0, 0, 1, 1])], [1, 1, 0, 0, 1], strata=list("aaaab"))
    with pytest.raises(OptionError, match="`strata` has 2 values"):
        win_statistics([BinaryEndpoint([1, 0, 0, 1])], [1, 1, 0, 0], strata=[1, 2])
    with pytest.raises(OptionError, match="`endpoints` is empty"):
        win_statistics([], [1, 1, 0, 0])
