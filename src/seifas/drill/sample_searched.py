"""A sample in a leak case of the machine's own, searched for its patients: what an officer finds there."""

from __future__ import annotations

import io
import time
from typing import Any

from seifas.drill.stage import Stage
from seifas.errors import Unavailable
from seifas.leaks.client import BlockingLeaks


def searched(stage: Stage, title: str, files: dict[str, bytes]) -> tuple[bytes, dict[str, str], float]:
    """(the leak case, the files' ids in hex by name, when the search began on the monotonic clock). Raises Unavailable
    where it does not end well."""
    with stage.admin() as admin, BlockingLeaks(stage.data / "run" / "samples.sock") as door:
        leak = bytes(admin.call("leak.admin_begin", title=title, ground="drill")["case"])

        def asked() -> dict[str, Any]:
            return {"admin_pass": admin.call("leak.admin_pass", case=leak)["pass"]}

        kept = {
            name: door.keep(asked, leak, name, io.BytesIO(body), len(body)).hex() for name, body in files.items()
        }
        began = time.monotonic()
        told = door.followed(door.call("search.begin", **asked(), case=leak, kind="match")["job"])
    if told["state"] != "done":
        raise Unavailable(f"the search ended as {told['state']}: {told['error']}")
    return leak, kept, began
