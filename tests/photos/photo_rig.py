"""A darkroom that decodes nothing: it seals what it is given and opens what its tickets let it, as the real one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from keeper_rig import Asked

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import StepUp
from seifas.keeper import living
from seifas.keeper.lines import Action, Line
from seifas.keeper.log_reading import lines_back
from seifas.supervisor import RootPage

RENDITIONS = ("original", "full", "screen", "thumb")


async def patient_of(asked: Asked, session: str, family: str = "Petrauskas", **fields: Any) -> bytes:
    """A new patient."""
    return await asked.create(session, "Patient", name=[{"family": family, "given": ["Ona"]}],
                              birthDate="1984-02-03", **fields)


async def sealed(asked: Asked, grant: bytes, picture: bytes) -> dict[str, Any]:
    """What the darkroom answers to a grant: the sealed objects' facts."""
    told = await asked.op("darkroom", "darkroom.grant", grant=grant)
    objects = {}
    for rendition in RENDITIONS:
        data = picture if rendition == "original" else picture + rendition.encode()
        ident = told["objects"][rendition]
        blob = stream.seal_object(
            told["key"], data, purpose=Purpose.PHOTO, clinic=told["clinic"], patient=told["patient"], record=ident,
            version=1, epoch=told["epoch"],
        )
        asked.keeper.require_unlocked().objects.put(ident, [blob])
        objects[rendition] = {"id": ident, "size": len(data), "width": 40, "height": 30}
    return {
        "objects": objects, "sha256": sha256(picture).digest(), "format": "jpeg", "width": 40, "height": 30,
        "exif": {"Model": "Kamera"}, "taken_ms": 1_700_000_000_000,
    }


async def keep(asked: Asked, grant: bytes, picture: bytes) -> bytes:
    """The darkroom's whole work on one picture; the photo's id."""
    facts = await sealed(asked, grant, picture)
    done = await asked.op("darkroom", "darkroom.stored", grant=grant, **facts)
    return bytes(done["photo"])


async def take(asked: Asked, session: str, patient: bytes, picture: bytes = b"", **more: Any) -> bytes:
    """A photo, begun and kept; its id."""
    begun = await asked.desk("photo.begin", session=session, patient=patient, reason="visit", **more)
    assert await keep(asked, begun["grant"], picture or os.urandom(64)) == begun["photo"]
    return bytes(begun["photo"])


async def opened(asked: Asked, ticket: bytes, peer: str = "desk") -> bytes:
    """The bytes that a ticket leads to, before marking."""
    told = await asked.op("darkroom", "darkroom.ticket", ticket=ticket, peer=peer)
    blob = b"".join(asked.keeper.require_unlocked().objects.get(told["object"]))
    return stream.open_object(
        told["key"], blob, purpose=Purpose.PHOTO, clinic=told["clinic"], patient=told["patient"],
        record=told["object"], version=1, epoch=told["epoch"],
    )


async def consent_to(
    asked: Asked, session: str, patient: bytes, photo: bytes, use: str = "publication", **changed: Any
) -> bytes:
    """A FHIR Consent to one use of one photo, bound to its bytes; its id."""
    listed = await asked.desk("photo.list", session=session, patient=patient, reason="visit")
    digest = next(one["sha256"] for one in listed if one["photo"] == photo)
    ident = os.urandom(16)
    body: dict[str, Any] = {
        "resourceType": "Consent", "id": ident.hex(), "status": "active",
        "scope": {"text": "photo"}, "category": [{"text": "photo-use"}],
        "patient": {"reference": f"Patient/{patient.hex()}"},
        "provision": {
            "type": "permit", "code": [{"coding": [{"code": use}]}],
            "data": [{"meaning": "instance", "reference": {
                "reference": f"Media/{photo.hex()}", "identifier": {"value": digest.hex()}}}],
        },
        **changed,
    }
    change = {"op": "create", "type": "Consent", "id": ident, "patient": patient, "expect": 0,
              "body": json.dumps(body).encode()}
    await asked.desk("record.write", session=session, changes=[change])
    return ident


async def publish(
    asked: Asked, session: str, passkey: Any, photo: bytes, consent: bytes, use: str = "publication"
) -> bytes:
    """A publication made with a gesture and a darkroom; its id."""
    wanted = {"session": session, "photo": photo, "use": use, "consent": consent, "reason": "visit"}
    made = await with_gesture(asked, session, passkey, "publication.make", caption="Prieš ir po", **wanted)
    told = await asked.op("darkroom", "darkroom.publish_grant", grant=made["grant"])
    target = told["publication"]
    blob = stream.seal_object(
        target["key"], b"marked " + told["seed"], purpose=Purpose.PHOTO, clinic=target["clinic"],
        patient=target["patient"], record=target["object"], version=1, epoch=target["epoch"],
    )
    asked.keeper.require_unlocked().objects.put(target["object"], [blob])
    done = await asked.op("darkroom", "darkroom.published", grant=made["grant"], width=40, height=30)
    assert done["id"] == made["id"]
    return bytes(made["id"])


async def with_gesture(asked: Asked, session: str, passkey: Any, op: str, /, **args: Any) -> Any:
    """An op that takes a passkey: asked once to learn what to sign, then again."""
    try:
        return await asked.desk(op, **args)
    except StepUp as needed:
        await asked.gesture(session, passkey, bytes.fromhex(needed.where))
        return await asked.desk(op, **args)


async def lines(asked: Asked, action: Action) -> list[Line]:
    """All lines of one action, oldest first."""
    opened_vault = asked.keeper.require_unlocked()
    await asyncio.to_thread(opened_vault.audit.publish, opened_vault.state)
    found = [line async for _, line in lines_back(asked.keeper) if line.action == action]
    return found[::-1]


@contextlib.contextmanager
def supervised(asked: Asked, root: bytes) -> Iterator[None]:
    """A keeper that has its root from a supervisor, as erasing needs it."""
    theirs, asked.keeper.channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    page = RootPage()

    def keep_root() -> None:
        while page.receive(theirs):
            pass

    thread = threading.Thread(target=keep_root, daemon=True)
    thread.start()
    living.tell_supervisor(asked.keeper, root)
    try:
        yield
    finally:
        asked.keeper.channel.close()
        asked.keeper.channel = None
        thread.join(5)
        theirs.close()
