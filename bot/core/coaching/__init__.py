"""Cohorts of a coach: members, lessons, cases, counts, and what is shown to whom. Pure."""
