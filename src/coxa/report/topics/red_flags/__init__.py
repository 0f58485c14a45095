"""Red flags and referral: who was screened, what was found, what was done about it, and how soon."""
