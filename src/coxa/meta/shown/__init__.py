"""How a review is drawn and written: axis, forest plot, funnel, numbers in the words of the measure."""
