"""Long runs: work in pieces, on workers, kept on disk so that a run that was stopped goes on where it was."""
