"""How the treatment of an arm is delivered."""
