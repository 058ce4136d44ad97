"""The shield for a site that is not ours: `seifas shield --upstream`, `render`, `mirror`, `mode`, `status`, `open`."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seifas import logs
from seifas.cli.frame import Json, console, reporting, secret_from, tell
from seifas.cli.handing_out import handed_out, is_stdout, kept_outside
from seifas.cli.separating import PROGRAMS
from seifas.errors import Conflict, Invalid, Missing
from seifas.settings import Separation
from seifas.shield import mirroring, sealed_files, site
from seifas.shield.evidence import book as books
from seifas.shield.evidence.chain import Kept, checked
from seifas.shield.evidence.forms import moment
from seifas.shield.evidence.lists import Rule
from seifas.shield.evidence.making import FORMS, Evidence, made
from seifas.shield.evidence.minute_forms import last
from seifas.shield.evidence.paper import About
from seifas.shield.front import starting
from seifas.shield.model import Mode, State
from seifas.shield.site import Site
from seifas.storage.durable import write_new
from seifas.supervisor import Program, run

StateAt = Annotated[Path, typer.Option("--state", help="The shield's own directory; no vault.")]
Upstream = Annotated[str, typer.Option("--upstream", help="The site to protect: http://127.0.0.1:8080.")]
Listen = Annotated[str, typer.Option("--listen", help="Where visitors come in: 0.0.0.0:443, [::]:443.")]
Redirect = Annotated[str, typer.Option("--redirect", help="Plain HTTP that leads to TLS: 0.0.0.0:80.")]
Host = Annotated[str, typer.Option("--host", help="The site's name; others are refused.")]
Certificate = Annotated[Path | None, typer.Option("--certificate", help="PEM of private key and chain.")]
Trusted = Annotated[list[str] | None, typer.Option("--trusted-proxy", help="A network that speaks PROXY to us.")]
Login = Annotated[list[str] | None, typer.Option("--login", help="A path whose POSTs are counted by network.")]
Expensive = Annotated[list[str] | None, typer.Option("--expensive", help="A prefix of paths that cost a lot.")]
Cached = Annotated[list[str] | None, typer.Option("--cached", help="A prefix of files that anyone may keep.")]
Slots = Annotated[int, typer.Option("--slots", min=4, max=2000, help="Requests that the site bears at once.")]

_DIRECTORIES = ("run", "run/shield", "run/dropping", "evidence")


def stand(
    context: typer.Context,
    upstream: Upstream = "",
    listen: Listen = "127.0.0.1:8480",
    state: StateAt = Path("seifas-shield"),
    host: Host = "",
    certificate: Certificate = None,
    redirect: Redirect = "",
    trusted_proxy: Trusted = None,
    login: Login = None,
    expensive: Expensive = None,
    cached: Cached = None,
    slots: Slots = 40,
    drop: Annotated[bool, typer.Option(help="Let the kernel drop who never solves, where this is root.")] = True,
) -> None:
    """Floods. With --upstream: protect a site that is not Seifas, until stopped."""
    if context.invoked_subcommand is not None:
        return
    if not upstream:
        console.print(context.get_help())
        raise typer.Exit(2)
    with reporting(False):
        wanted = site.checked(
            _site(upstream, listen, host, certificate, redirect, trusted_proxy, login, expensive, cached, slots, drop)
        )
        raise typer.Exit(_served(wanted, state.resolve()))


def _site(
    upstream: str,
    listen: str,
    host: str,
    certificate: Path | None,
    redirect: str,
    trusted: list[str] | None,
    login: list[str] | None,
    expensive: list[str] | None,
    cached: list[str] | None,
    slots: int,
    drop: bool = False,
) -> Site:
    lists = {"logins": login, "expensive": expensive, "cached": cached}
    given: dict[str, Any] = {name: tuple(value) for name, value in lists.items() if value}
    return Site(
        upstream=upstream.rstrip("/"),
        listen=listen,
        redirect=redirect,
        host=host,
        certificate=certificate,
        trusted_proxies=tuple(trusted or ()),
        slots=slots,
        drop=drop,
        **given,
    )


def _served(wanted: Site, directory: Path) -> int:
    for address in site.addresses(wanted).values():
        starting.require_free(address)
    if not (directory / sealed_files.KEY).exists():
        secret = sealed_files.found(directory)
        console.print(
            "[bold]the secret of the evidence[/] (write it down now, it is nowhere else; without it nobody can read "
            f"what is recorded of floods):\n{secret}",
            markup=True,
        )
    sealed_files.key_of(directory)
    first = Separation().first_uid
    uid, dropper = (
        (first + PROGRAMS.index("shield"), first + PROGRAMS.index("dropping")) if os.geteuid() == 0 else (None, None)
    )
    _prepare(directory, uid, dropper)
    if wanted.certificate is not None and uid is not None and not _readable(wanted.certificate, uid):
        raise Invalid(
            f"the shield's user cannot read the certificate: install -m 0400 -o {uid} FILE where it can enter",
            where=str(wanted.certificate),
        )
    programs = [
        Program("shield", lambda: site.main_shield(wanted, directory), uid),
        Program("front", lambda: site.main_front(wanted, directory, uid)),
    ]
    if wanted.drop and not wanted.trusted_proxies:
        programs.append(Program("dropping", lambda: site.main_dropping(wanted, directory, dropper, uid)))
    logs.start("supervisor")
    console.print(f"{wanted.url} is protected: visitors come in at {wanted.listen}, state in {directory}")
    return run(programs)


def _prepare(directory: Path, uid: int | None, dropper: int | None) -> None:
    for name in _DIRECTORIES:
        place = directory / name
        place.mkdir(mode=0o700, exist_ok=True)
        # `run` is the shield's own, which may put a link in the place of what was made in it.
        try:
            opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise Invalid("there is a link in a directory's place: take it away", where=str(place)) from error
        try:
            if uid is not None:
                owner = dropper if name == "run/dropping" else uid
                os.fchown(opened, owner or uid, owner or uid)
            # Entered by both users; what is in it is each one's own.
            os.fchmod(opened, 0o711 if name in ("run", "run/dropping") else 0o700)
        finally:
            os.close(opened)
    if uid is not None and not all(parent.stat().st_mode & 0o001 for parent in (directory, *directory.parents)):
        raise Invalid("other users cannot enter this directory: choose one under /var/lib", where=str(directory))


def _readable(path: Path, uid: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os._exit(0 if os.access(path, os.R_OK) else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def render(
    upstream: Upstream,
    listen: Listen = "127.0.0.1:8480",
    to: Annotated[Path | None, typer.Option("--to", help="An empty directory for it and the files beside it.")] = None,
    host: Host = "",
    certificate: Certificate = None,
    redirect: Redirect = "",
    trusted_proxy: Trusted = None,
    login: Login = None,
    expensive: Expensive = None,
    cached: Cached = None,
    slots: Slots = 40,
    json: Json = False,
) -> None:
    """Print the HAProxy configuration, to run it elsewhere; with --to, lay it down with its pages and keys. It holds
    the keys of visitors' cookies: keep it as you keep a private key."""
    with reporting(json):
        wanted = _site(upstream, listen, host, certificate, redirect, trusted_proxy, login, expensive, cached, slots)
        directory = (to or Path("seifas-shield-rendered")).resolve()
        if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
            raise Conflict("this is no empty directory: choose another", where=str(directory))
        if to is None:
            print(_text(wanted, directory), end="")
            return
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        made_files = site.rendered(wanted, directory)
        for name, body in made_files.items():
            write_new(directory / name, body)
        told = {"directory": str(directory), "files": sorted(made_files)}
        tell(json, told, f"run it: haproxy -W -S {directory}/master.sock -f {directory}/haproxy.cfg")


