"""Withdraws publications: the key's row goes in one commit with the line, then the object; at once and for good.

A publication hangs on a FHIR Consent. Whoever ends the consent, however that is done (withdrawn here or in the portal,
overwritten through FHIR, undone, expired), ends the publication: the consent is looked at again whenever the patient's
record has changed, before the publication is next named to anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from seifas.errors import Missing, Refused, SeifasError
from seifas.keeper import photo_model
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.opening import acting, require_person
from seifas.keeper.photo_consents import permits
from seifas.keeper.photo_model import Publication
from seifas.keeper.undoing import stamped
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

log = logging.getLogger("seifas.publishing")

_COMMIT_S: Final = 30.0
"""After which a withdrawal whose publication is still there is taken to have failed, and is made again."""


class Withdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class WithdrawConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    consent: bytes


@OPS.op("publication.withdraw", Withdraw, "desk")
async def withdraw(keeper: Keeper, caller: Caller, args: Withdraw) -> dict[str, Any]:
    """The key is gone when this returns; the consent stays as it is. Raises Missing."""
    moment = keeper.now()
    session = acting(keeper, args.session, "publication.withdraw", moment)
    require_person(session)
    found = keeper.publications.get(args.id)
    if found is None:
        raise Missing("there is no such publication")
    charged = await charge(
        keeper, moment, session, Deed.CHANGE, Action.UNPUBLISHED, patient=found.patient, reason="write"
    )
    async with keeper.lock_of(found.patient):
        await kill(keeper, moment, [found], session.account, session.id, "withdrawn", charged)
    return {}


@OPS.op("consent.withdraw", WithdrawConsent, "desk")
async def withdraw_here(keeper: Keeper, caller: Caller, args: WithdrawConsent) -> dict[str, Any]:
    """{version, unpublished}: the consent is inactive, and what was published under it is dead."""
    moment = keeper.now()
    session = acting(keeper, args.session, "consent.withdraw", moment)
    require_person(session)
    if not hats.allows(session.hat, "write.chart"):
        raise Refused("this hat does not write that", where="consent.withdraw")
    vault = keeper.require_unlocked().vault
    if len(args.consent) != 16:
        raise Missing("there is no such record")
    patient = vault.patient_of("Consent", args.consent)
    vault.entry(vault.head(patient), "Consent", args.consent)
    charged = await charge(
        keeper, moment, session, Deed.CHANGE, Action.CONSENT, patient=patient, reason="write"
    )
    return await withdraw_consent(
        keeper, moment, patient, args.consent, account=session.account, session=session.id, charged=charged
    )


async def withdraw_consent(
    keeper: Keeper, moment: Moment, patient: bytes, consent: bytes, *, account: bytes, session: bytes,
    charged: bytes = b"", note: str = "withdrawn",
) -> dict[str, Any]:
    """Marks a patient's consent inactive and ends what hangs on it, in one commit. The caller has settled who may.

    Raises Missing where this patient has no such consent.
    """
    vault = keeper.require_unlocked().vault
    if patient == CLINIC or len(consent) != 16:
        raise Missing("there is no such record")
    async with keeper.lock_of(patient):
        head = vault.head(patient)
        entry = vault.entry(head, "Consent", consent)
        body = vault.record(head, entry).body
        gone = keeper.publications.of_consent(consent)
        leaf = keeper.leaf(
            moment, Action.CONSENT, account=account, session=session, patient=patient, objects=(consent,),
            charge=charged, note=note,
        )
        lines, deletes = withdrawal(keeper, moment, gone, account, session, note)
        keeper.publications.hide(gone)
        changes = [
            Change("update", "Consent", consent, patient, entry.version, _inactive(body, entry.version + 1, moment))
        ]
        sealed = vault.seal(patient, changes, account=account, now_ms=moment.wall_ms)
        await store(keeper, [sealed], [leaf, *lines], deletes=deletes)
        keeper.publications.remove(gone)
    await remove_objects(keeper, gone)
    return {"version": entry.version + 1, "unpublished": len(gone)}


def _inactive(body: bytes, version: int, moment: Moment) -> bytes:
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    fields["status"] = msgspec.Raw(b'"inactive"')
    return stamped(msgspec.json.encode(fields), version, moment.wall_ms)


async def kill(
    keeper: Keeper, moment: Moment, gone: Sequence[Publication], account: bytes, session: bytes, why: str,
    charged: bytes = b"",
) -> None:
    """Ends publications; their keys are gone when this returns, their objects a moment later."""
    keeper.publications.hide(gone)
    lines, deletes = withdrawal(keeper, moment, gone, account, session, why, charged)
    await keeper.commit(lines, deletes=deletes)
    keeper.publications.remove(gone)
    await remove_objects(keeper, gone)


def withdrawal(
    keeper: Keeper, moment: Moment, gone: Sequence[Publication], account: bytes, session: bytes, why: str,
    charged: bytes = b"",
) -> tuple[list[bytes], list[bytes]]:
    """(lines, tags of state rows to delete) that end these publications."""
    known = keeper.require_unlocked().vault.heads
    lines = [
        keeper.leaf(
            moment, Action.UNPUBLISHED, account=account, session=session,
            patient=one.patient if one.patient in known else None, objects=(one.photo, one.id), note=why,
            charge=charged if number == 0 else b"",
        )
        for number, one in enumerate(gone)
    ]
    return lines, [keeper.tag(Kind.PUBLICATION, one.id) for one in gone]


async def remove_objects(keeper: Keeper, gone: Sequence[Publication]) -> None:
    """Deletes their objects. One that cannot be deleted now is found by the sweep: nothing opens it any more."""
    objects = keeper.require_unlocked().objects
    for one in gone:
        try:
            await asyncio.to_thread(objects.delete, one.object)
        except SeifasError as error:
            log.warning("the object of an ended publication is still there", extra={"code": error.code})


def permitted(keeper: Keeper, one: Publication, day: str) -> bool:
    """Whether the consent still permits it. Looked up again when the patient's record has changed, and every day."""
    vault = keeper.require_unlocked().vault
    head = vault.heads.get(one.patient)
    if head is None:
        return False
    if keeper.facts.restored_from and one.made_ms <= keeper.facts.log_started_ms:
        return False  # of before a restore: consents that were withdrawn since stand there as if they had not been
    if keeper.publications.looked(one.id, head.version, day):
        return True
    try:
        photo_model.photo_entries(vault, head, one.photo)
        body = vault.record(head, vault.entry(head, "Consent", one.consent)).body
    except Missing:
        return False
    fine = permits(body, patient=one.patient, photo=one.photo, sha256=one.sha256, use=one.use, day=day)
    if fine:
        keeper.publications.look(one.id, head.version, day)
    return fine


def permitted_now(keeper: Keeper) -> list[Publication]:
    """All that are permitted at this moment, newest first; what is not is withdrawn in the background."""
    day = today(keeper)
    live = keeper.publications.live()
    fine = [one for one in live if permitted(keeper, one, day)]
    gone = [one for one in live if one not in fine]
    if gone:
        keeper.publications.hide(gone)
        keeper.spawn(_end(keeper, gone))
    return fine


async def _end(keeper: Keeper, gone: list[Publication]) -> None:
    try:
        await kill(keeper, keeper.now(), gone, b"", b"", "not-permitted")
    except SeifasError as error:
        log.error("publications without a consent are hidden, but not ended yet", extra={"code": error.code})


async def end_hidden(keeper: Keeper) -> None:
    """Ends what lost its consent, every ten seconds, whether anybody asks for it or not; tries again what failed."""
    permitted_now(keeper)
    again = keeper.publications.hidden(_COMMIT_S)
    if again:
        await kill(keeper, keeper.now(), again, b"", b"", "not-permitted")


def today(keeper: Keeper) -> str:
    """The clinic's day, ISO."""
    return datetime.now(ZoneInfo(keeper.settings.clinic.zone)).date().isoformat()
