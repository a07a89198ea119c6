"""The advice: facts, conditions, rules, notes, and the calendar that dates them. Pure."""
