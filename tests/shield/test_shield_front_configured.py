"""The configuration as text: valid on every HAProxy here for every description that is one, refused for others."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from front_rig import NOW, haproxies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.front import configuring, keys
from seifas.shield.front.description import App, Front, Listening
from seifas.shield.front.writing import literal, quoted
from seifas.shield.snapshots import Shot

BINARIES = pytest.mark.parametrize("binary", haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")


def described(directory: Path, **change: Any) -> Front:
    front = Front(
        directory=directory, keys=keys.fresh(NOW),
        listeners=(Listening("public", ("127.0.0.1:19",), "site", (("/my", "portal"),), exempt=("/health",)),),
        apps=(App("site", "127.0.0.1:9", shared=True, cached=("/static/",)),
              App("portal", f"unix@{directory}/p.sock", grants=("patient",), logins=("/my/enter",))),
    )  # fmt: skip
    return msgspec.structs.replace(front, **change)


def said(binary: str, front: Front) -> str:
    """What HAProxy says of it; raises where it does not take it."""
    done = subprocess.run(
        [binary, "-c", "-f", str(configuring.write(front))], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


CHANGES: dict[str, dict[str, Any]] = {
    "plain": {},
    "one listener of many addresses": {
        "listeners": (Listening("staff", ("127.0.0.1:19", "[::1]:19"), "site", mode=2),)
    },
    "acme, plain pages, hosts": {
        "acme": "127.0.0.1:9", "hosts": ("clinic.example", "www.clinic.example"), "redirects": ("127.0.0.1:19",),
        "plain": (Shot("/ca", 200, "challenge.html", "", "text/html", "", (("x-a", "b'c %d $E \"f\" \\g"),)),),
    },
    "proxies": {"proxies": ("10.0.0.0/8", "2001:db8::/32", "192.0.2.1")},
    "a foreign site": {
        "apps": (
            App("site", "127.0.0.1:9", tls=True, host="old.example", forwarded=True, shared=True),
            App("portal", "127.0.0.1:9"),
        )
    },
    "several processes": {
        "apps": (
            App("site", "127.0.0.1:9", shared=True, cached=("/static/",), others=("127.0.0.1:10", "unix@/r/s-3.sock")),
            App("portal", "127.0.0.1:9", others=("127.0.0.1:11",)),
        )
    },
    "one language": {"languages": ("en",)},
}  # fmt: skip


@BINARIES
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_haproxy_takes_it_without_a_warning(binary: str, tmp_path: Path, change: dict[str, Any]) -> None:
    assert "WARNING" not in said(binary, described(tmp_path / "f", **change))


def test_what_is_written_is_this_users_alone(tmp_path: Path) -> None:
    front = described(tmp_path / "f")
    configuring.write(front)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "f").iterdir()} == {0o600}
    assert configuring.configured(front) == configuring.configured(front)


@pytest.mark.parametrize(
    "change",
    [
        {"apps": (App("site", "127.0.0.1:9"), App("site", "127.0.0.1:9"))},
        {"apps": (App("Site 2", "127.0.0.1:9"),)},
        {"apps": (App("site", "127.0.0.1:9"),)},  # a route leads nowhere
        {"target": 0},
        {"target": 2**32 + 1},
        {"listeners": (Listening("other", ("127.0.0.1:19",), "site"),)},
        {"hosts": ("a\nb",)},
        {"proxies": ("10.0.0.0/8\n  tcp-request connection accept",)},
        {"shots": (Shot("/a\r\nb", 200, "x", "", "text/html", "", ()),)},
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        configuring.configured(described(tmp_path / "f", **change))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f"), max_size=60))
def test_any_text_is_one_argument(tmp_path: Path, text: str) -> None:
    shots = (Shot("/x", 200, "challenge.html", "", "text/html", "", (("x-said", text.strip()),)),)
    said(haproxies()[0], described(tmp_path / "f", shots=shots, snapshot=Path()))


@given(st.text(max_size=60))
def test_a_control_character_is_no_argument(text: str) -> None:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        with pytest.raises(Invalid):
            quoted(text)
    else:
        assert "\n" not in literal(text)
