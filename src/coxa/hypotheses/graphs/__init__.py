"""Tests of several hypotheses by a graph: weights, transitions, adjusted p-values by closure and by the shortcut."""
