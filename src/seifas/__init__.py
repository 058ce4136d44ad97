"""Seifas: a patient-record and photo vault that stays standing when the clinic is attacked."""

__version__ = "0.1.0"
