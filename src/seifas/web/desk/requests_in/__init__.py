"""Requests for an appointment that came from the public site."""
