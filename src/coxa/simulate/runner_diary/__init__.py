"""A diary study of runners with hip-related pain, made up from its parts."""
