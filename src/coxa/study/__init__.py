"""The plan of a study: read from a file, checked as a whole, never changed afterwards."""

from coxa.study.plan import Study
from coxa.study.reading.read import read_study

__all__ = ["Study", "read_study"]
