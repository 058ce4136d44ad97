"""Who worked on this device today, and what kind of device it is: kept in the browser's cookies, by own choice only.

Neither is proof of anything: a name fills a field in, and the kind of device is what the person says.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from seifas.fhir.exchange import Exchange, Headers
from seifas.web import answers
from seifas.web.desk.room import Room

_PEOPLE, _DEVICE = "people", "device"
_A_DAY_S = 16 * 3600
_YEAR_S = 365 * 24 * 3600
_MOST = 8
_LONGEST = 80
DEVICES = ("desk", "tablet")

Person = tuple[str, str]
"""(login, how it is shown)."""


def here_today(exchange: Exchange) -> list[Person]:
    """Those who chose to be remembered on this device today; none where the cookie cannot be read."""
    try:
        body = base64.urlsafe_b64decode(exchange.cookie(_PEOPLE.encode()).encode("ascii"))
        found = msgspec.json.decode(body, type=list[Person])
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return []
    return [(name[:_LONGEST], shown[:_LONGEST]) for name, shown in found[:_MOST] if name and shown]


def device_of(exchange: Exchange) -> str:
    """The kind of device that was chosen here last; "" if none was."""
    kept = exchange.cookie(_DEVICE.encode())
    return kept if kept in DEVICES else ""


def device_sent(sent: dict[str, str]) -> str:
    """The kind of device in a form; "" for none."""
    return sent["device"] if sent.get("device") in DEVICES else ""


def remembered(room: Room, exchange: Exchange, sent: dict[str, str], who: dict[str, Any]) -> Headers:
    """The cookies of one who has signed in: the device, and the name where the person asked for it."""
    cookies: Headers = []
    device = device_sent(sent)
    if device:
        cookies.append(answers.cookie(_DEVICE, device, secure=room.secure, max_age=_YEAR_S))
    if sent.get("keep") == "yes":
        mine = (who["account"][:_LONGEST], (who["display"] or who["account"])[:_LONGEST])
        others = [one for one in here_today(exchange) if one[0] != mine[0]]
        body = base64.urlsafe_b64encode(msgspec.json.encode([mine, *others][:_MOST])).decode("ascii")
        cookies.append(answers.cookie(_PEOPLE, body, secure=room.secure, max_age=_A_DAY_S))
    return cookies
