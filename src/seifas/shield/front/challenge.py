"""What a stranger has to show while there is a flood: a little work done by a script, or a few seconds of patience.

One signed cookie (cookies.py) serves both ways, so the page itself is always the same bytes. It names its own target:
what was begun at an easy target is finished at it, within ten minutes, whatever the hour, and once.

- With a script: a number is found so that SHA-256(challenge ":" number) lies below the target and handed in at
  /.shield/solve; the cookie of the lane `solved` comes back and the page is loaded again.
- Without: the page loads itself again after three seconds; a challenge that is two seconds old is worth the lane
  `waited`, so many a second and a network. Cheap for a flood that keeps cookies, hence the pace and the lowest place.
"""

from __future__ import annotations

from typing import Final

from seifas.shield.front import cookies, tables
from seifas.shield.front.description import Front
from seifas.shield.front.writing import network, place

SOLVE: Final = "/.shield/solve"
SCRIPT: Final = "/.shield/solve.js"
STYLE: Final = "/.shield/shield.css"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_POLICY_HEADER: Final = f'hdr content-security-policy "{_POLICY}"'
_GUARDS: Final = "hdr x-content-type-options nosniff hdr referrer-policy no-referrer"
_NO_STORE: Final = "hdr cache-control no-store"


def strangers_challenged(front: Front) -> list[str]:
    """The short way for nearly all of a flood: in a siege, who has no cookie at all and asks for nothing of its own is
    challenged before any other rule. What this saves is what a siege can bear."""
    return [
        *(
            f"  http-request set-var(txn.bare) bool(true) if siege !shows_cookie !own {path} !exempt !acme !has_token"
            for path in ("!shot !cacheable", "shot shots_spent", "cacheable kept_spent")
        ),
        "  acl bare var(txn.bare) -m bool",
        "  http-request set-var(txn.outcome) str(challenged) if bare",
        "  http-request sc-inc-gpc(0,0) if bare",
        "  http-request silent-drop if bare repeated !one_in_16",
        f"  http-request set-var(txn.network) {network(front)} if bare",
        *cookies.ask_made("bare"),
        *_pages(front, "bare", also=""),
    ]


def _pages(front: Front, when: str, *, also: str, cookie: bool = True) -> list[str]:
    tls = front.certificates is not None
    headers = [_NO_STORE, _POLICY_HEADER, _GUARDS, *([f"hdr set-cookie {cookies.ask_header(tls)}"] if cookie else [])]
    return [
        f"  http-request return status 403 content-type 'text/html; charset=utf-8' file "
        f"{place(front.directory, name)} {' '.join(headers)}{also} if {when} {verb}"
        for name, verb in (("challenge.html", "reads"), ("challenge-sent.html", "!reads"))
    ]


def script_paths(front: Front) -> list[str]:
    """The front's own paths, in every mode. Nothing else begins with /.shield/."""
    tls = front.certificates is not None
    kept = 'hdr cache-control "public, max-age=3600" hdr x-content-type-options nosniff'
    static = "set-var(txn.outcome) str(static)"
    proved = "at_solve ask_formed ask_genuine ask_fresh nonce_formed work_done"
    return [
        f"  acl at_script path {SCRIPT}",
        f"  acl at_style path {STYLE}",
        f"  acl at_solve path {SOLVE}",
        f"  http-request {static} if at_script || at_style",
        "  http-request return content-type 'text/javascript; charset=utf-8' "
        f"file {place(front.directory, 'solve.js')} {kept} if at_script reads",
        f"  http-request return content-type text/css file {place(front.directory, 'shield.css')} {kept} "
        "if at_style reads",
        *cookies.ask_read(tls, "at_solve"),
        "  acl nonce_formed var(txn.nonce) -m reg ^[0-9]{1,15}$",
        "  acl work_done var(txn.work) -m int lt 0",
        "  acl once sc_get_gpc0(2) -m int 1",
        "  acl passed var(txn.passed) -m bool",
        "  http-request set-var(txn.nonce) url_param(n) if at_solve",
        "  http-request set-var(txn.work) var(txn.ask),concat(:,txn.nonce),sha2(256),bytes(0,4),hex,hex2i,"
        "sub(txn.a_target) if at_solve ask_formed nonce_formed",
        f"  http-request track-sc2 var(txn.a_mac) table {tables.SOLUTIONS} if {proved}",
        f"  http-request sc-inc-gpc0(2) if {proved}",
        f"  http-request set-var(txn.passed) bool(true) if {proved} once",
        "  http-request set-var(txn.to) str(solved) if passed",
        *cookies.lane_made("http-request", "passed", cookies.PROVEN_S),
        "  http-request set-var(txn.outcome) str(passed) if passed",
        "  http-request set-var(txn.cleared) sc_clr_gpc(0,0) if passed",
        f"  http-request return status 204 {_NO_STORE} hdr set-cookie {cookies.lane_header(tls, cookies.PROVEN_S)} "
        "if passed",
        "  http-request set-var(txn.outcome) str(refused) if own",
        "  http-request sc-inc-gpc(0,0) if at_solve",
        f"  http-request return status 400 content-type text/plain string 'not solved' {_NO_STORE} if at_solve",
        "  http-request deny deny_status 404 if own",
    ]


