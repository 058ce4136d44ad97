"""A keeper inside the test, with a supervisor's page behind it: for what takes 72 hours, or people with passkeys."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from life_clinic import PASSPHRASES, Clinic

from seifas.keeper import living
from seifas.keeper import main as keeper_main
from seifas.keeper.door import Caller
from seifas.keeper.identity.approvals import Policy
from seifas.keeper.keeper import Keeper
from seifas.supervisor import RootPage

assert keeper_main.SERVED  # importing it puts every op on the table
MACHINE = Caller("admin", 1, 0)


@asynccontextmanager
async def inside(clinic: Clinic, pin: str = "") -> AsyncIterator[Keeper]:
    """The clinic's keeper, open; approvals here need no passkey and no seasoned hats, all else is as it is."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    page = RootPage()
    thread = threading.Thread(target=_keep, args=(page, ours))
    thread.start()
    keeper = Keeper(clinic.data, clinic.settings)
    keeper.channel = theirs
    try:
        await living.with_passphrase(keeper, PASSPHRASES["boss"], pin=pin)
        keeper.approvals.policy = Policy(gestures=False, seasoned_ms=0)
        yield keeper
    finally:
        if keeper.sweeping is not None:
            await keeper.sweeping
        await living.close(keeper)
        theirs.close()
        thread.join(10)
        ours.close()


def _keep(page: RootPage, channel: socket.socket) -> None:
    while page.receive(channel):
        pass
