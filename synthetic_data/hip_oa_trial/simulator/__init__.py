"""How the synthetic hip osteoarthritis trial was drawn: exercise, manual therapy and usual care, from its parts."""