def challenged(front: Front) -> list[str]:
    """Whoever is at the gate: let in because of having waited, dropped, or challenged."""
    tls, limits = front.certificates is not None, front.limits
    waited = "gate ask_formed ask_genuine ask_waited"
    paced = f"{waited} !net_spent !waits_spent"
    return [
        "  acl gate var(txn.gate) -m bool",
        "  http-request set-var(txn.outcome) str(challenged) if gate",
        *cookies.ask_read(tls, "gate"),
        f"  acl net_spent var(txn.network),table_gpc0_rate({tables.WAITS}) -m int ge {limits.waits_of_one}",
        f"  acl waits_spent int({tables.WAIT_ROW}),table_gpc0_rate({tables.PACES}) -m int ge {limits.waits}",
        "  acl ask_kept var(txn.ask_kept) -m bool",
        f"  http-request track-sc2 var(txn.a_mac) table {tables.SOLUTIONS} if {paced}",
        f"  http-request sc-inc-gpc0(2) if {paced}",
        f"  http-request set-var(txn.to) str(waited) if {paced} once",
        "  acl let_in var(txn.to) -m str waited",
        f"  http-request track-sc1 var(txn.network) table {tables.WAITS} if let_in",
        "  http-request sc-inc-gpc0(1) if let_in",
        # In this request's own place 0, before the connection's: nothing below asks for the address's row.
        f"  http-request track-sc0 int({tables.WAIT_ROW}) table {tables.PACES} if let_in",
        "  http-request sc-inc-gpc0(0) if let_in",
        "  http-request set-var(txn.lane) str(waited) if let_in",
        "  http-request unset-var(txn.gate) if let_in",
        "  http-request set-var(txn.outcome) str(passed) if let_in",
        "  http-request sc-inc-gpc(0,0) if gate",
        "  http-request silent-drop if gate siege repeated !one_in_16",
        # A challenge that is genuine and not used stays, so that who waits at a full door keeps his place.
        "  http-request set-var(txn.ask_kept) bool(true) if gate ask_formed ask_genuine ask_fresh",
        *cookies.ask_made("gate !ask_kept"),
        # A page of HTMX loads the whole page anew, and so gets to see the challenge.
        *_pages(front, "gate !ask_kept", also=" hdr hx-refresh true"),
        *_pages(front, "gate ask_kept", also=" hdr hx-refresh true", cookie=False),
    ]


_SAID: Final = {
    400: ("Bad Request", "Užklausa netinkama.", "The request is malformed."),
    403: ("Forbidden", "Čia įeiti negalima.", "There is no entry here."),
    404: ("Not Found", "Tokio puslapio nėra.", "There is no such page."),
    405: ("Method Not Allowed", "Taip klausti čia negalima.", "This cannot be asked here."),
    408: ("Request Timeout", "Užklausa siųsta per lėtai.", "The request came too slowly."),
    413: ("Payload Too Large", "Siunčiama per daug.", "Too much was sent."),
    429: ("Too Many Requests", "Per daug užklausų iš eilės; palaukite dešimt sekundžių.",
          "Too many requests in a row; wait ten seconds."),
    500: ("Internal Server Error", "Kažkas sugedo; pabandykite vėliau.", "Something broke; try again later."),
    502: ("Bad Gateway", "Svetainė tuoj grįš; įkelkite puslapį iš naujo.",
          "The site is coming back; load the page again."),
    503: ("Service Unavailable", "Dabar per daug lankytojų; po kelių sekundžių įkelkite puslapį iš naujo.",
          "Too many visitors just now; load the page again in a few seconds."),
    504: ("Gateway Timeout", "Svetainė neatsakė laiku; pabandykite dar kartą.",
          "The site did not answer in time; try again."),
}  # fmt: skip
_BODY: Final = (
    '<!doctype html><html lang="lt"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width,initial-scale=1"><title>{status}</title>'
    '<link rel="stylesheet" href="/.shield/shield.css"></head>'
    '<body><main><h1>{lt}</h1><hr><h1 lang="en">{en}</h1></main></body></html>\n'
)


def error_file(status: int) -> bytes:
    """One whole answer, as HAProxy's errorfile wants it."""
    reason, lt, en = _SAID[status]
    body = _BODY.format(status=status, lt=lt, en=en).encode()
    head = [
        f"HTTP/1.1 {status} {reason}", "content-type: text/html; charset=utf-8", f"content-length: {len(body)}",
        "cache-control: no-store", f"content-security-policy: {_POLICY}", "x-content-type-options: nosniff",
        "referrer-policy: no-referrer", "x-frame-options: DENY",
    ]  # fmt: skip
    if status in (429, 503):
        head.append("retry-after: 10")
    return "\r\n".join([*head, "", ""]).encode() + body


STATUSES: Final = tuple(_SAID)
