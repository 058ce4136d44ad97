"""Where the vault and its machine can be reached from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from seifas.checking.model import ACCESS, FLOOD, HIGH, MEDIUM, POLYCLINICS, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

STAFF: Final = Kind(
    "staff-open", MEDIUM, "The staff listener takes connections from anywhere", ACCESS,
    "Every stolen password and every hole of the desk can be tried from the whole world; in the clinic's own network a "
    "thief has to come in first.",
    "Set [listen] staff to the machine's address in the clinic's own network or VPN.",
)
UNLOCK: Final = Kind(
    "unlock-open", HIGH, "The unlock page is reached from other machines", ACCESS,
    "A passphrase typed there goes over the network in the clear, and anybody may guess.",
    "Set [listen] unlock to 127.0.0.1:PORT; from elsewhere come by ssh -L.",
)
PORTS: Final = Kind(
    "ports-open", MEDIUM, "Other programs of this machine are reached from the network", POLYCLINICS,
    "Each of them is a way onto the machine that holds the keys, and none of them has a budget.",
    "Stop what is not needed (systemctl disable --now …), let the rest listen on 127.0.0.1, or close them in the "
    "firewall.",
)
SHIELD: Final = Kind(
    "shield-off", MEDIUM, "The shield is off", FLOOD,
    "A flood reaches the applications themselves, and staff and patients wait behind it.",
    "Set [shield] on = true; where a front of your own stands before it, name its network in trusted_proxies.",
)
TLS: Final = Kind(
    "tls-off", HIGH, "Records and passwords would go over the network in the clear", STOLEN,
    "Whoever shares the network reads along: the visitors' wireless, a switch in the corridor.",
    "seifas init asks for a certificate; in an installed vault set [listen] host and [shield] certificate "
    "(docs/running/certificates.md).",
)
KINDS: Final = (STAFF, UNLOCK, PORTS, SHIELD, TLS)
_SECURE_SHELL: Final = 22


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    settings = sight.settings
    staff, unlock = host_of(settings.listen.staff), host_of(settings.listen.unlock)
    if _of_the_world(staff):
        yield STAFF.seen(f"[listen] staff is {settings.listen.staff}")
    if not _loopback(unlock):
        yield UNLOCK.seen(f"[listen] unlock is {settings.listen.unlock}")
    if not settings.shield.on:
        yield SHIELD.seen("[shield] on is false")
    if not settings.tls and not settings.staff_url.startswith("https:"):
        yield TLS.seen("[shield] certificate is empty, and staff_url is no https address")
    yield from _ports(sight)


def _ports(sight: Sight) -> Iterator[Finding | Unseen]:
    listening = sight.machine.listeners()
    if listening is None:
        yield unseen((PORTS,), "the kernel does not show its listeners")
        return
    listen = sight.settings.listen
    ours = {int(one.rpartition(":")[2]) for one in (listen.public, listen.staff, listen.unlock, listen.redirect) if one}
    others = [
        f"{address}:{port}" for address, port in listening
        if not _loopback(address) and port not in ours and port != _SECURE_SHELL
    ]
    if others:
        yield PORTS.seen(", ".join(others[:20]))


def host_of(listener: str) -> str:
    return listener.rpartition(":")[0].strip("[]")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_the_world(host: str) -> bool:
    """Whether a listener there is reached from everywhere: all addresses, or one of the public internet's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == ""
    return address.is_unspecified or address.is_global
