"""The record of an audit, made by hand: twelve clinics, two therapists each, twelve quarters; nothing in it is real."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from coxa.audit import funnel_proportions, p_chart, xmr_chart
from coxa.clinics.audit import Audit, CaseMix, Completeness, Rates, Series, Shares
from coxa.findings import Finding, Findings
from coxa.study.audit.plan import AuditPlan

CLINICS = (
    "Harbour", "Mill Lane", "Northgate", "Old Town", "Parkside", "Quayside", "Riverside", "St Anne", "Tower Road",
    "Upper Mill", "Victoria", "West End",
)  # fmt: skip
QUARTERS = tuple(f"{year} Q{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4))
SMALL = "West End"
"""The clinic of which some numbers are small."""

PLAN: dict[str, Any] = {
    "audit": "hip-clinics",
    "title": "Hip and knee care in twelve clinics",
    "data": {"file": "episodes.csv"},
    "outcomes": {
        "pain": {"label": "Pain", "instrument": "nprs", "important": {"value": 2, "source": "Childs 2005, low back"}},
        "function": {"label": "Function", "range": [0, 100], "unit": "points", "higher_is_better": True},
    },
    "descriptors": {
        "age": {"label": "Age", "type": "number", "unit": "years", "bands": [40, 60], "completeness": True},
        "sex": {"label": "Sex", "type": "category", "levels": ["female", "male"], "completeness": True},
    },
    "standards": {"red_flags": {"label": "Red flags asked for", "met": "flags_asked", "target": 0.95}},
    "targets": {"complete": 0.8, "important": 0.5, "attended": 0.85},
    "recalculate": [{"measure": "complete", "start": "2023-07-01", "because": "Tablets in the waiting rooms."}],
}


def plan(**changes: Any) -> AuditPlan:
    """Return the plan, with some of its parts changed."""
    return AuditPlan.model_validate(PLAN | changes)


def audit(of: AuditPlan | None = None) -> Audit:
    """Return the record of all clinics."""
    of = of or plan()
    return Audit(
        of,
        data_cut=date(2025, 3, 31),
        first=date(2022, 1, 3),
        last=date(2024, 12, 20),
        n_patients=2310,
        completeness=complete(),
        case_mix={"pain": case_mix(-2.0), "function": case_mix(14.0)},
        shares=(share("important", 2.0, 3), share("worse", 2.0, 17)),
        series=tuple(all_series()),
        rates=(rate("attended", 9, "sessions", 0.85), rate("red_flags", 8, "episodes", 0.95)),
        periods=pd.DataFrame(columns=["clinic", "period"]),
        literature=literature(),
        findings=Findings(
            (Finding("warning", "episodes", "discharge is before intake", "Correct the dates.", row=12, n_rows=3),)
        ),
    )


def sizes() -> np.ndarray:
    """Return the eligible episodes of each clinic."""
    return np.array([410, 180, 260, 90, 320, 150, 220, 130, 60, 280, 200, 40])


def counts(eligible: Any, done: Any) -> dict[str, Any]:
    """Return the counts of groups from those eligible and the share that is done."""
    n = np.asarray(eligible)
    of_done = np.round(n * 0.85 * np.asarray(done)).astype(int)
    made = {"eligible": n, "asked": np.round(n * 0.93).astype(int), "intake": np.round(n * 0.9).astype(int)}
    made |= {"due": np.round(n * 0.78).astype(int), "done": of_done, "of": np.round(n * 0.85).astype(int)}
    made |= {"of_done": of_done, "forms": np.round(of_done * 1.1).astype(int), "intakes": made["intake"]}
    return made | {"patients": np.round(n * 0.97).astype(int)}


def complete() -> Completeness:
    """Return how complete the data are."""
    done = 0.55 + 0.03 * ((np.arange(12) * 5) % 12)
    whole = pd.DataFrame(counts(sizes(), done)).sum().to_frame().T
    therapists = [(clinic, f"T{number:02d}") for number, clinic in enumerate(np.repeat(CLINICS, 2), start=1)]
    both = [(clinic, condition) for clinic in CLINICS for condition in ("hip", "knee")]
    years = [(clinic, year) for clinic in CLINICS for year in ("2022", "2023", "2024")]
    made = {
        (): whole,
        ("clinic",): table({"clinic": CLINICS}, sizes(), done),
        ("clinic", "therapist"): table(columns(therapists, "clinic", "therapist"), np.repeat(sizes() // 2, 2), 0.7),
        ("period",): table({"period": QUARTERS}, 150 + 10 * np.arange(12), 0.6 + 0.02 * np.arange(12)),
        ("condition",): table({"condition": ["hip", "knee"]}, [1400, 940], [0.73, 0.69]),
        ("age",): table({"age": ["below 40", "40 to under 60", "60 or more"]}, [340, 900, 1100], [0.5, 0.7, 0.8]),
        ("sex",): table({"sex": ["female", "male", "not recorded"]}, [1290, 1030, 20], [0.74, 0.7, 0.5]),
        ("clinic", "condition"): table(columns(both, "clinic", "condition"), np.repeat(sizes() // 2, 2), 0.72),
        ("clinic", "year"): table(columns(years, "clinic", "year"), np.repeat(sizes() // 3, 3), 0.7),
    }
    weights = pd.DataFrame(
        {"clinic": ["all", *CLINICS], "lowest": 1.05, "highest": 3.2, "effective_n": [1260.0, *(sizes() * 0.5)],
         "n_seen": [1420, *np.round(sizes() * 0.6).astype(int)], "n_due": [1990, *np.round(sizes() * 0.85).astype(int)],
         "n_capped": 0}
    )  # fmt: skip
    terms = pd.DataFrame(
        {"term": ["sex", "sex"], "level": ["female", "male"], "n_due": [1096, 876], "n_done": [811, 613]}
    )
    return Completeness(made, weights, terms)


def columns(rows: list[tuple[str, str]], *names: str) -> dict[str, list[str]]:
    """Return rows of names as columns."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def table(groups: dict[str, Any], eligible: Any, done: Any) -> pd.DataFrame:
    """Return the counts of some groups."""
    return pd.DataFrame({**groups, **counts(eligible, done)})


