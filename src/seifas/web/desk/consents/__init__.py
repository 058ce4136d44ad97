"""Consents and treatment forms."""
