"""Power by simulation: trials drawn from the assumptions of a plan, each analysed as the plan says."""
