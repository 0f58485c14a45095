"""Power by simulation: the plan's own analysis, the same whoever does the work, and what is made of the replicates."""

from __future__ import annotations

import importlib.util
import re
import socketserver
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa import simulated_power
from coxa.design import find_n
from coxa.design.by_simulation.comparisons import Comparison, TrueDifference, true_differences
from coxa.design.by_simulation.plan_run import run_singly
from coxa.design.by_simulation.run import Piece, check_some_fit, piece_size, replicate_seed, run_piece, trials_of
from coxa.design.by_simulation.search import needed, probit_curve, rounded
from coxa.design.by_simulation.summary import summary
from coxa.design.by_simulation.vary import settings
from coxa.errors import FitError, OptionError, TooFewParticipantsError
from coxa.figures import plot_power
from coxa.simulate import trial_design
from coxa.study.kinds import study_of
from tests.spec.power_plan import MMRM, power_plan, two_arms

ROUNDING = 1e-9
"""Fits together and singly follow the same steps on the same sums; what differs is the order of additions."""

KINDS: dict[str, dict[str, Any]] = {
    "mmrm": MMRM,
    "mmrm, holm": {**MMRM, "multiplicity": "holm"},
    "mmrm, margin": {**MMRM, "margin": {"type": "noninferiority", "value": 3}},
    "mmrm, margin, holm": {**MMRM, "margin": {"type": "noninferiority", "value": 3}, "multiplicity": "holm"},
    "mmrm, two visits of three": {**MMRM, "visits": ["w12", "w26"], "contrasts": ["by_visit", "average"]},
    "mmrm, course": {**MMRM, "contrasts": ["by_visit", "average", "slope", "auc"], "ddf": "satterthwaite"},
    "ancova": {"estimand": "primary", "model": "ancova", "adjust": ["baseline", "age"]},
    "ancova, holm": {"estimand": "primary", "model": "ancova", "adjust": ["baseline"], "multiplicity": "holm"},
    "proportions": {"estimand": "response", "model": "proportions"},
    "non-responders": {"estimand": "response", "model": "proportions", "missing_response": "non_responder"},
}
NUMBERS = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]


SLOW = ("mmrm, margin, holm", "mmrm, holm")
"""Kinds whose parts the others have."""


@pytest.mark.some(4)
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind in SLOW else kind for kind in KINDS]
)
def test_trials_fitted_together_have_the_numbers_of_the_plan_run_on_each(kind: str) -> None:
    study = power_plan({"a": KINDS[kind]})
    piece = Piece(study, 60, ("a",), seed=3, first=0, count=3)
    together = run_piece(piece)
    design = trial_design(study, participants=60)
    drawn, _ = trials_of(piece, design)
    singly = pd.DataFrame([row for k, one in enumerate(drawn) for row in run_singly(study, "a", design, one, k)])
    keys = ["replicate", "arm", "visit", "term"]
    both = together.merge(singly, on=keys, suffixes=("", "_singly"), validate="1:1")
    assert len(both) == len(together) == len(singly)
    assert (both["shown"] == both["shown_singly"]).all()
    for name in NUMBERS:
        np.testing.assert_allclose(both[name], both[f"{name}_singly"], rtol=ROUNDING, atol=ROUNDING)


def test_a_repeated_measures_model_of_one_visit_has_the_numbers_of_the_analysis_of_covariance() -> None:
    piece = Piece(two_arms(60, 6.0, 0.7, ["baseline"], "mmrm"), 60, ("primary",), seed=3, first=0, count=3)
    ancova = run_piece(replace(piece, study=two_arms(60, 6.0, 0.7, ["baseline"])))
    together = run_piece(piece)
    pd.testing.assert_frame_equal(together, ancova)
    design = trial_design(piece.study, participants=60)
    drawn, _ = trials_of(piece, design)
    singly = pd.DataFrame([run_singly(piece.study, "primary", design, one, k)[0] for k, one in enumerate(drawn)])
    np.testing.assert_allclose(singly[NUMBERS], together[NUMBERS], rtol=ROUNDING)


def test_a_trial_that_the_first_structure_does_not_fit_takes_the_ladder() -> None:
    study = power_plan({"a": {**MMRM, "adjust": []}}, dropout={"probability": 0.5})
    found = simulated_power(study, 9, replicates=20)
    assert (found.frame["fallback"] > 0).all()
    lost = found.failures["replicates"].sum()
    assert lost == round(20 * (1 - found.frame["converged"].iloc[0]))
    assert lost > 0


