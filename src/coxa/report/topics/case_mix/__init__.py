"""Case mix: the conditions of the participants and their risk factors."""
