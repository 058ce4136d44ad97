"""Pages of an incident's case: what is known, what is due, what is to be done, and who is told."""
