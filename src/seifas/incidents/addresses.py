"""Bitcoin addresses as demands name them: checked, of which script type, and grouped by who must hold their keys.

Base58Check (P2PKH, P2SH), bech32 (BIP 173: P2WPKH, P2WSH) and bech32m (BIP 350: P2TR), of the main network. Nothing
here asks anybody about an address: a public explorer would learn that the clinic watches it. Nothing here pays.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec
from embit import base58, bech32

Type = Literal["p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "witness", "other-chain", "broken"]

MOST_LETTERS: Final = 110
"""The longest that is looked at; bech32 itself ends at 90."""

_BASE58: Final = {0x00: "p2pkh", 0x05: "p2sh"}
_LOOKS: Final = re.compile(r"(?<![0-9A-Za-z])(?:bc1[02-9ac-hj-np-z]{8,87}|BC1[02-9AC-HJ-NP-Z]{8,87}"
                           r"|[13][1-9A-HJ-NP-Za-km-z]{25,34})(?![0-9A-Za-z])")  # fmt: skip


class Address(msgspec.Struct, frozen=True):
    """`text` as it was given, `plain` in the one spelling that compares; `program` in hex: the hash or key that the
    script pays to, empty for what is no address. "other-chain": something else than bitcoin's main network may use
    it; it is kept, and nothing is said of it."""

    text: str
    plain: str
    type: Type
    program: str = ""

    @property
    def valid(self) -> bool:
        """Whether bitcoin's main network would take it."""
        return bool(self.program)


def read(text: str) -> Address:
    """An address of any script type. Never raises: what is none says so in `type`."""
    given = text.strip()[:MOST_LETTERS]
    if given[:3].lower() == "bc1":
        return _segwit(given)
    if not given.isascii():
        return Address(given, given, "broken")
    try:
        data = base58.decode_check(given)
    except Exception:  # the library raises what its parts do, by input
        return Address(given, given, "broken" if given[:1] in ("1", "3") else "other-chain")
    if len(data) != 21 or data[0] not in _BASE58:
        return Address(given, given, "other-chain")
    return Address(given, given, "p2pkh" if data[0] == 0 else "p2sh", bytes(data[1:]).hex())


def _segwit(given: str) -> Address:
    plain = given.lower()
    if given not in (plain, given.upper()) or not given.isascii():
        return Address(given, plain, "broken")  # BIP 173: mixed case is no address
    try:
        version, program = bech32.decode("bc", plain)
    except Exception:  # likewise
        version, program = None, None
    if version is None or program is None:
        return Address(given, plain, "broken")
    body = bytes(program).hex()
    if version == 0:
        return Address(given, plain, "p2wpkh" if len(program) == 20 else "p2wsh", body)
    if version == 1 and len(program) == 32:
        return Address(given, plain, "p2tr", body)
    return Address(given, plain, "witness", body)


def found_in(text: str) -> tuple[Address, ...]:
    """The valid addresses that a demand's wording holds, each once, in their order."""
    seen: dict[str, Address] = {}
    for match in _LOOKS.finditer(text):
        one = read(match[0])
        if one.valid:
            seen.setdefault(one.plain, one)
    return tuple(seen.values())
