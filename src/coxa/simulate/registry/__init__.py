"""A registry of clinics that is simulated with what was planted in it: one small file per part."""
