"""The version of coxa."""

__version__ = "0.1.0"
