"""The administrator's desk; it sees no patient."""
