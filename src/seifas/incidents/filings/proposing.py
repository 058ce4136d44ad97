"""What the case's own data say of the facts before anybody writes them: at three in the morning there are ten minutes.

A proposal is an answer like any other, with what it rests on; what a person writes stands above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from seifas.incidents.filings.catalogue import FACTS
from seifas.incidents.filings.facts import Answer, Count
from seifas.incidents.filings.known import Asked, Happened, Sent

_MOMENTS: Final = {
    "established": ("aware", "aware-processor"), "significant": ("aware-significant",), "ended": ("contained",),
    "began": (),
}  # fmt: skip
_BY_KIND: Final[Mapping[str, Mapping[str, Answer]]] = {
    "leak": {
        "loss": Answer(chosen=("confidentiality",), grounds=("case",)),
        "consequences-confidentiality": Answer(chosen=("spread", "misuse"), grounds=("case",)),
    },
    "extortion": {
        "loss": Answer(chosen=("confidentiality",), grounds=("case",)),
        "consequences-confidentiality": Answer(chosen=("spread", "misuse"), grounds=("case",)),
        "unlawful": Answer(text="yes", grounds=("case",)),
    },
    "flood": {
        "loss": Answer(chosen=("availability",), grounds=("case",)),
        "consequences-availability": Answer(chosen=("no-service",), grounds=("case",)),
        "unlawful": Answer(text="yes", grounds=("case",)), "place": Answer(chosen=("website",), grounds=("case",)),
    },
}  # fmt: skip
_ARTICLES: Final[Mapping[str, tuple[str, ...]]] = {
    "leak": ("198-1",), "extortion": ("181",), "flood": ("197",), "alarm": ("198-1",),
}


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked about a filing."""

    name: str = ""
    phone: str = ""
    mail: str = ""
    reference: str = "profile"


def proposed(
    profile: Mapping[str, Any], contact: Contact, kind: str, events: Sequence[Happened], demands: Sequence[Asked],
    sent: Iterable[Sent], counts: Mapping[str, Count], *, registered: str = "",
) -> dict[str, Answer]:  # fmt: skip
    """Answers by fact. `profile` is the clinic's contact (op clinic.public); `kind` what the case was opened by;
    `registered` is essential, important or none, where the clinic's profile of duties says it."""
    found: dict[str, Answer] = {}

    def put(name: str, text: str, *grounds: str) -> None:
        if text.strip():
            found[name] = Answer(text=" ".join(text.split())[:300], grounds=grounds)

    put("controller-name", str(profile.get("name", "")), "profile")
    town = " ".join(str(profile.get(one, "")) for one in ("postcode", "city")).strip()
    put("controller-address", ", ".join(one for one in (str(profile.get("street", "")), town) if one), "profile")
    put("controller-mail", str(profile.get("mail", "")), "profile")
    put("controller-phone", str(profile.get("phone", "")), "profile")
    put("contact-name", contact.name, contact.reference)
    put("contact-phone", contact.phone or str(profile.get("phone", "")), contact.reference)
    put("contact-mail", contact.mail or str(profile.get("mail", "")), contact.reference)
    if "controller-name" in found:
        where = found.get("controller-address", Answer()).text
        put("contact-work", ", ".join(one for one in (found["controller-name"].text, where) if one), "profile")
    for name, words in _MOMENTS.items():
        # The first that anybody was aware is what counts, and the last that was contained.
        known = [one for one in events if one.word in words and len(one.at) >= 10]
        if known:
            one = max(known, key=lambda each: each.at) if name == "ended" else min(known, key=lambda each: each.at)
            text = one.at.replace(" ", "T")
            put(name, text if len(text) in (10, 16) else f"{text}:00", f"event:{one.entry}")
    found.update(_BY_KIND.get(kind, {}))
    articles = [*_ARTICLES.get(kind, ())]
    if demands:
        grounds = tuple(f"demand:{one.entry}" for one in demands[:20])
        found["unlawful"] = Answer(text="yes", grounds=grounds)
        if "181" not in articles:
            articles.append("181")
    if articles:
        found["articles"] = Answer(chosen=tuple(sorted(articles)), grounds=("case",))
    put("sector", "Sveikatos priežiūra / Health", "profile")
    if registered:
        put("entity-kind", registered, "profile")
    contained = [f"event:{one.entry}" for one in events if one.word == "contained"]
    put("ongoing", "no" if contained else "unknown", *contained)
    for name, count in counts.items():
        if name in FACTS:
            found[name] = Answer(text=str(count.n), grounds=(f"snapshot:{count.snapshot}",), count=count)
    if found.get("subjects") and counts:
        found["subject-kinds"] = Answer(chosen=("patients",), grounds=found["subjects"].grounds)
    return found
