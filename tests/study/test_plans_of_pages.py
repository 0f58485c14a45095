"""Fragments of plans on the pages are read by the schema of plans, in a plan that has the parts that they refer to.

A fragment is used as it is printed. What it leaves to the reader, such as the visits of its estimand, comes from
`PLAN`, or from `AROUND` where a page is about another kind of study.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from coxa.study.audit.read import parse_plan
from tests.study.page_lines import PAGES, ROOT, blocks, name_of

PLAN = """
study: page
title: A plan of a page
arms: {usual: {reference: true}, exercise: {}}
visits:
  screening: {day: -14}
  baseline: {day: 0}
  week_6: {day: 42}
  week_8: {day: 56}
  week_12: {day: 84}
  month_3: {day: 91}
  week_26: {day: 182}
  month_6: {day: 183}
  week_52: {day: 364}
outcomes:
  pain: {instrument: hoos, scale: pain}
  function: {instrument: hoos, scale: adl}
  fell: {kind: yes_no, higher_is_better: false}
covariates:
  age: {type: number, range: [18, 100]}
  months: {type: number, range: [0, 12]}
  sex: {type: category, levels: [female, male]}
  site: {type: category, levels: [north, south]}
intercurrent_events: {hip_surgery: {}, new_injection: {}, surgery: {}, stopped: {}, crossover: {}}
estimands:
  primary: {treatment: {compare: exercise, against: usual}, endpoint: {outcome: pain, visit: week_12}}
analyses: {primary: {estimand: primary, model: mmrm}}
"""
AUDIT = """
audit: page
title: An audit of a page
data_cut: 2025-12-31
data: {file: export.xlsx, scores: {function: {intake: lefs_in, discharge: lefs_out}}}
outcomes: {function: {instrument: lefs}}
descriptors: {sex: {type: category, levels: [female, male]}}
"""
AUDITS = {"docs/audit-data.md", "docs/red-flags.md standards"}
"""Pages, or pages with the first key of a fragment, that are about audits."""

AROUND = {
    "README.md estimands": """
        arms: {usual_care: {reference: true}, exercise: {}, manual_therapy: {}}
        intercurrent_events: {hip_surgery: {}, new_injection: {}}
        data: {tables: {assessments: {file: assessments.csv}}}""",
    "docs/designs.md design": "intercurrent_events: {}",
    "docs/designs.md assumptions": "outcomes: {walks: {kind: yes_no, higher_is_better: true}}",
    "docs/flow.md data": "data: {tables: {participants: {file: people.csv}, assessments: {file: assessments.csv}}}",
    "docs/methods/hypotheses.md hypotheses": """
        analyses: {pain: {estimand: primary, model: mmrm}, function: {estimand: primary, model: ancova}}""",
    "docs/methods/imputation.md analyses": """
        estimands:
          primary:
            treatment: {compare: exercise, against: usual_care}
            endpoint: {outcome: pain, visit: week_12}
            intercurrent_events: {hip_surgery: hypothetical}""",
    "docs/methods/imputation.md tree": "under: analyses",
    "docs/methods/measurement.md measurement": "outcomes: {rating: {range: [-5, 5], higher_is_better: true}}",
    "docs/methods/multiple-imputation.md tree": """
        under: analyses
        outcomes: {injuries: {kind: count, higher_is_better: false, exposure: months}}
        estimands:
          injuries:
            treatment: {compare: exercise, against: usual}
            endpoint: {outcome: injuries, visit: month_6}
            summary: rate_ratio
            intercurrent_events: {surgery: hypothetical}""",
    "docs/methods/multiple-imputation.md weighted": "under: analyses",
    "docs/methods/without-randomisation.md design": """
        arms: {usual_care: {reference: true}, programme: {}}
        outcomes: {wrist: {range: [0, 100], higher_is_better: false}}
        estimands:
          pain: {treatment: {compare: programme, against: usual_care}, endpoint: {outcome: pain, visit: week_26}}""",
    "docs/methods/without-randomisation.md transport": """
        covariates: {severity: {type: category, levels: [mild, severe]}}""",
    "docs/n-of-1.md design": "{arms: null, visits: null, intercurrent_events: {}}",
    "docs/outcomes.md composites": """
        events: {surgery: {higher_is_better: false}, return_to_sport: {higher_is_better: true}}
        intercurrent_events: {}""",
    "docs/report-outcomes.md report": "covariates: {ipw: {type: number, range: [0, 100]}}",
    "docs/return-to-sport.md events": """
        arms: {usual_training: {reference: true}, retraining: {}}
        analyses: {return: {estimand: return, model: cox}}""",
    "docs/simulate.md pain": "under: assumptions.outcomes",
    "docs/simulate.md assumptions": """
        outcomes:
          change: {kind: ordered, higher_is_better: true, levels: {1: Worse, 2: Unchanged, 3: Better, 4: Well}}
          flares: {kind: count, higher_is_better: false}
        events: {return_to_sport: {higher_is_better: true}, injury: {higher_is_better: false}}""",
    "docs/study-file.md design": "arms: {usual_care: {reference: true}, exercise: {}, manual_therapy: {}}",
}
"""Page and first key of a fragment -> what its page takes as given, and `under` which key of a plan the fragment is."""
GOES_ON = {"docs/designs.md assumptions"}
"""Fragments that go on with the plan that is printed above them."""


def merged(under: Any, over: Any, levels: int) -> Any:
    """Return a mapping over another, key by key for so many levels; below them a value replaces what is there."""
    if not levels or not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return {**under, **{key: merged(under.get(key), value, levels - 1) for key, value in over.items()}}


REPLACED = ("arms", "visits", "estimands", "analyses", "intercurrent_events")
"""Parts of `PLAN` that a page which has its own does not want as well."""


def put(plan: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return a plan with a part of one put into it."""
    kept = {key: value for key, value in plan.items() if not (key in REPLACED and key in part)}
    return {key: value for key, value in merged(kept, part, 3 if "data" in part else 2).items() if value is not None}


