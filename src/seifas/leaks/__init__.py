"""Leaks: whose data a published sample is, and which way it went out."""
