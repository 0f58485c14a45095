"""What a model, and all data files together, are called in a results data set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def data_hash(files: Mapping[str, str]) -> str:
    """Return one hash of all data files: of their names and hashes, by name."""
    listed = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(listed.encode("utf-8")).hexdigest()


def model_id(analysis: str, visit: str, n_models: int) -> str:
    """Return the name of a model: that of its analysis, with the visit where there is one model for each.

    A number of several models together has none.
    """
    if n_models > 1:
        return f"{analysis}@{visit}" if visit else ""
    return analysis
