"""What leaves with a published audit: nothing that names a patient or a therapist, and no hidden count that follows."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog

from coxa.audit import CountTable, protect_tables
from coxa.audit.charts.cusum import cusum_path
from coxa.clinics import Audit, Published, audit_clinics, publish, write_audit
from coxa.clinics.audit import Rates, Shares
from coxa.clinics.measures.cusum import with_stretches
from coxa.clinics.page.build import build_page
from coxa.clinics.page.methods import _few
from coxa.clinics.page.seen import seen
from coxa.clinics.publishing.earlier import counts_text, read_counts
from coxa.clinics.publishing.hide import HIDDEN_EVENTS, _fractions, _without, hidden_audit
from coxa.clinics.publishing.rare import as_earlier, published_stretches, rare_tables
from coxa.clinics.publishing.shown import Shown
from coxa.errors import OptionError
from coxa.simulate import simulate_registry
from coxa.study import RegistryAssumptions
from coxa.study.audit.plan import SmallCells
from coxa.tables.hidden import HIDDEN

K = 5
EPISODES = 1200
Place = frozenset[tuple[str, str]]
Key = tuple[str, Place]


@pytest.fixture(scope="module")
def registry() -> tuple[Audit, pd.DataFrame]:
    made = simulate_registry(RegistryAssumptions(), seed=3, episodes=EPISODES)
    names = {name: f"Jo Okafor-{name}" for name in made.episodes["therapist"].unique()}
    frame = made.episodes.assign(
        therapist=made.episodes["therapist"].map(names), patient="P0P" + made.episodes["patient"].astype(str)
    )
    standards = {name: one.model_copy(update={"over_time": "run_chart"}) for name, one in made.plan.standards.items()}
    return audit_clinics(made.plan.model_copy(update={"standards": standards}), frame), frame


@pytest.fixture(scope="module")
def published(registry: tuple[Audit, pd.DataFrame]) -> Published:
    return publish(registry[0])


@pytest.fixture(scope="module")
def folder(
    registry: tuple[Audit, pd.DataFrame], published: Published, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("audit")
    write_audit(registry[0], published, out, ("html", "docx"), letter_form="html")
    return out


def public(folder: Path) -> Iterator[Path]:
    """Yield the files that leave the house."""
    yield from (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != "own")


def known_counts(folder: Path) -> dict[Key, float]:
    """Return every count of people that the CSV files have, NaN where it is hidden, by what is counted and whom."""
    found: dict[Key, float] = {}

    def take(frame: pd.DataFrame, dimensions: list[str], columns: Mapping[str, str]) -> None:
        for row in frame.to_dict("records"):
            place = frozenset((name, str(row[name])) for name in dimensions)
            for column, measure in columns.items():
                if column in frame and (key := (measure, place)) not in found:
                    found[key] = float(row[column])

    for path in sorted((folder / "tables").glob("completeness*.csv")):
        frame = pd.read_csv(path, dtype=str)
        counted = ["eligible", "asked", "intake", "due", "done", "of", "of_done"]
        dimensions = [name for name in frame if name not in (*counted, "forms", "intakes", "patients")]
        take(frame, dimensions, {name: name for name in counted})
    for path in sorted((folder / "tables").glob("case-mix-*-clinics.csv")):
        take(pd.read_csv(path), ["clinic"], {"n": path.stem.split("-")[2] + " in model"})
    for path in sorted((folder / "tables").glob("share-*.csv")):
        _, outcome, kind = path.stem.split("-")
        take(pd.read_csv(path), ["clinic"], {"n": f"{outcome} in model", "events": f"{outcome} {kind}"})
    series = pd.read_csv(folder / "tables" / "over-time.csv")
    clinics = series[(series["measure"] == "complete") & (series["clinic"] != "all")]
    take(clinics, ["clinic", "period"], {"n": "of", "events": "of_done"})
    take(series.query("measure == 'change' and clinic == 'all'"), ["period"], {"n": "pain in model"})
    flags = pd.read_csv(folder / "tables" / "rate-red-flags.csv")
    flags = flags.assign(missed=flags["n"] - flags["events"])
    take(flags, ["clinic"], {"n": "red_flags of", "missed": "red_flags missed"})
    rare = pd.read_csv(folder / "tables" / "rare.csv")
    for event, (people, measure) in RARE.items():
        for row in rare[(rare["event"] == event) & (rare["clinic"] == "all")].to_dict("records"):
            found[people, frozenset()], found[measure, frozenset()] = float(row["n"]), float(row["events"])
        spans = folder / "tables" / f"rare-{event.replace('_', '-')}-stretches.csv"
        if spans.is_file():
            take(pd.read_csv(spans), ["stretch"], {"n": people, "events": measure})
    return found


def equations(counts: Mapping[Key, float]) -> Iterator[tuple[Key, list[Key]]]:
    """Yield each total with its parts, where the files have both: over a dimension, or of a year and its quarters."""
    yield from _of_stretches(counts)
    by_shape: dict[tuple[str, frozenset[str]], list[Place]] = {}
    for measure, place in counts:
        by_shape.setdefault((measure, frozenset(name for name, _ in place)), []).append(place)
    for (measure, names), places in by_shape.items():
        for name in names:
            parts: dict[Place, list[Key]] = {}
            for place in places:
                parts.setdefault(frozenset(one for one in place if one[0] != name), []).append((measure, place))
            yield from (((measure, whole), below) for whole, below in parts.items() if (measure, whole) in counts)


RARE = {"worse": ("pain in model", "pain worse"), "red_flags_missed": ("red_flags of", "red_flags missed")}
"""Rare event -> names of those of whom it is known, and of those who have it."""


def _of_stretches(counts: Mapping[Key, float]) -> Iterator[tuple[Key, list[Key]]]:
    """Yield each stretch of time with its periods; not the last, which has periods that are in no chart."""
    names = {level for _, place in counts for name, level in place if name == "stretch"}
    for measure, place in counts:
        ((name, level), *more) = [*place] or [("", "")]
        if name != "stretch" or more or level == max(names):
            continue
        first, last = level.split(" to ")[0], level.split(" to ")[-1]
        parts = [(one, at) for one, at in counts if one == measure and len(at) == 1
                 and all(key == "period" and first <= period <= last for key, period in at)]  # fmt: skip
        if parts:
            yield (measure, place), parts


PARTS = (
    ("red_flags of", "eligible"), ("red_flags missed", "red_flags of"),
    ("asked", "eligible"), ("intake", "asked"), ("due", "intake"), ("done", "due"), ("of", "eligible"),
    ("of_done", "of"), ("due", "of"), ("done", "of_done"), ("pain in model", "of_done"),
    *((f"{outcome} {kind}", f"{outcome} in model") for outcome in ("pain", "function")
      for kind in ("important", "acceptable", "worse")),
)  # fmt: skip


def width(counts: Mapping[Key, float], target: Key) -> float:
    """Return by how much a hidden count can vary, by linear programs written for this test alone."""
    at = {key: number for number, key in enumerate(counts)}
    sums = [(whole, parts) for whole, parts in equations(counts) if _complete(counts, whole, parts)]
    open_sums = [each for each in equations(counts) if _of_some_periods(each[1])]
    rows = [(row, at[key], sign) for row, (whole, parts) in enumerate(sums)
            for key, sign in ((whole, 1.0), *((part, -1.0) for part in parts))]  # fmt: skip
    within = [([(small, place)], (large, place)) for small, large in PARTS
              for measure, place in counts if measure == small and (large, place) in at]  # fmt: skip
    bounds = [*within, *((parts, whole) for whole, parts in open_sums)]
    below = [(row, at[key], sign) for row, (parts, whole) in enumerate(bounds)
             for key, sign in ((whole, -1.0), *((part, 1.0) for part in parts))]  # fmt: skip
    equal, less = _matrix(rows, len(sums), len(at)), _matrix(below, len(bounds), len(at))
    limits = [(1, None) if np.isnan(n) else (n, n) for n in counts.values()]
    cost = np.zeros(len(at))
    cost[at[target]] = 1
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * cost, less, np.zeros(len(bounds)), equal, np.zeros(len(sums)), limits, method="highs")
        ends.append(np.inf if solved.status == 3 else sign * solved.fun)
    return ends[1] - ends[0]


def _matrix(entries: list[tuple[int, int, float]], rows: int, columns: int) -> sparse.csr_matrix:
    r, c, v = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_matrix((v, (r, c)), shape=(rows, columns))


def _of_some_periods(parts: list[Key]) -> bool:
    """Say whether parts are the periods of a clinic in a chart, which leaves out those that are not over."""
    return any({name for name, _ in place} == {"clinic", "period"} for _, place in parts)


def _complete(counts: Mapping[Key, float], whole: Key, parts: list[Key]) -> bool:
    """Say whether the parts are all that a total has: where all are shown, they add up to it."""
    if _of_some_periods(parts):
        return False
    values = [counts[part] for part in parts]
    return bool(np.isnan([counts[whole], *values]).any() or sum(values) == counts[whole])


def test_small_counts_are_hidden_and_others_with_them(published: Published) -> None:
    for table, true in zip(published.protected.tables, published.protected.true_tables, strict=True):
        small = true.cells["n"].between(1, K - 1)
        assert table.cells.loc[small, "n"].isna().all(), table.measure
    assert published.certificate.n_hidden > 50
    assert published.certificate.narrowest >= K


def test_no_hidden_count_can_be_narrowed_down_from_the_files(folder: Path) -> None:
    counts = known_counts(folder)
    hidden = [key for key, n in counts.items() if np.isnan(n)]
    assert len(hidden) > 50
    chosen = hidden[:: max(1, len(hidden) // 40)]
    assert all(width(counts, key) >= K - 1e-6 for key in chosen)


def test_a_point_of_a_rare_event_is_of_k_events_and_no_patient_is_a_row(folder: Path, published: Published) -> None:
    for event, frame in published.audit.stretches.items():
        points = frame.dropna()
        assert len(points) > 0
        assert (points["events"] >= K).all()
        assert (points["n"] - points["events"] >= K).all()
        assert set(frame) == {"stretch", "n", "events", "expected", "cusum"}, event
    for one in published.audit.rare:
        assert not len(one.frame)
        assert not len(one.path)
        assert one.signals in (0, 1)
        assert min(one.events, one.n - one.events) >= K or one.events == 0
    letters = (folder / "own" / "letters").glob("clinic-*.html")
    assert all("CUSUM, patient by patient" in path.read_text(encoding="utf-8") for path in letters)
    assert not [path for path in public(folder) if b"patient by patient. Points" in path.read_bytes()]


def test_stretches_of_the_audit_before_are_kept_so_that_none_overlap(
    registry: tuple[Audit, pd.DataFrame], published: Published
) -> None:
    spans = list(published.audit.stretches["worse"]["stretch"])
    later = registry[0].stretches["worse"].assign(events=lambda one: one["events"] + 9)
    more = pd.concat([later, later.tail(1).assign(period="2025 Q1"), later.tail(1).assign(period="2025 Q2", events=0)])
    audit = replace(registry[0], stretches={"worse": more.reset_index(drop=True)})
    kept = as_earlier(audit, [published.protected]).stretches["worse"]
    assert list(kept["stretch"].unique()) == [*spans, "2025 Q1 to 2025 Q2"]
    other = replace(registry[0], stretches={"worse": with_stretches(registry[0].stretches["worse"], 2)})
    disagreeing = replace(published.protected, tables=tuple(rare_tables(other)))
    assert as_earlier(audit, [published.protected, disagreeing]).stretches == {}


def test_a_hidden_stretch_adds_nothing_to_the_sum(registry: tuple[Audit, pd.DataFrame], published: Published) -> None:
    """With its score the sum would tell how many events it has."""
    audit, counts = registry[0], Shown.of(published.protected).counts
    span = audit.stretches["worse"]["stretch"].iloc[-1]
    hidden = Shown({**counts, ("pain worse", frozenset({("stretch", span)})): np.nan})
    rows = published_stretches(audit, hidden)["worse"].set_index("stretch")
    assert rows.loc[span, ["events", "expected", "cusum"]].isna().all()
    without = audit.stretches["worse"].query("stretch != @span").groupby("stretch", sort=False)["score"].sum()
    limit = next(one.limit for one in audit.rare if (one.event, one.clinic) == ("worse", "all"))
    assert rows["cusum"].dropna().tolist() == pytest.approx(cusum_path(without, limit).tolist())


def test_this_attack_would_find_a_count_that_is_hidden_alone(folder: Path) -> None:
    counts = {key: n for key, n in known_counts(folder).items() if len(key[1]) <= 1}
    key = ("of", frozenset({("clinic", "Clinic 01")}))
    assert width({**counts, key: np.nan}, key) == pytest.approx(0)


def test_no_patient_therapist_or_episode_is_named_in_a_file_that_leaves(
    folder: Path, registry: tuple[Audit, pd.DataFrame]
) -> None:
    files = list(public(folder))
    assert {path.name for path in files} >= {"audit.html", "audit.docx", "results.csv", "certificate.json"}
    words = {"Okafor", "P0P", *registry[1]["episode"].sample(20, random_state=1)}
    for path in files:
        raw = path.read_bytes()
        assert not [word for word in words if str(word).encode() in raw], path.name
    own = (folder / "own" / "therapists.csv").read_text(encoding="utf-8")
    assert "Okafor" in own


def test_the_folder_for_the_own_eyes_is_for_its_owner_alone(folder: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder / "own").rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_a_number_of_a_hidden_clinic_or_therapist_is_nowhere(published: Published) -> None:
    for found in published.audit.case_mix.values():
        for frame in (found.clinics, found.therapists):
            hidden = frame[frame["n"].isna()]
            numbers = hidden.drop(columns=[name for name in ("clinic", "therapist") if name in hidden])
            assert numbers.select_dtypes("number").isna().all(axis=None)
    therapists = published.audit.case_mix["pain"].therapists
    assert therapists["n"].isna().any()


def test_a_chart_is_made_from_the_points_that_are_shown(published: Published) -> None:
    charts = [one for one in published.audit.series if one.frame["value"].isna().any() and one.measure == "complete"]
    assert charts
    for one in charts:
        shown = one.frame.dropna(subset="value")
        for _, part in shown.groupby("part"):
            assert part["centre"].iloc[0] == pytest.approx(part["events"].sum() / part["n"].sum(), abs=0.0005)
    assert {one.measure for one in published.audit.series if one.clinic != "all"} <= {"complete", "change", "missed"}
    assert not published.audit.findings


def test_the_certificate_is_a_file_and_says_what_it_does_not_say(folder: Path, published: Published) -> None:
    told = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    assert told["k"] == K
    assert told["n_hidden"] == published.certificate.n_hidden
    assert "fewer than 5 episodes" in told["says"]
    assert "knows from elsewhere" in told["does_not_say"]


def test_the_counts_come_back_for_the_next_audit(folder: Path, published: Published) -> None:
    again = read_counts(folder)
    assert counts_text(again) == counts_text(published.protected)
    with pytest.raises(OptionError, match=r"no counts\.json"):
        read_counts(folder / "tables")


def test_with_the_audit_before_the_difference_is_protected_as_well(
    registry: tuple[Audit, pd.DataFrame], folder: Path
) -> None:
    frame = registry[1]
    later = audit_clinics(registry[0].plan, frame[frame["patient"] != frame["patient"].iloc[0]])
    small = replace(later, completeness=replace(later.completeness, counts={
        name: counts for name, counts in later.completeness.counts.items() if name in ((), ("clinic",), ("sex",))
    }), case_mix={}, shares=(), rates=(), series=(), periods=later.periods.iloc[:0], rare=(), stretches={})  # fmt: skip
    published = publish(small, earlier=[read_counts(folder)])
    assert published.certificate.n_earlier == 1
    assert published.certificate.left
    assert published.certificate.narrowest >= K


@pytest.mark.parametrize(("cells", "smallest"), [(SmallCells(k=10), 10), (SmallCells(k=5, round_to=5), 5)])
def test_other_sizes_and_rounding(registry: tuple[Audit, pd.DataFrame], cells: SmallCells, smallest: int) -> None:
    plan = registry[0].plan.model_copy(update={"small_cells": cells})
    few = {name: counts for name, counts in registry[0].completeness.counts.items() if len(name) < 2}
    audit = replace(registry[0], plan=plan, periods=registry[0].periods.iloc[:0], series=(), rare=(),
                    stretches={}, case_mix={},
                    shares=(), rates=(), completeness=replace(registry[0].completeness, counts=few))  # fmt: skip
    published = publish(audit)
    shown = [n for table in published.protected.tables for n in table.cells["n"].dropna() if n]
    assert min(shown) >= smallest
    assert published.certificate.k == cells.k
    assert all(n % cells.round_to == 0 for n in shown)


def test_a_point_of_a_clinic_is_shown_where_its_number_of_people_is(published: Published) -> None:
    shown = Shown.of(published.protected)
    people = {"change": "pain in model", "missed": "eligible", "complete": "of"}
    n_hidden = 0
    for one in (one for one in published.audit.series if one.clinic != "all"):
        n = shown.column(people[one.measure], one.frame.assign(clinic=one.clinic), ["clinic", "period"])
        assert one.frame.loc[np.isnan(n), "value"].isna().all()
        n_hidden += int(np.isnan(n).sum())
    assert n_hidden > 20


def test_where_a_total_is_hidden_nothing_that_comes_from_it_is_shown() -> None:
    clinics = {"clinic": ["A", "B", "C"], "n": [44.0, 37.0, 38.0], "events": [0.0, 0.0, 1.0], "share": [0.0, 0.0, 0.03]}
    frame = pd.DataFrame(clinics | {"expected": [0.37, 0.31, 0.32], "high_95": 0.07, "position": "within"})
    tables = [
        CountTable.of_groups(frame, ["clinic"], "n", measure="of"),
        CountTable.of_groups(frame, ["clinic"], "events", measure="worse", within="of"),
    ]
    shown = Shown.of(protect_tables(tables, 5))
    assert np.isnan(shown.total("worse"))
    found = _fractions(frame, "worse", "of", shown)
    assert found[["expected", "high_95"]].isna().all(axis=None)
    assert (found["position"] == "").all()
    assert found["n"].tolist() == [44, 37, 38]


def test_the_own_change_next_to_published_ones_has_the_number_that_is_shown(
    registry: tuple[Audit, pd.DataFrame], published: Published
) -> None:
    """The number of all in the model would give away the last one that is hidden."""
    audit, counts = registry[0], dict(Shown.of(published.protected).counts)
    shown = hidden_audit(audit, Shown(counts), K).literature
    assert len(shown) > 0
    assert set(shown["own_n"]) == {counts["pain in model", frozenset()]}
    counts["pain in model", frozenset()] = np.nan
    assert hidden_audit(audit, Shown(counts), K).literature[["own_n", "own_change"]].isna().all(axis=None)


@pytest.mark.parametrize(("kept", "eligible", "rounded"), [(1153, 1151, 1), (1200, np.nan, 1), (1200, 1150, 5)])
def test_rows_do_not_tell_how_many_are_not_eligible_where_these_are_few(
    published: Published, kept: int, eligible: float, rounded: int
) -> None:
    counts = published.audit.completeness.counts
    rows = published.audit.disposition.counts.assign(kept=kept, entered=kept, empty=0, left_out=0)
    audit = replace(
        published.audit,
        completeness=replace(published.audit.completeness, counts={**counts, (): counts[()].assign(eligible=eligible)}),
        disposition=replace(published.audit.disposition, counts=rows),
    )
    few = replace(published, audit=audit, certificate=replace(published.certificate, rounded_to=rounded))
    assert _few(seen(few))
    many = replace(published, audit=replace(audit, completeness=published.audit.completeness, disposition=replace(
        published.audit.disposition, counts=rows.assign(kept=1200))))  # fmt: skip
    assert not _few(seen(many))


def test_a_hidden_total_is_never_0_and_a_true_0_is_shown(registry: tuple[Audit, pd.DataFrame]) -> None:
    """3 are worse, and none is in an acceptable state: the one is hidden, the other is a number."""
    rows = pd.DataFrame({"clinic": ["A", "B"], "n": [60, 50], "events": [1, 2], "share": [1 / 60, 0.04]})
    rows = rows.assign(
        adjusted=np.nan, position="within", **dict.fromkeys(("low_95", "high_95", "low_99.8", "high_99.8"), 0.0)
    )
    made = Shares("pain", "worse", 2.0, "", rows, 3, 110)
    none = replace(made, kind="acceptable", clinics=rows.assign(events=0, share=0.0), events=0)
    rate = Rates("red_flags", rows.assign(episodes=rows["n"]), 3, 110, None, "episodes")
    counts = {dimensions: table for dimensions, table in registry[0].completeness.counts.items() if not dimensions}
    audit = replace(
        registry[0], shares=(made, none), rates=(rate,), series=(), rare=(), stretches={}, case_mix={},
        periods=pd.DataFrame(),
        completeness=replace(registry[0].completeness, counts=counts, weights=pd.DataFrame()),
    )  # fmt: skip
    published = publish(audit)
    worse, acceptable, met = *published.audit.shares, *published.audit.rates
    assert np.isnan([worse.events, met.events]).all()
    assert (worse.n, acceptable.events, met.n) == (110, 0, 110)
    (table,) = (one for one in build_page(published).tables() if one.id == "reached")
    page = {row.label: [cell.text for cell in row.cells[:2]] for row in table.rows()}
    assert page["Worse pain"] == ["110", HIDDEN]
    assert page["Acceptable state of pain"] == ["110", "0"]


def test_no_number_that_leaves_has_more_digits_than_the_page(folder: Path) -> None:
    for path in (folder / "tables").glob("*.csv"):
        numbers = pd.read_csv(path).select_dtypes("number")
        assert np.allclose(numbers, numbers.round(4), equal_nan=True, rtol=0, atol=1e-12), path.name


def test_a_level_of_a_few_patients_has_no_coefficient(registry: tuple[Audit, pd.DataFrame]) -> None:
    audit, frame = registry
    changed = frame.assign(sex=frame["sex"].astype(object))
    changed.loc[changed.index[:3], "sex"] = None
    found = audit_clinics(audit.plan, changed).case_mix["pain"]
    assert "not recorded" not in set(found.coefficients.query("term == 'sex'")["level"])


def test_a_category_with_a_hidden_count_has_no_coefficients(
    registry: tuple[Audit, pd.DataFrame], published: Published
) -> None:
    counts = published.audit.completeness.counts
    for name in ("condition", "sex", "deprivation"):
        hidden = bool(counts[name,]["of_done"].isna().any())
        shown = published.audit.case_mix["pain"].coefficients.query("term == @name")
        true = registry[0].case_mix["pain"].coefficients.query("term == @name")
        assert len(true) > 0
        assert len(shown) == (0 if hidden else len(true))
        assert shown["level"].is_monotonic_increasing
    assert "few episodes" not in published.audit.case_mix["pain"].method


def test_how_many_are_worse_is_not_told_by_a_reason_either(registry: tuple[Audit, pd.DataFrame]) -> None:
    audit = replace(registry[0], without={"worse": "Patients who are worse in Pain are too few for a chart."})
    shown = Shown.of(protect_tables([CountTable.of_groups(pd.DataFrame({"n": [3]}), [], "n", measure="pain worse")], 5))
    assert _without(audit, shown)["worse"] == HIDDEN_EVENTS
