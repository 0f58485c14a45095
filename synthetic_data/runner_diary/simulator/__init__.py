"""How the synthetic diary of runners with hip-related pain was drawn, from its parts."""
