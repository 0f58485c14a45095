"""Draw again the outcomes and weights of `audit/clinic_patients.csv`, the patients of `clinic_patients_r.R`.

``python -m tests.reference.make_clinic_patients`` writes the file. Clinics, therapists, age, base and fu are those of
the drawn patients of `audit/clinic_residuals.json` and are kept as they are; the other columns are drawn here:

weight       : between 0.4 and 2
no_clinic    : an outcome whose clinics differ less than chance would have it, so that their variance is zero
no_therapist : the same of therapists
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).parent / "audit" / "clinic_patients.csv"
SEED = 20261130
GIVEN = ["clinic", "therapist", "age", "base", "fu"]


def patients(given: pd.DataFrame) -> pd.DataFrame:
    """Return the given columns with those that are drawn."""
    rng = np.random.default_rng(SEED)
    rows = given[GIVEN].copy()
    rows["weight"] = rng.uniform(0.4, 2, len(rows)).round(2)
    error = pd.Series(rng.normal(0, 8, len(rows)))
    of_therapist, of_clinic = (error.groupby(rows[name]).transform("mean") for name in ("therapist", "clinic"))
    effects = {name: rng.normal(0, 4, rows[name].max() + 1)[rows[name]] for name in ("clinic", "therapist")}
    spread = effects["therapist"] - pd.Series(effects["therapist"]).groupby(rows["clinic"]).transform("mean")
    base = 15 + 0.7 * rows["base"]
    rows["no_clinic"] = (base + error - 0.9 * of_clinic + spread).round(2)
    rows["no_therapist"] = (base + error - 0.9 * (of_therapist - of_clinic) + effects["clinic"]).round(2)
    return rows


if __name__ == "__main__":
    patients(pd.read_csv(FILE)).to_csv(FILE, index=False)
