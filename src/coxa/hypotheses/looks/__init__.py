"""Tests of one hypothesis at several looks: boundaries, power by look, inference after the looks."""
