"""From a formula and a frame to a design: terms, columns, basis, rows."""