def _text(wanted: Site, directory: Path) -> str:
    """The configuration alone; the keys in it are written nowhere."""
    directory.mkdir(mode=0o700)
    try:
        return site.rendered(wanted, directory)["haproxy.cfg"].decode()
    finally:
        for left in directory.iterdir():
            left.unlink()
        directory.rmdir()


def mirror(
    url: Annotated[str, typer.Argument(help="The site's address.")],
    directory: Annotated[Path, typer.Argument(help="An empty or new directory.")],
    json: Json = False,
) -> None:
    """Copy a site as files, for any plain web server: to be shown elsewhere while the site itself is flooded."""
    with reporting(json):
        done = mirroring.mirror(url, directory)

        def words() -> None:
            console.print(f"{done.files} files, {done.bytes / 2**20:.1f} MiB, in {directory}", markup=False)
            for path, status in done.missing[:20]:
                console.print(f"missing ({status}): {path}", markup=False)
            if not done.whole:
                console.print("NOT whole: the site is larger than what is copied at most")

        tell(json, msgspec.to_builtins(done), words)


def mode(
    wanted: Annotated[str, typer.Argument(help="auto, calm, guarded or siege.")],
    state: StateAt = Path("seifas-shield"),
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=10_080, help="For how long.")] = 60,
    json: Json = False,
) -> None:
    """Set the mode of `seifas shield --upstream` by hand. At a clinic's server it is set at the desk."""
    with reporting(json):
        if wanted != "auto" and wanted.upper() not in Mode.__members__:
            raise Invalid("a mode is one of: auto, calm, guarded, siege", where="mode")
        until = time.time_ns() // 1_000_000 + minutes * 60_000
        sealed_files.order(state, {} if wanted == "auto" else {"public": (wanted, until)})
        words = "the shield decides by itself" if wanted == "auto" else f"{wanted} until {moment(until)}"
        tell(json, {"mode": wanted, "until_ms": 0 if wanted == "auto" else until}, words)


