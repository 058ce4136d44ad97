"""A served clinic as its own processes see it: as the desk's user at the keeper's and the darkroom's sockets."""

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

from seifas.darkroom.client import BlockingDarkroom
from seifas.drill.stage import Stage
from seifas.keeper.client import BlockingClient
from seifas.settings import load

ROLES = ("keeper", "desk", "public", "jobs", "portal", "darkroom", "intake", "leaks", "reading", "shield")


def separated(stage: Stage) -> bool:
    """Whether the clinic's processes have users of their own."""
    return (stage.data / "run" / "darkroom").stat().st_uid != os.geteuid()


@contextlib.contextmanager
def being(stage: Stage, role: str) -> Iterator[None]:
    """While connecting: the kernel tells the other side who this process is at that moment."""
    if not separated(stage):
        yield
        return
    uid = load(stage.data).separation.first_uid + ROLES.index(role)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


class Desk:
    """What a desk process can do: ops of the keeper's for a doctor's session, and the darkroom's."""

    def __init__(self, stage: Stage, account: str = "doctor1", role: str = "desk") -> None:
        self.stage = stage
        run = stage.data / "run"
        self.keeper = BlockingClient(run / f"{role}.sock")
        self.darkroom = BlockingDarkroom(run / "pictures.sock")
        with being(stage, role):
            self.keeper.call("health")
            self.darkroom._wire._socket = self.darkroom._wire._connect()
        self.session = ""
        if account:
            with stage.admin() as admin:
                link = admin.call("admin.login_link", name=account)["token"]
            self.session = self.call("session.link", token=link, address="127.0.0.1")["token"]

    def call(self, op: str, **args: Any) -> Any:
        return self.keeper.call(op, **args)

    def ask(self, op: str, **args: Any) -> Any:
        """An op of this session's."""
        return self.keeper.call(op, session=self.session, **args)

    def darkroom_op(self, op: str, **args: Any) -> Any:
        return self.darkroom._wire.call(op, **args)

    def close(self) -> None:
        self.keeper.close()
        self.darkroom.close()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- photos

    def patient(self) -> bytes:
        """A new patient of this doctor's."""
        ident = os.urandom(16)
        body = {"resourceType": "Patient", "id": ident.hex(), "name": [{"family": "Bandomoji", "given": ["Ona"]}],
                "birthDate": "1984-02-03"}
        change = {"op": "create", "type": "Patient", "id": ident, "patient": ident, "expect": 0,
                  "body": json.dumps(body).encode()}
        self.ask("record.write", changes=[change])
        return ident

    def begin(self, patient: bytes) -> dict[str, Any]:
        return dict(self.ask("photo.begin", patient=patient, reason="visit"))

    def send(self, patient: bytes, file: bytes) -> dict[str, Any]:
        """A whole photo."""
        return self.darkroom.upload(self.begin(patient)["grant"], file)

    def ticket(self, photo: bytes, rendition: str) -> bytes:
        return bytes(self.ask("photo.open", photo=photo, rendition=rendition, reason="visit")["ticket"])

    def show(self, photo: bytes, rendition: str) -> dict[str, Any]:
        return self.darkroom.show(self.ticket(photo, rendition))