def adjusted(target: float, n: np.ndarray, z: np.ndarray) -> pd.DataFrame:
    """Return units with these positions, in standard errors, about a mean."""
    scale = abs(target)
    error = scale * np.sqrt(0.01 + 0.9 / n)
    value = target + z * error
    position = np.select([z < -3.09, z > 3.09], ["low", "high"], "within")
    near = np.select([z < -1.96, z > 1.96], ["low", "high"], "within")
    middle = target + 0.8 * (value - target)
    frame = {"n": n, "n_lost": n // 4, "intake": 6.1, "change": value - 0.1 * scale * np.cos(np.arange(len(n)))}
    frame |= {"expected": frame["change"] - (value - target), "residual": value - target, "std_error": error}
    frame |= {"adjusted": value, "low_95": target - 1.96 * error, "high_95": target + 1.96 * error}
    frame |= {"low_99.8": target - 3.09 * error, "high_99.8": target + 3.09 * error, "position": position}
    frame |= {"position_95": near, "reliability": 1 / (1 + 20 / n), "shrunken": middle}
    frame |= {"shrunken_low": middle - 1.5 * error, "shrunken_high": middle + 1.5 * error, "smallest": 3.93 * error}
    return pd.DataFrame(
        frame | {"weighted": value - 0.05 * scale, "lost_low": value - 9 * error, "lost_high": value + 9 * error}
    )


Z = np.array([0.4, -0.9, 3.6, -0.2, -3.8, 0.9, 2.2, -1.1, 0.3, -0.4, 1.2, 0.1])


def case_mix(target: float) -> CaseMix:
    """Return an adjusted change whose mean is the size of `target`, in points of improvement."""
    target, n = abs(target), np.round(sizes() * 0.6).astype(int)
    scale = target / 2
    clinics = pd.DataFrame({"clinic": CLINICS}).join(adjusted(target, n, Z))
    therapists = pd.DataFrame({"clinic": np.repeat(CLINICS, 2), "therapist": [f"T{k:02d}" for k in range(1, 25)]})
    therapists = therapists.join(adjusted(target, np.repeat(n // 2, 2), np.repeat(Z * 0.6, 2)))
    estimate = np.array([0.42, -0.01, 0.2]) * scale
    coefficients = pd.DataFrame({"term": ["intake", "age", "sex"], "level": ["", "", "male"], "estimate": estimate})
    coefficients = coefficients.assign(std_error=0.05 * scale, conf_low=estimate - 0.1, conf_high=estimate + 0.1)
    variances = pd.DataFrame(
        {"level": ["clinic", "therapist", "patient"], "variance": [0.3, 0.2, 4.5], "share": [0.06, 0.04, 0.9]}
    )
    band = np.arange(1, 11)
    calibration = pd.DataFrame(
        {"band": band, "n": 140, "expected": scale * (0.5 + 0.3 * band), "observed": scale * (0.45 + 0.31 * band)}
    )
    intake = np.arange(2.0, 10.5, 1.0)
    recovery = pd.DataFrame(
        {"intake": intake, "expected": 0.5 * intake, "low": 0.5 * intake - 1.6, "high": 0.5 * intake + 1.8}
    )
    return CaseMix(
        int(n.sum()), 12, 24, coefficients, variances, calibration, clinics, therapists, target, 3.1, 0.02, 0.0004,
        recovery.assign(low=recovery["low"].clip(0)), "linear mixed model of change with random clinics and therapists",
    )  # fmt: skip


def share(kind: str, value: float, seed: int) -> Shares:
    """Return those who reach something, by clinic."""
    n = np.round(sizes() * 0.6).astype(int)
    p = (0.5 if kind == "important" else 0.08) * (1 + 0.15 * np.sin(np.arange(12) * seed))
    events = np.round(n * p).astype(int)
    limits = funnel_proportions(events, n, units=CLINICS).frame.rename(
        columns=lambda name: name.replace("_99_8", "_99.8")
    )
    names = ["low_95", "high_95", "low_99.8", "high_99.8", "position"]
    frame = pd.DataFrame({"clinic": CLINICS, "events": events, "n": n, "share": events / n, "expected": n * 0.5})
    frame = frame.assign(adjusted=events / n, **{name: limits[name] for name in names})
    return Shares("pain", kind, value, "Childs 2005, low back pain", frame, int(events.sum()), int(n.sum()))


def rate(name: str, seed: int, of: str, target: float) -> Rates:
    """Return a share that is not adjusted, by clinic."""
    n = sizes() * (6 if of == "sessions" else 1)
    events = np.round(n * (0.86 + 0.05 * np.sin(np.arange(12) * seed))).astype(int)
    limits = funnel_proportions(events, n, units=CLINICS).frame.rename(
        columns=lambda name: name.replace("_99_8", "_99.8")
    )
    names = ["low_95", "high_95", "low_99.8", "high_99.8", "position"]
    frame = pd.DataFrame({"clinic": CLINICS, "events": events, "n": n, "share": events / n, "episodes": sizes()})
    frame = frame.assign(**{column: limits[column] for column in names})
    return Rates(name, frame, int(events.sum()), int(n.sum()), target, of)


def all_series() -> list[Series]:
    """Return the measures over time, of all clinics and of each."""
    made = []
    for place, clinic in enumerate(("all", *CLINICS)):
        n = np.full(12, 160 if clinic == "all" else max(8, sizes()[place - 1] // 12))
        wave = 0.03 * np.sin(np.arange(12) * (place + 1))
        step = np.where(np.arange(12) == 11, 0.3 if place == 3 else -0.4 if place == 5 else 0.0, 0.0)
        events = np.round(n * np.clip(0.7 + wave + step, 0, 1))
        made += [proportions("complete", clinic, events, n, 0.8, "increase", (6,))]
        made += [proportions("important", clinic, np.round(n * (0.5 + wave)), n, 0.5, "increase")]
        made += [proportions("missed", clinic, np.round(n * (0.12 + wave)), n, None, "decrease")]
        chart = xmr_chart(2.0 + 10 * wave + 4 * step, improvement="increase")
        made += [series("change", clinic, chart, n, np.nan)]
        made += [series("episodes", clinic, xmr_chart(n + np.round(100 * wave), improvement="neutral"), n, n)]
    return made


def proportions(
    measure: str, clinic: str, events: Any, n: Any, target: float | None, better: Any, anew: Any = ()
) -> Series:
    """Return a share over time."""
    return series(
        measure, clinic, p_chart(events, n, improvement=better, target=target, recalculate_at=anew), n, events
    )


def series(measure: str, clinic: str, chart: Any, n: Any, events: Any) -> Series:
    """Return a chart as a series."""
    frame = pd.DataFrame({"period": QUARTERS, "n": n, "events": events}).join(chart.frame)
    return Series(
        measure,
        clinic,
        frame,
        chart.variation,
        chart.assurance,
        chart.target,
        chart.improvement,
        chart.method,
        chart.warnings,
    )


def literature() -> pd.DataFrame:
    """Return published groups of patients."""
    rows = [
        ["moa-2013", "Hip or knee osteoarthritis", "Exercise", "pain", 51, 1.6, 9.0, "Abbott 2013", 1404, 2.0],
        ["moa-2013", "Hip or knee osteoarthritis", "Usual care", "pain", 51, 0.4, 9.0, "Abbott 2013", 1404, 2.0],
    ]
    names = ["preset", "title", "arm", "outcome", "n", "change", "weeks", "source", "own_n", "own_change"]
    return pd.DataFrame(rows, columns=names)
