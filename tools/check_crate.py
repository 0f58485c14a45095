"""Validate RO-Crates by roc-validator, without network: `python tools/check_crate.py required out/NAME-ro-crate.zip`.

The validator reads the terms of a crate from the address of RO-Crate 1.2. They are put into its cache beforehand, from
the package `rocrate`, whose terms are those of RO-Crate 1.3.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from requests import Request
from requests_cache import CachedResponse, CachedSession

ADDRESS = "https://w3id.org/ro/crate/1.2/context"
PROFILES = {"ro-crate-1.2": [], "process-run-crate-0.5": ["--disable-profile-inheritance"]}
"""Profile -> options. Process Run Crate 0.5 inherits the rules of RO-Crate 1.1, which no crate of 1.2 can meet."""


def fill(cache: Path) -> None:
    """Put the terms of RO-Crate where the validator looks for what it has fetched before."""
    terms = files("rocrate").joinpath("data", "ro-crate.jsonld").read_bytes()
    with CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1) as session:
        key = session.cache.create_key(Request("GET", ADDRESS).prepare())
        kind = {"Content-Type": "application/ld+json"}
        session.cache.responses[key] = CachedResponse(status_code=200, url=ADDRESS, content=terms, headers=kind)


def valid(crate: Path, cache: Path, profile: str, level: str) -> bool:
    """Print what the validator finds in a crate by a profile; return whether it finds nothing."""
    options = ["--offline", "--cache-path", str(cache), "--no-paging", "--verbose", *PROFILES[profile]]
    chosen = ["--profile-identifier", profile, "--requirement-severity", level]
    command = ["rocrate-validator", "--disable-color", "-y", "validate", *options, *chosen, str(crate)]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Validate the crates that are named, by every profile; return 0 where all are valid."""
    level, *crates = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "terms"
        fill(cache)
        found = [valid(Path(crate), cache, profile, level) for crate in crates for profile in PROFILES]
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
