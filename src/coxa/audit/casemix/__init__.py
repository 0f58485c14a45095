"""Case mix from sums: patients of therapists of clinics in a mixed model, and shares from counts in cells."""
