"""Where the bar leads: a few places for each hat, each with its address, words and picture (macros.html: icon)."""

from __future__ import annotations

Place = tuple[str, str, str]

_OF_THE_DAY = ("/desk/day/", "/desk/entry/", "/desk/book/")

_DAY: tuple[Place, ...] = (
    ("/desk", "today", "day"), ("/desk/recalls", "recalls", "list"), ("/desk/requests-in", "came-in-place", "phone"),
)
PLACES: dict[str, tuple[Place, ...]] = {
    "doctor": _DAY,
    "nurse": _DAY,
    "reception": (*_DAY, ("/desk/requests", "mydesk-requests", "people")),
    "officer": (("/desk", "desk", "shield"), ("/desk/requests", "mydesk-requests", "people")),
    "administrator": (("/desk", "desk", "gear"),),
    "auditor": (("/desk", "desk", "shield"),),
    "outside": (("/desk", "desk", "check"),),
}


def places_of(hat: str, path: str) -> tuple[tuple[Place, ...], str]:
    """The places of a hat, and which of them a path lies in: the longest that it begins with."""
    places = PLACES.get(hat, ())
    inside = [address for address, _, _ in places if path == address or path.startswith(address + "/")]
    here = max(inside, key=len, default="")
    if here == "/desk" and path != "/desk":  # everything lies under it; of a day it is the place all the same
        here = here if path.startswith(_OF_THE_DAY) else ""
    return places, here
