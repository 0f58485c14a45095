"""Where numbers come from: results, why, verify, compare, the crate."""
