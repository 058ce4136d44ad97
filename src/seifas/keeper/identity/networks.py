"""The network an address belongs to, as coarse as back-off and session lists need it and no finer."""

from __future__ import annotations

import ipaddress

UNKNOWN = "unknown"


def network_of(address: str) -> str:
    """`198.51.100.7` → `198.51.100.0/24`, `2001:db8:1:2::7` → `2001:db8:1::/48`, anything unreadable → `unknown`.

    /24 and /48 are what one customer is usually given; counting single IPv6 addresses would let one machine be 2^64
    strangers. IPv4 written inside IPv6 is unwrapped first, so that a person has one network on a dual-stack socket.
    """
    try:
        parsed = ipaddress.ip_address(address[:64])
    except ValueError:
        return UNKNOWN
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped
        if inner is None:
            return str(ipaddress.IPv6Network((int(parsed), 48), strict=False))
        parsed = inner
    return str(ipaddress.IPv4Network((int(parsed), 24), strict=False))
