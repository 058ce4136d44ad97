"""What the incident that is walked was to send."""

from __future__ import annotations

import base64
import json
import os

from darkroom_stage import Desk


def furnished_outgoing(officer: Desk, case: bytes) -> None:
    """A request for a time stamp, which takes no passkey; no authority is set up, so it waits and says why."""
    query = base64.b64encode(os.urandom(60)).decode()
    officer.ask("case.send", case=case, kind="stamp", payload=json.dumps({"query": query}).encode())
