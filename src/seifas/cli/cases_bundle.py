"""`seifas cases bundle`: writes a bundle of evidence that was allowed and prepared at the desk to a file elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, bar, console, ident, reporting, tell
from seifas.cli.handing_out import handed_out, is_stdout, kept_outside
from seifas.errors import Invalid, Missing, Refused, Unavailable
from seifas.incidents import bagging, bundles
from seifas.incidents.bagging import Payload, ZipStream
from seifas.incidents.bundles import Ready
from seifas.incidents.standing import entry_of
from seifas.keeper.client import BlockingClient
from seifas.leaks.client import BlockingLeaks

_PASS_S: Final = 20 * 60.0


def bundle(
    case: Annotated[str, typer.Argument(help="The incident, as `seifas cases list` prints it.")],
    out: Annotated[Path, typer.Option("--out", help="The file to make, outside the vault's directory; - for stdout.")],
    data: Data = Path("."),
    json: Json = False,
) -> None:
    """Write the newest bundle of a case's evidence: asked for, allowed by two people and prepared at the desk."""
    with reporting(json):
        if not reach.is_running(data):
            raise Unavailable(f"the clinic is not being served: start it with `seifas serve --data {data}`")
        case_id = ident(case, "case", "seifas cases list", where="CASE")
        kept_outside(out, data)
        with BlockingClient(data / "run" / "admin.sock") as admin:
            made = _newest(admin, case_id, _authority(data))
            parts = bagging.parts_of(made.prepared, made.token)
            size = bagging.size_of(parts)
            with handed_out(out) as file, bar(made.prepared.folder, size, quiet=json) as advance:
                for piece in _zipped(data, admin, case_id, made):
                    file.write(piece)
                    advance(len(piece))
        told = {"file": str(out), "bytes": size, "items": len(made.prepared.payload), "stamp": made.stamp}
        if not is_stdout(out):
            tell(json, told, lambda: _words(told))


def _words(told: dict[str, Any]) -> None:
    stamp = "time stamped" if told["stamp"] == "sent" else "NOT time stamped"
    console.print(f"{told['file']}: {told['items']} items, {told['bytes']} bytes, {stamp}", markup=False)
    console.print("It holds patients' data in clear. Check it with the verify.py inside.")


def _newest(admin: BlockingClient, case: bytes, roots: bytes) -> Ready:
    """Raises Missing where none was prepared, Refused where the day in which it could be fetched is over."""
    told = admin.call("case.admin_bundles", case=case)
    found = bundles.ready([entry_of(one) for one in told["entries"]], told["sendings"], roots)
    if not found:
        raise Missing("no bundle of this case was prepared: that is done at the officer's desk, on its page Evidence")
    live = {one["approval"].hex() for one in told["exports"] if told["now_ms"] < one["until_ms"]}
    if found[0].prepared.approval not in live:
        raise Refused("the day in which it could be fetched is over; ask for another approval", where="export-over")
    return found[0]


def _authority(data: Path) -> bytes:
    place = settings_module.load(data).incidents.tsa_certificates
    try:
        return Path(place).read_bytes() if place else b""
    except OSError as error:
        raise Invalid("the certificates of the time stamp authority cannot be read", where=place) from error


def _zipped(data: Path, admin: BlockingClient, case: bytes, made: Ready) -> Iterator[bytes]:
    approval, given, since = bytes.fromhex(made.prepared.approval), b"", 0.0

    def shown() -> bytes:
        nonlocal given, since
        if not given or time.monotonic() - since > _PASS_S:  # each pass that is given is a line
            told = admin.call("case.admin_export_pass", case=case, approval=approval)
            given, since = bytes(told["pass"]), time.monotonic()
        return given

    stream = ZipStream()
    with BlockingLeaks(data / "run" / "samples.sock") as door:
        for part in bagging.parts_of(made.prepared, made.token):
            if part.payload is None:
                yield from stream.whole(part)
                continue
            yield stream.begin(part)
            for piece in _pieces(door, shown, case, part.payload, approval):
                yield stream.data(piece)
            yield stream.finish()
    yield stream.end()


def _pieces(
    door: BlockingLeaks, shown: Callable[[], bytes], case: bytes, payload: Payload, approval: bytes
) -> Iterator[bytes]:
    told = door.call("file.open", admin_pass=shown(), case=case, file=payload.file, approval=approval)
    while data := bytes(door.call("file.next", reading=told["reading"])):
        yield data
