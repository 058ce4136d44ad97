"""Lot numbers inside FHIR resources: where they stand, and how two of them are compared. Pure."""

from __future__ import annotations

import re
from typing import Any

LOT_SAID = re.compile(r"\bLOT[:\s]+(?P<lot>[^\s,;][^,;]*?)\s*(?=[,;]|\bEXP\b|\Z)", re.IGNORECASE)
"""A lot in words, up to the next comma or the expiry: "Hyaluron X, LOT 3F2A1 014, EXP 2027-05"."""

HOLDERS = frozenset({
    "Device", "Procedure", "Immunization", "Medication", "MedicationAdministration", "MedicationDispense",
    "MedicationRequest", "MedicationStatement", "SupplyDelivery",
})  # fmt: skip
"""Types that may name a lot: by `lotNumber`, their own or of something contained, or in the words of `usedCode`."""


def lot_form(lot: str) -> str:
    """A lot number as it is compared: case, spaces, dashes and dots aside."""
    return "".join(letter for letter in lot.casefold() if letter.isalnum())


def lots_in(resource: dict[str, Any]) -> set[str]:
    """Every lot that a resource holds, in its compared form. Never fails on parts of another shape than FHIR says."""
    found: set[str] = set()
    stack: list[Any] = [resource]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            lot = value.get("lotNumber")
            if isinstance(lot, str):
                found.add(lot_form(lot))
            stack += [inner for inner in value.values() if isinstance(inner, (dict, list))]
        else:
            stack += [inner for inner in value if isinstance(inner, (dict, list))]
    used = resource.get("usedCode")
    for one in used if isinstance(used, list) else []:
        text = one.get("text") if isinstance(one, dict) else None
        said = LOT_SAID.search(text) if isinstance(text, str) else None
        if said is not None:
            # With its spaces, or only its first word: better one too many than a patient who is not called.
            found |= {lot_form(said["lot"]), lot_form(said["lot"].split()[0])}
    return found - {""}
