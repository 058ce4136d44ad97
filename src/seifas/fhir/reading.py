"""Reads one resource by its id, whoever keeps it: stored as it was sent, or made by the vault."""

from __future__ import annotations

from seifas.errors import Gone, Missing
from seifas.fhir.derived import Row, Session
from seifas.fhir.derived_types import DERIVED
from seifas.fhir.resources import STORED_ID
from seifas.keeper.client import KeeperClient


async def one_of(client: KeeperClient, session: Session, kind: str, ident: str, version: int = 0) -> Row:
    """The row of `kind/ident`, its newest version with 0. Raises Missing; for an id that this vault never gives only to
    somebody signed in."""
    made = DERIVED.get(kind)
    found: Row
    if STORED_ID.match(ident) is not None and version >= 0 and (made is None or made.stored):
        try:
            found = await client.call(
                "record.read", session=session.token, type=kind, id=bytes.fromhex(ident), reason=session.reason,
                version=version,
            )
            return found
        except Gone:
            raise
        except Missing:
            if made is None or not made.ids.match(ident):
                raise
    if made is None or version < 0 or not made.ids.match(ident):
        await client.call("session.who", session=session.token)
        raise Missing("there is no such record")
    found = await made.one(client, session, ident)
    if version not in (0, found["version"]):
        raise Missing("there is no such version of this record")
    return found
