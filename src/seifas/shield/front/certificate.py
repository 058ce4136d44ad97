"""When the certificate ends that HAProxy shows: asked of itself, for its files hold keys that nobody else may read."""

from __future__ import annotations

import contextlib
import ssl

from seifas.shield.front.runtime import Runtime


def ends_ms(runtime: Runtime) -> int:
    """The first end of all certificates that it holds, in ms since 1970; 0 where it holds none. Raises Unavailable."""
    names = [line for line in runtime.command("show ssl cert").splitlines() if line.startswith("/")]
    return min((end for name in names if (end := _end_ms(runtime.command(f"show ssl cert {name}")))), default=0)


def _end_ms(told: str) -> int:
    for line in told.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "notAfter":
            with contextlib.suppress(ValueError):
                return ssl.cert_time_to_seconds(value.strip()) * 1000
    return 0
