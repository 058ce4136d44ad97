"""Exponential back-off for guesses, with a ceiling, so that a guesser is slowed and nobody is ever locked out for good.

A brake that a stranger can hold down is a weapon: whoever knows a login name could keep its owner out. Therefore

- guesses from networks the account has never signed in from share one brake of the account (`STRANGERS`), guesses from
  each network it has signed in from lately have one of their own (`FAMILIAR`): hammering from outside does not slow the
  clinic's own desk;
- every wait is capped (15 minutes, 1 minute) and strikes are forgotten with time;
- passkeys and one-time links are not braked at all: there is nothing in them to guess, so an owner who travels during
  an attack still gets in;
- over all accounts, strangers together share `EVERYONE`: spraying one password over many names is slowed too, and the
  memory-hard hash cannot be used to exhaust the machine. Familiar networks do not wait for it.
"""

from __future__ import annotations

import msgspec


class Brake(msgspec.Struct, frozen=True):
    """Failed attempts not yet forgotten, and the time of the last one."""

    strikes: int = 0
    last_ms: int = 0


class Pace(msgspec.Struct, frozen=True):
    """`free` attempts without waiting, then `first_ms` doubled each time up to `cap_ms`; one strike forgotten a
    `forget_ms`."""

    free: int
    first_ms: int
    cap_ms: int
    forget_ms: int


# Held down for a whole day, STRANGERS lets about 110 guesses through; FAMILIAR about 1,450. Against a password of 12
# characters *and* a six-digit code that changes every 30 s, both are hopeless.
STRANGERS = Pace(free=5, first_ms=1_000, cap_ms=15 * 60_000, forget_ms=60 * 60_000)
FAMILIAR = Pace(free=5, first_ms=1_000, cap_ms=60_000, forget_ms=10 * 60_000)
EVERYONE = Pace(free=50, first_ms=250, cap_ms=2_000, forget_ms=10_000)

_MOST_STRIKES = 64


def wait_ms(brake: Brake, pace: Pace, now_ms: int) -> int:
    """Milliseconds until the next attempt may be made; 0 when it may be made now.

    Never more than one full wait, even when the clock went backwards.
    """
    if brake.strikes < pace.free:
        return 0
    full = min(pace.cap_ms, pace.first_ms << min(brake.strikes - pace.free, 32))
    return max(0, min(full, brake.last_ms + full - now_ms))


def strike(brake: Brake, pace: Pace, now_ms: int) -> Brake:
    """The brake after one more attempt, old strikes forgotten first."""
    forgotten = max(0, now_ms - brake.last_ms) // pace.forget_ms
    return Brake(strikes=min(_MOST_STRIKES, max(0, brake.strikes - forgotten) + 1), last_ms=now_ms)