def whole(page: str, fragment: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return the plan that a fragment is part of; `before` is the fragment above it, where it goes on with that."""
    name = f"{page} {next(iter(fragment))}"
    if page in AUDITS or name in AUDITS:
        return put(yaml.safe_load(AUDIT), fragment)
    given = yaml.safe_load(AROUND.get(name, "{}"))
    for key in reversed(given.pop("under", "").split(".")):
        fragment = {key: fragment} if key else fragment
    text = PLAN.replace("usual", "usual_care") if "usual_care" in str((given, fragment, before)) else PLAN
    plan = put(put(put(yaml.safe_load(text), given), before), fragment)
    for estimand in plan["estimands"].values():
        handled = dict.fromkeys(plan.get("intercurrent_events", {}), "treatment_policy")
        estimand["intercurrent_events"] = {**handled, **estimand.get("intercurrent_events", {})}
    return plan


FRAGMENTS = [(name_of(page), number, text) for page in PAGES for number, text in enumerate(blocks(page, "yaml"))]


@pytest.mark.parametrize(("page", "number", "text"), FRAGMENTS, ids=[f"{page}-{n}" for page, n, _ in FRAGMENTS])
def test_a_fragment_of_a_plan_is_read(page: str, number: int, text: str) -> None:
    fragment = yaml.safe_load(text)
    goes_on = f"{page} {next(iter(fragment))}" in GOES_ON
    before = yaml.safe_load(blocks(ROOT / page, "yaml")[number - 1]) if goes_on else {}
    parse_plan(yaml.safe_dump(whole(page, fragment, before), sort_keys=False).encode(), "page.yaml", ".")


def test_what_is_given_is_of_a_fragment_that_is_there() -> None:
    there = {f"{page} {next(iter(yaml.safe_load(text)))}" for page, _, text in FRAGMENTS}
    assert {*AROUND, *GOES_ON} <= there
    assert there | {page for page, _, _ in FRAGMENTS} >= AUDITS
