"""Publishing a photo under its consent, and withdrawing a consent. The keeper holds both to the bytes and the day."""

from __future__ import annotations

import hashlib
import re

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.records import consents as records
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.consents.listing import here, treating
from seifas.web.desk.photos.series import photo_id
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id

_ID = re.compile(r"[0-9a-f]{32}\Z")
MOST_PAIRS = 9


async def publish(room: Room, exchange: Exchange, patient: str) -> None:
    """POST …/publish: `consent`, `photo`, `use`, captions, and a place in a pair. Takes a gesture over exactly that."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    sent = await room.guard.fields(exchange, visit.token)
    consent = _consent(sent)
    caption = records.caption_of(
        sent.get("caption-lt", ""), sent.get("caption-en", ""), pair=_pair(key, sent.get("pair", "")),
        side=sent.get("side", ""),
    )

    async def do(reason: str) -> bool:
        made = await room.client.call(
            "publication.make", session=visit.token, photo=photo_id(sent.get("photo", "")), use=sent.get("use", ""),
            consent=consent, caption=caption, reason=reason,
        )
        await room.darkroom.publish(made["grant"])
        return True

    if await opening(room, exchange, visit, patient, f"{here(patient)}/publish", do, sent=sent) is not None:
        await answers.see_other(exchange, f"{here(patient)}?published")


async def withdraw(room: Room, exchange: Exchange, patient: str) -> None:
    """POST …/withdraw: the consent ends, and with it every copy that is out under it."""
    visit = await treating(room, exchange)
    patient_id(patient)
    sent = await room.guard.fields(exchange, visit.token)
    consent = _consent(sent)

    async def do(reason: str) -> bool:
        await room.client.call("consent.withdraw", session=visit.token, consent=consent)
        return True

    if await opening(room, exchange, visit, patient, f"{here(patient)}/withdraw", do, sent=sent) is not None:
        await answers.see_other(exchange, f"{here(patient)}?withdrawn")


def _consent(sent: dict[str, str]) -> bytes:
    text = sent.get("consent", "")
    if not _ID.match(text):
        raise Invalid("This is no consent.", where="consent")
    return bytes.fromhex(text)


def _pair(patient: bytes, number: str) -> str:
    """What two photos of one pair share and others do not; it tells nobody whose they are."""
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= MOST_PAIRS):
        return ""
    return hashlib.sha256(b"seifas pair" + patient + bytes([int(number)])).hexdigest()[: records.PAIR_LETTERS]