def status(state: StateAt = Path("seifas-shield"), json: Json = False) -> None:
    """How `seifas shield --upstream` stands."""
    with reporting(json):
        sealed_files.key_of(state)
        try:
            told = msgspec.json.decode((state / sealed_files.STATE).read_bytes(), type=State)
        except FileNotFoundError:
            raise Missing("it has not been started here yet", where=str(state)) from None
        except msgspec.MsgspecError as error:
            raise Invalid("what it told cannot be read; is it of this version?", where=str(state)) from error
        age = time.time() - told.ms / 1000
        public = told.listeners.get("public")

        def words() -> None:
            if age > 10 or public is None:
                console.print(f"it last told of itself {age:.0f} s ago: is it running?")
                return
            since = f" since {moment(public.since_ms)} ({public.why})" if public.since_ms else ""
            console.print(f"{Mode(public.mode).name.lower()}{since}")
            console.print(f"{public.distinct_minute} addresses a minute, usual {public.distinct_usual}")
            for lane, one in sorted(public.lanes.items()):
                if one.outcomes:
                    console.print(f"  {lane}: {', '.join(f'{n} {what}' for what, n in sorted(one.outcomes.items()))}")

        tell(json, {**msgspec.to_builtins(told), "age_s": round(age, 1)}, words)


def open_(
    flood: Annotated[str, typer.Argument(help="The flood; empty: list them.")] = "",
    state: StateAt = Path("seifas-shield"),
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="A file with the evidence's secret, kept elsewhere.")
    ] = None,
    form: Annotated[str, typer.Option("--form", help="One of: " + ", ".join(FORMS))] = "summary",
    out: Annotated[Path | None, typer.Option("--out", help="The file to make, outside the shield's directory.")] = None,
    language: Annotated[str, typer.Option("--language", help="Of a PDF and the call sheet: lt or en.")] = "lt",
    turned: Annotated[int, typer.Option("--turned", help="List who had so many requests turned away.")] = 3,
    hours: Annotated[int, typer.Option("--hours", help="When a list of addresses to block ends.")] = 24,
    json: Json = False,
) -> None:
    """Open the evidence of `seifas shield --upstream` with its secret, and write it to a file."""
    with reporting(json):
        sealed_files.key_of(state)
        if not flood:
            found = sealed_files.floods(state)
            tell(json, {"floods": list(found)}, "\n".join(found) or "no flood has been recorded")
            return
        if form not in FORMS:
            raise Invalid("a form is one of: " + ", ".join(FORMS), where="--form")
        if secret_file is None or out is None:
            raise Invalid("give --secret-file, and --out for the file to make", where="--out")
        kept_outside(out, state)
        opened = sealed_files.opened(state, flood, secret_from(secret_file, state))
        kept = tuple(Kept(at, hashlib.sha256(body).digest(), body) for at, body in enumerate(opened.minutes))
        chain = checked(kept)
        line, digest = last(kept)
        ended = opened.changes[-1].ms if opened.changes and opened.changes[-1].after == Mode.CALM else 0
        about = About(
            clinic="", event=flood, made_ms=time.time_ns() // 1_000_000, ended_ms=ended, line=line, digest=digest,
            problems=chain.problems,
        )  # fmt: skip
        book = books.joined(opened.parts) if opened.parts else None
        rule = Rule(turned_at_least=turned, hours=hours)
        body = made(form, Evidence(about, kept, opened.changes, book), rule, language)
        with handed_out(out) as file:
            file.write(body)
        told = {"file": str(out), "bytes": len(body), "minutes": len(kept), "problems": list(chain.problems)}
        if not is_stdout(out):
            tell(json, told, f"{out}: {len(body)} bytes, of {len(kept)} minutes. Addresses are personal data.")
