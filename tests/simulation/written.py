"""The command of a simulation whose table is a page of the docs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path


def write_page(page: Callable[[int], str], replicates: int) -> None:
    """Write the page of `--replicates` trials to the file of `--write`, or show it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=replicates)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    text = page(given.replicates)
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