def test_results_do_not_depend_on_the_workers() -> None:
    study = power_plan({"primary": MMRM, "ancova": KINDS["ancova"]})
    one, two = (simulated_power(study, [40, 60], replicates=210, jobs=jobs).frame for jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="Dask's scheduler is not installed; it comes with the extra: pip install coxa[large]",
)
@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_results() -> None:
    from distributed import LocalCluster

    study = power_plan()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        there = simulated_power(study, 40, replicates=210, scheduler=cluster.scheduler_address).frame
    pd.testing.assert_frame_equal(there, simulated_power(study, 40, replicates=210).frame, check_exact=True)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask's scheduler is not installed")
def test_a_server_of_another_kind_is_no_scheduler() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _AnswersAsTheWebDoes) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with pytest.raises(OptionError, match=r"No Dask scheduler answers at tcp://127.0.0.1:\d+ .* or use `--jobs`"):
            simulated_power(power_plan(), 40, replicates=2, scheduler=f"tcp://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()


class _AnswersAsTheWebDoes(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nBad request\r\n")


def test_more_replicates_begin_with_the_same_ones() -> None:
    study = power_plan()
    few, many = (run_piece(Piece(study, 40, ("primary",), 1, 0, count)) for count in (5, 10))
    np.testing.assert_allclose(few["estimate"], many["estimate"][: len(few)], rtol=ROUNDING)
    assert len({replicate_seed("a", 1, n, k) for n in (40, 60) for k in range(100)}) == 200


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    study = power_plan()

    def killed(done: int, _: int) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulated_power(study, 40, replicates=300, out=tmp_path, progress=killed)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert len(kept) == 2
    told: list[int] = []
    found = simulated_power(study, 40, replicates=300, out=tmp_path, progress=lambda done, _: told.append(done))
    assert told[0] == 200
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    pd.testing.assert_frame_equal(found.frame, simulated_power(study, 40, replicates=300).frame)


def test_the_folder_of_another_plan_or_seed_is_refused(tmp_path: Path) -> None:
    simulated_power(power_plan(), 40, replicates=5, out=tmp_path)
    with pytest.raises(OptionError, match="plan_sha256"):
        simulated_power(power_plan(participants=60), 40, replicates=5, out=tmp_path)
    with pytest.raises(OptionError, match="seed 1 and not 2"):
        simulated_power(power_plan(), 40, replicates=5, seed=2, out=tmp_path)


def test_replicates_are_added_until_the_precision() -> None:
    found = simulated_power(power_plan({"a": KINDS["ancova"]}), 60, replicates=50, precision=0.04)
    assert (found.frame["power_error"] <= 0.04).all()
    assert (found.frame["replicates"] > 50).all()


def test_a_trial_too_small_for_the_model_is_named_with_remedies() -> None:
    crowded = {"a": {**KINDS["ancova"], "adjust": ["baseline", "age", "baseline:age"]}}
    with pytest.raises((TooFewParticipantsError, OptionError), match="participants"):
        simulated_power(power_plan(crowded), 6, replicates=20)
    lost = {"analysis": "a", "estimate": [np.nan] * 8, "problem": "no structure of the ladder converged"}
    cell = (settings(power_plan({"a": MMRM}), None)[0], 9)
    with pytest.raises(TooFewParticipantsError, match="any of 2 trials of 9 participants") as caught:
        check_some_fit(cell, pd.DataFrame(lost))
    assert "--n" in str(caught.value)


def test_settings_vary_dropout_and_the_variance_of_therapists() -> None:
    clusters = {"therapist_id": {"number": 6, "icc": 0.02, "arms": ["exercise"]}}
    study = power_plan(clusters=clusters)
    names = [each.name for each in settings(study, {"dropout": [0.1, 0.2], "therapist_id": [0.05]})]
    assert names == ["dropout=0.1, therapist_id=0.05", "dropout=0.2, therapist_id=0.05"]
    changed = settings(study, {"icc": [0.05]})[0].study.assumptions
    assert changed is not None
    assert changed.clusters["therapist_id"].icc == 0.05
    with pytest.raises(OptionError, match=r"Choose a short word \(dropout"):
        settings(study, {"drop": [0.1]})
    with pytest.raises(OptionError, match="`dropout` cannot be 2"):
        settings(study, {"dropout": [2.0]})


def test_more_dropout_widens_intervals() -> None:
    found = simulated_power(power_plan(), 60, replicates=100, vary={"dropout": [0.0, 0.5]}).frame
    width = found[found["visit"] == "w26"].groupby("setting")["width"].mean()
    assert width["dropout=0.5"] > 1.1 * width["dropout=0"]


def test_assurance_is_nearer_to_a_half_than_power() -> None:
    study = power_plan({"a": KINDS["ancova"]})
    known = simulated_power(study, 120, replicates=400, seed=4)
    unsure = simulated_power(study, 120, replicates=400, seed=4, assurance=(8.0, 6.0))
    at = {"arm": "exercise", "visit": "w26"}
    assert known.only(**at)["power"].item() - unsure.only(**at)["power"].item() > 0.02
    assert unsure.frame["bias"].isna().all()
    with pytest.raises(OptionError, match="sd above 0"):
        simulated_power(study, 120, assurance=(8.0, 0.0))


def test_the_truth_of_a_course_is_the_sum_of_those_at_the_visits() -> None:
    study = power_plan({"a": KINDS["mmrm, course"]})
    truth = true_differences(study, ["a"]).values
    assert truth["a", ("exercise", "usual_care", "w26", "difference")].value == pytest.approx(8)
    assert truth["a", ("exercise", "usual_care", "", "difference_in_average")].value == pytest.approx(8)
    assert truth["a", ("exercise", "usual_care", "", "difference_in_slope")].value == pytest.approx(0)


def test_what_four_replicates_say() -> None:
    rows = pd.DataFrame(
        {
            "estimate": [3.0, -3.0, 1.0, np.nan],
            "conf_low": [1.0, -5.0, -1.0, np.nan],
            "conf_high": [5.0, -1.0, 3.0, np.nan],
            "shown": [True, True, False, False],
            "rung": [0, 1, 0, -1],
        }
    )
    one = Comparison("a", "e", "x", "y", "w", "difference")
    found = summary(rows, one, TrueDifference(2.0, 0.0), setting="", n=10)
    expected = {
        "power": 2 / 4,
        "bias": 1 / 3 - 2,
        "coverage": 2 / 3,
        "type_s": 1 / 2,
        "type_m": 3 / 2,
        "width": 4.0,
        "converged": 3 / 4,
        "fallback": 1 / 4,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_probit_curve_finds_the_number() -> None:
    from scipy.stats import norm

    n = np.array([40, 80, 120])
    power = norm.cdf(-1.96 + 0.3 * np.sqrt(n))
    curve = probit_curve(n, power, np.full(3, 100_000))
    exact = ((norm.ppf(0.9) + 1.96) / 0.3) ** 2
    assert curve.n(0.9) == pytest.approx(exact, rel=0.01)
    low, high = curve.limits(0.9)
    assert low < exact < high
    assert rounded(101.0, 3, 10_000) == 102


@pytest.mark.some(2)
@pytest.mark.parametrize(
    "first", [[400, 800], [1600], [12], [60]], ids=["both at 100%", "far above", "far below", "near"]
)
def test_the_number_is_found_wherever_the_search_begins(first: list[int]) -> None:
    """The closed form says 62."""
    found = find_n(two_arms(60, 6.0, 0.7, ["baseline"]), 0.9, first, replicates=200)
    assert 54 <= found.n <= 76


def test_the_number_for_equivalence_is_found_from_one_with_less_than_the_level() -> None:
    """With 8 participants the power is 2%; the closed form says 50 to 52 for 80%."""
    content = two_arms(60, 0.0, 0.7, ["baseline"]).model_dump(mode="python", exclude_none=True)
    content["analyses"]["primary"]["margin"] = {"type": "equivalence", "value": 6}
    found = find_n(study_of(content), 0.8, 8, replicates=200)
    assert found.simulated.frame["power"].min() <= 0.025
    assert 42 <= found.n <= 62


def test_the_search_ends_early_where_the_power_does_not_rise() -> None:
    with pytest.raises(FitError, match=r"No number up to 20,000 .* power 0\.9, and .* participants give 0\.0") as error:
        find_n(two_arms(60, 0.0, 0.7, ["baseline"]), 0.9, replicates=200)
    reached = int(re.search(r"and ([\d,]+) participants", str(error.value))[1].replace(",", ""))  # type: ignore[index]
    assert reached < 10_000


def test_a_large_trial_is_simulated_in_smaller_pieces() -> None:
    plan = power_plan()
    assert piece_size(plan, ("primary",), 100) == 100
    assert piece_size(plan, ("primary",), 20_000) * 20_000 * 4 <= 1_000_000


def test_no_number_is_found_without_an_effect() -> None:
    frame = pd.DataFrame(
        [["a", "x", "y", "w", n, 0.05, 1000] for n in (50, 100, 200)],
        columns=["analysis", "arm", "reference", "visit", "n", "power", "replicates"],
    )
    with pytest.raises(FitError, match="mean_change"):
        needed(frame, 0.9)


def test_a_figure_says_its_numbers() -> None:
    found = simulated_power(power_plan({"a": KINDS["ancova"]}), [40, 60], replicates=20)
    figure = plot_power(found.frame, target=0.8)
    assert figure.svg().startswith("<svg")
    assert figure.alt.count(" with 60") == 4
