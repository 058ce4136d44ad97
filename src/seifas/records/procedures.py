"""Procedures with who did them, the products used and their lot numbers.

Each product is a Device of the patient (lotNumber, expirationDate) that Procedure.usedReference names; what stays in
the body is a Device too, named by focalDevice. docs/decisions/0013-charts.md says why.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.lots import LOT_SAID
from seifas.records.codes import coded
from seifas.records.composing import Scene, line_typed, text_typed
from seifas.records.plain import Resource, items, target, text_of, word

MOST_PRODUCTS = 6
_SAID_EXPIRY = re.compile(r"\bEXP[:\s]+(?P<date>\d{4}-\d{2}(?:-\d{2})?)", re.IGNORECASE | re.ASCII)
_ACTION = "http://hl7.org/fhir/device-action"


class Product(msgspec.Struct, frozen=True):
    """A product as it is used: its name, lot and expiry ("" or an ISO date), and whether it stays in the body."""

    name: str
    lot: str = ""
    expires: str = ""
    stays: bool = False
    id: str = ""


class Typed(msgspec.Struct, frozen=True):
    """What a form says of a procedure. `practitioner` is the id (32 hex) of who did it, where the clinic knows them."""

    what: str
    site: str = ""
    text: str = ""
    performer: str = ""
    practitioner: str = ""
    products: tuple[Product, ...] = ()


def product_typed(name: str, lot: str, expires: str, *, stays: bool, today: str) -> Product | None:
    """A row of the form; None for an empty one. Raises Invalid for a lot without a product and for what has expired."""
    name, lot = line_typed(name, "product", needed=False), line_typed(lot, "lot", needed=False)
    if not name and not lot:
        return None
    if not name:
        raise Invalid("Say which product the lot is of.", where="product")
    if len(lot) > 60:
        raise Invalid("A lot number has at most 60 letters.", where="lot")
    expires = expires.strip()
    if expires:
        try:
            datetime.date.fromisoformat(expires)
        except ValueError:
            raise Invalid("Write the expiry as 2027-05-31.", where="expires") from None
        if expires < today:
            raise Invalid("This product expired; it cannot have been used today.", where="expires")
    return Product(name, lot, expires, stays)


def device(scene: Scene, product: Product) -> Resource:
    """The Device of one product that was used on this patient."""
    return {
        "resourceType": "Device", "status": "active",
        **({"expirationDate": product.expires} if product.expires else {}),
        **({"lotNumber": product.lot} if product.lot else {}),
        "deviceName": [{"name": product.name, "type": "user-friendly-name"}],
        "patient": {"reference": f"Patient/{scene.patient}"},
    }  # fmt: skip


def procedure(scene: Scene, typed: Typed, devices: tuple[str, ...]) -> Resource:
    """The Procedure; `devices` are the ids (hex) under which `device` of each product is stored, in their order."""
    text = text_typed(typed.text, "text", needed=False)
    site = line_typed(typed.site, "site", needed=False)
    actor = {"display": line_typed(typed.performer, "performer", needed=False) or scene.by}
    if typed.practitioner:
        actor = {"reference": f"Practitioner/{typed.practitioner}", **actor}
    pairs = list(zip(typed.products, devices, strict=True))
    stays = [ident for product, ident in pairs if product.stays]
    used = [{"reference": f"Device/{ident}", "display": product.name} for product, ident in pairs if not product.stays]
    return {
        "resourceType": "Procedure", "status": "completed",
        "code": {"text": line_typed(typed.what, "what")}, **scene.about,
        "performedDateTime": scene.at,
        "performer": [{"actor": actor}],
        **({"bodySite": [{"text": site}]} if site else {}),
        **({"note": [{"authorString": scene.by, "time": scene.at, "text": text}]} if text else {}),
        **({"focalDevice": [
            {"action": coded(_ACTION, "implanted", "Implanted"), "manipulated": {"reference": f"Device/{one}"}}
            for one in stays
        ]} if stays else {}),
        **({"usedReference": used} if used else {}),
    }  # fmt: skip


def products_of(resource: Resource, devices: dict[str, Resource]) -> tuple[Product, ...]:
    """What a Procedure used: by its Devices (`devices` by id), and where it only has words, what they say of lots."""
    found: list[Product] = []
    named: list[tuple[Any, bool]] = [(one, False) for one in items(resource.get("usedReference"))]
    named += [(one.get("manipulated"), True) for one in items(resource.get("focalDevice"))]
    for reference, stays in named:
        ident = target(reference, "Device")
        if ident in devices:
            found.append(product_of(devices[ident], stays=stays))
        elif isinstance(reference, dict) and word(reference.get("display")):
            found.append(Product(word(reference["display"]), stays=stays))
    found += [said(text_of(one)) for one in items(resource.get("usedCode"))]
    return tuple(found)


def product_of(resource: Resource, *, stays: bool = False) -> Product:
    """A Device as a product."""
    names = [word(one.get("name")) for one in items(resource.get("deviceName"))]
    name = next(filter(None, names), "") or text_of(resource.get("type")) or "?"
    return Product(
        name, word(resource.get("lotNumber")), word(resource.get("expirationDate"))[:10], stays,
        word(resource.get("id")),
    )  # fmt: skip


def said(text: str) -> Product:
    """A product in words, "Hyaluron X, LOT 3F2A1-014, EXP 2027-01-05", taken apart."""
    lot, expires = LOT_SAID.search(text), _SAID_EXPIRY.search(text)
    name = text[: min(match.start() for match in (lot, expires) if match)] if lot or expires else text
    return Product(name.strip(" ,;") or text, lot["lot"] if lot else "", expires["date"] if expires else "")
