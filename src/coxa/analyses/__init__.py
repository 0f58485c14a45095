"""The analyses of a plan, each run on the rows of its estimand, wherever these rows come from.

A report runs them on the data of a trial, a power calculation on simulated ones.
"""
