"""Coaching: cohorts, what a group hears, and what a coach may know. Pure, like the rest of the core."""
