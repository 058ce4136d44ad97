"""One account on one session, for tests that tell a rule by a few deeds."""

from __future__ import annotations

import os

from seifas.keeper.budget.asks import Action, Ask
from seifas.keeper.budget.decisions import Decision, Outcome
from seifas.keeper.budget.ledger import Ledger

NOW = 1_800_000_000_000


def new() -> bytes:
    return os.urandom(16)


class Desk:
    """One account on one session, opening things a second apart."""

    def __init__(self, ledger: Ledger | None = None, *, at: int = NOW, account: bytes = b"", **always: object) -> None:
        self.ledger = ledger or Ledger()
        self.account, self.session = account or new(), new()
        self.at = at
        self.always = always

    def ask(self, action: Action, patient: bytes = b"", **more: object) -> Decision:
        self.at += 1000
        ask = Ask(
            at=self.at, account=self.account, session=self.session, action=action, patient=patient or new(),
            **{**self.always, **more},
        )  # fmt: skip
        return self.ledger.charge(ask)

    def chart(self, patient: bytes = b"", **more: object) -> Decision:
        return self.ask(Action.OPEN_CHART, patient, **more)

    def cold(self, patient: bytes = b"", **more: object) -> Decision:
        return self.ask(Action.OPEN_CHART, patient, reason="treatment", **more)

    def allowed(self, times: int, action: Action, **more: object) -> int:
        """How many of so many different patients are let through."""
        return sum(self.ask(action, **more).outcome is Outcome.ALLOW for _ in range(times))
