"""Measurements: `python -m bench`, each part also by itself."""
