"""The pages of one case, in the order of its navigation: the last part of the address, and the key of its words."""

from __future__ import annotations

from typing import Final

SECTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("", "case-overview"),
    ("deadlines", "case-deadlines"),
    ("evidence", "case-evidence"),
    ("affected", "case-affected"),
    ("filings", "case-filings"),
    ("notices", "case-notices"),
    ("tips", "case-tips"),
    ("demands", "case-demands"),
    ("takedown", "case-takedown"),
    ("voice", "case-voice"),
)
MORE: Final[tuple[tuple[str, str], ...]] = (
    ("tasks", "case-tasks"),
    ("people", "case-people"),
    ("decisions", "case-decisions"),
    ("claims", "case-claims"),
    ("outgoing", "outgoing"),
)
"""Pages that lie under the overview."""
