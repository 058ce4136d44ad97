"""FHIR values as plain text for a page. Nothing is interpreted: numbers stay as written, narrative HTML is never shown,
codes stand beside their words.
"""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]


def items(value: Any) -> list[Resource]:
    """The objects of a list, whatever else stands in it; of anything else, none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def word(value: Any) -> str:
    """A string as it is, "" for anything else."""
    return value if isinstance(value, str) else ""


def code_of(concept: Any) -> str:
    """The first code of a CodeableConcept, or ""."""
    if not isinstance(concept, dict):
        return ""
    return next((word(one.get("code")) for one in items(concept.get("coding")) if word(one.get("code"))), "")


def target(reference: Any, kind: str) -> str:
    """The id that a Reference to a resource of this type names, or ""."""
    text = word(reference.get("reference")) if isinstance(reference, dict) else ""
    found, _, ident = text.partition("/")
    return ident.partition("/")[0] if found == kind else ""


def human_name(name: Resource) -> str:
    """A HumanName as one line."""
    if "text" in name:
        return str(name["text"])
    parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", ""), *name.get("suffix", [])]
    return " ".join(part for part in parts if part)


def address(one: Resource) -> str:
    """An Address as one line."""
    if "text" in one:
        return str(one["text"])
    parts = [
        *one.get("line", []),
        one.get("postalCode", ""),
        one.get("city", ""),
        one.get("state", ""),
        one.get("country", ""),
    ]
    return ", ".join(part for part in parts if part)


def text_of(value: Any) -> str:
    """A value as text where it has one: primitives, concepts, quantities, periods, references, names; else ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, int):
        return str(value)
    written = getattr(value, "text", None)
    if isinstance(written, str):  # a number to the letter, as fhir.json_text reads it
        return written
    if isinstance(value, list):
        found = [text_of(one) for one in value]
        return "; ".join(found) if found and all(found) else ""
    if not isinstance(value, dict):
        return ""
    if "coding" in value or ("text" in value and "div" not in value):
        codings = value.get("coding")
        first = text_of(codings[0]) if isinstance(codings, list) and codings else ""
        return text_of(value.get("text")) or first
    if "code" in value and ("system" in value or "display" in value) and "value" not in value:
        display = value.get("display", "")
        return f"{display} ({value['code']})" if display else str(value["code"])
    if "value" in value and ("unit" in value or "code" in value or "currency" in value):
        amount = f"{value.get('comparator', '')}{text_of(value['value'])}"
        return f"{amount} {value.get('unit', value.get('currency', ''))}".strip()
    if "currency" in value:
        return str(value["currency"])
    if value.keys() and value.keys() <= {"start", "end"}:
        return f"{text_of(value.get('start'))[:16] or '…'} – {text_of(value.get('end'))[:16] or '…'}"
    if "family" in value or "given" in value:
        return human_name(value)
    if "reference" in value:
        return str(value.get("display", "")) or str(value["reference"]).partition("/")[0]
    if value.keys() == {"display"}:
        return str(value["display"])
    return ""
