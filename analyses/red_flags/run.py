"""Run `python analyses/red_flags/run.py [folder]`: simulates the clinics, audits them, prints planted and counted."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import coxa

HERE = Path(__file__).parent


def main(out: Path) -> None:
    """Simulate the registry that the plan assumes, write the page of its audit to `out`, and print each step."""
    plan = coxa.read_audit(HERE / "audit.yaml")
    assumed = plan.assumptions
    registry = coxa.simulate.simulate_registry(assumed, seed=1)
    audit = coxa.audit_clinics(plan, registry.episodes)
    page = coxa.clinics.write_audit(audit, coxa.clinics.publish(audit), out)[0]
    episodes, steps = registry.episodes, assumed.red_flags
    after = pd.to_datetime(episodes["intake_date"]) >= pd.Timestamp(steps.asked_from.start)
    asked, found, acted = (episodes[name] for name in ("red_flags_asked", "flag_found", "flag_acted_on"))
    shares = {
        "asked, before training": (steps.asked, asked[~after].mean()),
        "asked, after training": (steps.asked_from.asked, asked[after].mean()),
        "found, of those asked": (steps.found, found[asked].mean()),
        "acted on, of those found": (steps.acted_on, acted[found].mean()),
        "referred, of those acted on": (steps.referred, episodes.loc[acted, "flag_referred"].mean()),
    }
    print(pd.DataFrame(shares, ["planted", "counted"]).T.astype(float).round(3).to_string())
    print(f"page: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
