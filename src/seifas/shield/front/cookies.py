"""Two signed cookies, read and written by HAProxy alone.

    seifas_lane  1.<lane>.<slot>.<expiry s>.<id>.<mac>    mac over  lane|<lane>|<slot>|<expiry>|<id>|<network>
    seifas_ask   <slot>.<made s>.<id>.<target>.<mac>      mac over  ask|<slot>.<made>.<id>.<target>|<network>

mac: HMAC-SHA-256 under the slot's key, its first 16 bytes as 32 upper-case hex digits. network: the address with
all but 24 bits (IPv4) or 48 (IPv6) cleared. No field can hold the delimiter, so no two cookies are signed over the same
text.
A cookie of either kind is nothing but a place in a queue: it opens no door.
"""

from __future__ import annotations

from typing import Final

from seifas.shield.front.keys import PERIOD_S

KNOWN_S: Final = PERIOD_S
PROVEN_S: Final = 1800
ASK_S: Final = 600
WAIT_S: Final = 2
SKEW_S: Final = 5
_LANES: Final = "staff|patient|solved|waited"
_LANE_FORM: Final = rf"^1\.({_LANES})\.[ab]\.[0-9]{{10}}\.[0-9a-f]{{12}}\.[0-9A-F]{{32}}$"
# The id is 32 random bits: with time and network it only has to be another one for each visitor.
_ASK_FORM: Final = r"^[ab]\.[0-9]{10}\.[0-9]{1,10}\.[0-9]{1,10}\.[0-9A-F]{32}$"


def lane_name(tls: bool) -> str:
    """`__Host-` keeps neighbours on sister names, and whoever answers in plain HTTP, from planting one."""
    return "__Host-seifas_lane" if tls else "seifas_lane"


def ask_name(tls: bool) -> str:
    return "__Host-seifas_ask" if tls else "seifas_ask"


def conditions() -> list[str]:
    """Named conditions on the variables that `lane_read` and `ask_read` set."""
    return [
        f"  acl lane_formed var(txn.cookie) -m reg '{_LANE_FORM}'",
        "  acl lane_a var(txn.c_slot) -m str a",
        "  acl lane_genuine var(txn.c_want),secure_memcmp(txn.c_mac)",
        f"  acl lane_fresh var(txn.c_left) -m int 1:{KNOWN_S}",
        f"  acl ask_formed var(txn.ask) -m reg '{_ASK_FORM}'",
        "  acl ask_a var(txn.a_slot) -m str a",
        "  acl ask_genuine var(txn.a_want),secure_memcmp(txn.a_mac)",
        # The age has the skew added, so that it is never negative: 0 is a challenge of SKEW_S ahead of this clock.
        f"  acl ask_fresh var(txn.a_age) -m int 0:{ASK_S + SKEW_S}",
        f"  acl ask_waited var(txn.a_age) -m int {WAIT_S + SKEW_S}:{ASK_S + SKEW_S}",
        "  acl slot_a var(proc.slot) -m str a",
    ]


def shown(tls: bool) -> list[str]:
    """Whether a request brings a cookie of ours that could be one: whatever else it brings changes nothing."""
    return [
        f"  acl shows_cookie req.cook({lane_name(tls)}) -m reg '{_LANE_FORM}'",
        f"  acl shows_cookie req.cook({ask_name(tls)}) -m reg '{_ASK_FORM}'",
    ]


