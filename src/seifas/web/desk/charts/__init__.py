"""Charts: reading and writing what happened to a patient."""
