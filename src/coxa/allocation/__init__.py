"""How a scheme allocates units to arms: the schemes as records, and their draws as functions of uniform numbers.

No random number is drawn here. `coxa.design` draws a trial's list by these lines, `coxa.simulate` those of simulated
trials. The public names are those of `coxa.design`.
"""
