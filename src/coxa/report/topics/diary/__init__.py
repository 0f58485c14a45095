"""The daily diary: how it was kept, what it has, progression by pain, flares, and models of its days."""
