"""Patients whom a leak search names, as an officer sees them before anybody is opened: masked. And which are decoys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from seifas.web.desk.room import Room, Visit

_AT_ONCE: Final = 500


class Masked(msgspec.Struct, frozen=True):
    """`id` in hex; first letters of a surname and a given name; year of birth; `decoy`: what it was planted for."""

    id: str
    name: str
    year: str
    decoy: str = ""
    is_decoy: bool = False

    @property
    def mark(self) -> str:
        """Tells two apart whose letters and years are the same."""
        return self.id[:6]


Labels = dict[bytes, Masked]


async def labels_of(room: Room, visit: Visit, case: bytes, patients: Iterable[bytes]) -> Labels:
    """The labels of these patients; who is erased or unknown is left out. Each 500 are a line of the log."""
    wanted = [one for one in dict.fromkeys(patients) if len(one) == 16]
    found: list[dict[str, Any]] = []
    for start in range(0, len(wanted), _AT_ONCE):
        found += await room.client.call(
            "leak.label", session=visit.token, case=case, patients=wanted[start : start + _AT_ONCE]
        )
    planted: dict[bytes, str] = {}
    if any(one["decoy"] for one in found):
        sets = await room.client.call("decoy.list", session=visit.token)
        planted = {one["export"]: one["label"] for one in sets}
    return {
        one["patient"]: Masked(
            one["patient"].hex(), f"{one['label']} {one['initial']}".strip(), one["year"],
            planted.get(one["decoy"], ""), bool(one["decoy"]),
        )
        for one in found
    }  # fmt: skip
