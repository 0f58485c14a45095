"""Values and their limits: fields of the contract, outcomes, items, clinical measures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coxa.cohort.checks.checked import Blank, Checked, Draft, LeaveOut
from coxa.cohort.checks.coding import REASON, one_off
from coxa.cohort.checks.kinds import NO_VALUE, values_of_kind
from coxa.cohort.checks.ranges import Span, out_of_range, with_unit
from coxa.cohort.contracts import Breach, breaches
from coxa.cohort.measured import named_version
from coxa.cohort.row_findings import row_findings
from coxa.errors import OptionError, choose
from coxa.findings import Finding
from coxa.instruments import load_instrument
from coxa.instruments.definition import Instrument
from coxa.instruments.measures import load_measures
from coxa.study.scales import outcome_scale


def check_contracts(draft: Draft) -> Checked:
    """Check every field against what is required, its levels and its hard limits; soft limits are warnings."""
    findings: list[Finding] = []
    blanked: list[Blank] = []
    left_out: list[LeaveOut] = []
    for table, frame in draft.tables.items():
        agreed = draft.contracts[table]
        for breach in breaches(frame, agreed):
            findings += _breach_findings(draft, table, frame, breach)
            if breach.field.required:
                left_out.append(LeaveOut(table, breach.rows, f"{breach.field.name} breaks its {breach.broken}"))
            else:
                blanked.append(Blank(table, breach.field.name, breach.rows))
        for breach in breaches(frame, agreed, "soft"):
            low, high = breach.field.soft or (-np.inf, np.inf)
            hard = breach.field.hard or (-np.inf, np.inf)
            rows = breach.rows[frame.loc[breach.rows, breach.field.name].between(*hard)]
            findings += row_findings(
                frame,
                rows,
                severity="warning",
                table=table,
                field=breach.field.name,
                rule=f"`{breach.field.name}` is outside its usual range, {low:g} to "
                f"{high:g}{with_unit(breach.field.unit)}",
                remedy="Check the value and its unit at the source.",
                value=frame[breach.field.name],
            )
    return Checked(tuple(findings), tuple(left_out), tuple(blanked))


def _breach_findings(draft: Draft, table: str, frame: pd.DataFrame, breach: Breach) -> list[Finding]:
    field = breach.field
    if breach.broken == "limits" and field.hard:
        return out_of_range(
            draft, table, frame, breach.rows, Span(field.name, field.name, *field.hard, field.unit or "", field.name)
        )
    rule = {
        "required": f"`{field.name}` is empty",
        "levels": f"`{field.name}` is not one of its levels",
    }
    remedy = {"required": "Fill it in, or remove the row.", "levels": f"Choose one of {', '.join(field.levels)}."}
    return row_findings(
        frame,
        breach.rows,
        severity="error",
        table=table,
        field=field.name,
        rule=rule.get(breach.broken, "the table breaks its contract"),
        remedy=remedy.get(breach.broken, "Correct the value."),
        value=frame[field.name],
    )


def check_outcome_ranges(draft: Draft) -> Checked:
    """Check each assessment against the range of its outcome."""
    frame = draft.table("assessments")
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    for name, outcome in draft.study.outcomes.items():
        scale = outcome_scale(outcome)
        mine = frame["outcome"] == name
        span = Span(name, name, scale.low, scale.high, scale.unit)
        if finding := one_off("assessments", frame[mine], span):
            findings.append(finding)
            left_out.append(LeaveOut("assessments", frame.index[mine], REASON))
            continue
        outside = frame.index[mine & ~frame["value"].between(scale.low, scale.high)]
        if len(outside):
            findings += out_of_range(draft, "assessments", frame, outside, span)
            left_out.append(LeaveOut("assessments", outside, "out of range"))
        broken, found = values_of_kind(frame, mine & ~frame.index.isin(outside), name, outcome)
        findings += found
        left_out += [LeaveOut("assessments", broken, NO_VALUE)] if len(broken) else []
    return Checked(tuple(findings), tuple(left_out))


def check_items(draft: Draft) -> Checked:
    """Check each item response: the instrument and item are known, the code is in range and whole."""
    frame = draft.table("item_responses")
    if frame.empty:
        return Checked()
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    for name in frame["instrument"].dropna().unique():
        mine = frame["instrument"] == name
        rows = frame if mine.all() else frame[mine]
        try:
            instrument = load_instrument(str(name))
            version = instrument.choose_version(named_version(draft.study, str(name)))
        except OptionError as error:
            findings.append(_instrument_finding(rows, str(error)))
            left_out.append(LeaveOut("item_responses", rows.index, "unknown instrument or version"))
            continue
        if answers_in_range(rows, instrument, version):
            continue
        shifted, off = _one_off(rows, instrument, version)
        findings += shifted
        left_out += [LeaveOut("item_responses", off, REASON)] if len(off) else []
        rows = rows.drop(off)
        for code, answers in rows.groupby(rows["item"].astype("str"), sort=False):
            if code not in instrument.items:
                findings += _unknown_item(answers, str(name), str(code), instrument.items)
                left_out.append(LeaveOut("item_responses", answers.index, f"unknown item ({code})"))
                continue
            span = instrument.item_range(str(code), version)
            outside = answers.index[~answers["value"].between(span.low, span.high)]
            field = f"{name!s} {code!s}"
            findings += out_of_range(
                draft, "item_responses", answers, outside, Span(str(code), field, span.low, span.high, "")
            )
            broken = answers.index[(answers["value"] % 1 != 0) & span.integer].difference(outside)
            findings += row_findings(
                answers, broken, severity="error", table="item_responses", field=field,
                rule=f"an answer to item {code} of {name} is not a whole number", remedy="Correct it at the source.",
                value=answers["value"],
            )  # fmt: skip
            left_out += [LeaveOut("item_responses", index, why) for index, why in
                         ((outside, "out of range"), (broken, "not a whole number")) if len(index)]  # fmt: skip
    return Checked(tuple(findings), tuple(left_out))


def answers_in_range(rows: pd.DataFrame, instrument: Instrument, version: str) -> bool:
    """Say whether every row is an answer that its item allows, so that there is nothing to find."""
    codes, names = pd.factorize(rows["item"])
    if (codes < 0).any() or not set(names) <= set(instrument.items):
        return False
    spans = [instrument.item_range(str(name), version) for name in names]
    values = rows["value"].to_numpy(dtype=float)
    low, high = (np.array([getattr(span, end) for span in spans]) for end in ("low", "high"))
    within = (values >= low[codes]) & (values <= high[codes])
    whole = np.array([span.integer for span in spans])
    return bool(within.all() and (~whole[codes] | (values == np.floor(values))).all())


def _one_off(rows: pd.DataFrame, instrument: Instrument, version: str) -> tuple[list[Finding], pd.Index]:
    """Return a finding for every range of the instrument in which the answers are coded one off, and their rows."""
    known = rows[rows["item"].isin(instrument.items)]
    spans = {item: instrument.item_range(item, version) for item in known["item"].astype("str").unique()}
    findings, off = [], rows.index[:0]
    for low, high in dict.fromkeys((span.low, span.high) for span in spans.values() if span.integer):
        alike = [item for item, span in spans.items() if (span.low, span.high) == (low, high)]
        answers = known[known["item"].isin(alike)]
        if finding := one_off("item_responses", answers, Span(instrument.name, instrument.name, low, high, "")):
            findings.append(finding)
            off = off.append(answers.index)
    return findings, off


def _instrument_finding(rows: pd.DataFrame, message: str) -> Finding:
    return Finding("error", "item_responses", "the instrument or its version is unknown", message,
                   row=int(rows["source_row"].iloc[0]), field="instrument", n_rows=len(rows))  # fmt: skip


def _unknown_item(rows: pd.DataFrame, name: str, code: str, items: tuple[str, ...]) -> Iterator[Finding]:
    yield from row_findings(
        rows.head(1), rows.index[:1], severity="error", table="item_responses", field="item",
        rule=f"the item is not an item of {name}", remedy=choose(code, items), value=code,
    )  # fmt: skip


def check_measures(draft: Draft) -> Checked:
    """Check each clinical measure against its limits and unit."""
    frame = draft.table("clinical_measures")
    if frame.empty:
        return Checked()
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    for name, rows in frame.dropna(subset="value").groupby("measure", sort=False):
        measure = load_measures().get(str(name))
        if measure is None:
            continue
        outside = rows.index[~rows["value"].between(*measure.hard)]
        findings += out_of_range(
            draft, "clinical_measures", rows, outside, Span(str(name), str(name), *measure.hard, measure.unit)
        )
        unusual = rows.index[~rows["value"].between(*(measure.soft or measure.hard))].difference(outside)
        findings += row_findings(
            rows, unusual, severity="warning", table="clinical_measures", field=str(name),
            rule=f"`{name}` is outside its usual range, {{:g}} to {{:g}} "
                f"{measure.unit}".format(*(measure.soft or measure.hard)),
            remedy="Check the value and its unit at the source.", value=rows["value"],
        )  # fmt: skip
        other = rows.index[rows["unit"].notna() & (rows["unit"] != measure.unit)]
        findings += unit_findings(rows, other, "clinical_measures", str(name), measure.unit)
        left_out += [LeaveOut("clinical_measures", index, why) for index, why in
                     ((outside, "out of range"), (other, "other unit")) if len(index)]  # fmt: skip
    return Checked(tuple(findings), tuple(left_out))


def unit_findings(frame: pd.DataFrame, rows: pd.Index, table: str, field: str, unit: str) -> list[Finding]:
    """Return findings for values in another unit; nothing is converted by guess."""
    return row_findings(
        frame, rows, severity="error", table=table, field="unit",
        rule=f"`{field}` is in another unit than {unit}", remedy="Convert the values, or correct the unit, at the "
            "source.",
        value=frame["unit"],
    )  # fmt: skip


def check_units(draft: Draft) -> Checked:
    """Check that an assessment has the unit of its outcome, where the data name one."""
    frame = draft.table("assessments")
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    if frame["unit"].notna().any():
        for name, outcome in draft.study.outcomes.items():
            unit = outcome_scale(outcome).unit
            given = frame["unit"].str.lower()
            other = frame.index[(frame["outcome"] == name) & given.notna() & (given != unit.lower())]
            if len(other):
                findings += unit_findings(frame, other, "assessments", name, unit)
                left_out.append(LeaveOut("assessments", other, "other unit"))
    return Checked(tuple(findings), tuple(left_out))