def lane_read(tls: bool) -> list[str]:
    """Sets txn.lane where the cookie is whole, genuine, of this network and in time."""
    return [
        f"  http-request set-var(txn.cookie) req.cook({lane_name(tls)})",
        "  http-request set-var(txn.c_lane) var(txn.cookie),field(2,.) if lane_formed",
        "  http-request set-var(txn.c_slot) var(txn.cookie),field(3,.) if lane_formed",
        "  http-request set-var(txn.c_until) var(txn.cookie),field(4,.) if lane_formed",
        "  http-request set-var(txn.c_id) var(txn.cookie),field(5,.) if lane_formed",
        "  http-request set-var(txn.c_mac) var(txn.cookie),field(6,.) if lane_formed",
        *_signed("c_want", _LANE_TEXT.format(lane="c_lane", slot="txn.c_slot", until="c_until", id="c_id"),
                 "lane_formed lane_a", "lane_formed !lane_a"),
        "  http-request set-var(txn.c_left) date,neg,add(txn.c_until) if lane_formed",
        "  http-request set-var(txn.lane) var(txn.c_lane) if lane_formed lane_genuine lane_fresh",
    ]


def ask_read(tls: bool, when: str) -> list[str]:
    """Sets the variables of the challenge's cookie where `when` holds; conditions say whether it is any good."""
    return [
        f"  http-request set-var(txn.ask) req.cook({ask_name(tls)}) if {when}",
        "  http-request set-var(txn.a_text) var(txn.ask),field(1,.,4) if ask_formed",
        "  http-request set-var(txn.a_slot) var(txn.ask),field(1,.) if ask_formed",
        "  http-request set-var(txn.a_made) var(txn.ask),field(2,.) if ask_formed",
        "  http-request set-var(txn.a_target) var(txn.ask),field(4,.),add(0) if ask_formed",
        "  http-request set-var(txn.a_mac) var(txn.ask),field(5,.) if ask_formed",
        f"  http-request set-var(txn.a_age) date({SKEW_S}),sub(txn.a_made) if ask_formed",
        *_signed("a_want", _ASK_TEXT.format(text="a_text"), "ask_formed ask_a", "ask_formed !ask_a"),
    ]


def ask_made(when: str) -> list[str]:
    """Signs a new challenge into txn.n_*."""
    return [
        f"  http-request set-var-fmt(txn.n_text) %[var(proc.slot)].%[date].%[rand].%[var(proc.target)] if {when}",
        *_signed("n_mac", _ASK_TEXT.format(text="n_text"), f"{when} slot_a", f"{when} !slot_a"),
    ]


def lane_made(rule: str, when: str, seconds: int) -> list[str]:
    """Signs a lane cookie for txn.to into txn.l_*; `rule` is http-request or http-response."""
    return [
        f"  {rule} set-var(txn.l_until) date({seconds}) if {when}",
        f"  {rule} set-var(txn.l_id) uuid,field(5,-) if {when}",
        *_signed("l_mac", _LANE_TEXT.format(lane="to", slot="proc.slot", until="l_until", id="l_id"),
                 f"{when} slot_a", f"{when} !slot_a", rule=rule),
    ]


def ask_header(tls: bool) -> str:
    """The challenge's Set-Cookie; the script reads it, so it is not HttpOnly."""
    value = "%[var(txn.n_text)].%[var(txn.n_mac)]"
    return f'"{ask_name(tls)}={value}; Path=/; Max-Age={ASK_S}; SameSite=Lax{"; Secure" if tls else ""}"'


def lane_header(tls: bool, seconds: int) -> str:
    """The lane's Set-Cookie."""
    value = "1.%[var(txn.to)].%[var(proc.slot)].%[var(txn.l_until)].%[var(txn.l_id)].%[var(txn.l_mac)]"
    secure = "; Secure" if tls else ""
    return f'"{lane_name(tls)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"'


_LANE_TEXT: Final = "str(lane),concat(|,txn.{lane},|),concat(,{slot},|),concat(,txn.{until},|),concat(,txn.{id},|)"
_ASK_TEXT: Final = "str(ask),concat(|,txn.{text},|)"


def _signed(name: str, text: str, with_a: str, with_b: str, *, rule: str = "http-request") -> list[str]:
    whole = f"{text},concat(,txn.network)"
    return [
        f"  {rule} set-var(txn.{name}) {whole},hmac(sha256,proc.key_{slot}),bytes(0,16),hex if {when}"
        for slot, when in (("a", with_a), ("b", with_b))
    ]
