"""Incidents: a case from its evidence to its deadlines, letters and filings. Documents here; the keeper keeps them."""
