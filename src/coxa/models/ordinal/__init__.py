"""Cumulative logit models of ordered outcomes: proportional odds, partly proportional odds, a random intercept."""
