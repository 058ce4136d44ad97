"""The rules of one listener: who is refused, who is known, who waits, who is challenged. In the order they are asked.

Most of a flood is strangers without a cookie: what they cost comes first and is short.
"""

from __future__ import annotations

from typing import Final

from seifas.shield.front import cookies, tables
from seifas.shield.front.backends import shot_paths
from seifas.shield.front.challenge import challenged, script_paths, strangers_challenged
from seifas.shield.front.description import Front, Listening
from seifas.shield.front.writing import address, network, quoted

ACME: Final = "/.well-known/acme-challenge/"
# A path that two readers could take for two paths, or that is none: not ASCII, letters, digits or . - _ ~ / \ % NUL
# written as %xx, empty or dotted steps, backslashes.
_DODGES: Final = (
    r"[^!-~]|%(00|2[def5]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae])|%(.?$|[^0-9a-f]|.[^0-9a-f])|//|/\.\.?(/|$)|\\"
)
# One IPv6 visitor has 2**64 addresses: they are one row.
_SOURCE: Final = "src,ipmask(32,64)"
_METHODS: Final = "GET HEAD POST PUT PATCH DELETE OPTIONS"
# What looks like a secret in a path: 16 or more hex digits, 22 or more letters of base64url.
_SECRETS: Final = r"[0-9a-fA-F]{16,}|[A-Za-z0-9_-]{22,}"
# Headers that say who somebody is, where he was, or why a record was opened.
_CREDENTIALS: Final = (
    r"(?im)^(cookie|referer|hx-current-url|seifas-[a-z-]*|[a-z0-9_-]*(key|token|auth|session|secret|csrf)[a-z0-9_-]*):.*"
)


def strangers_room(front: Front, name: str) -> int:
    """How many connections strangers may hold on a listener. All listeners have one number together: what strangers
    hold on every one of them at once must leave a tenth to those who are known."""
    return int(front.limits.connections * {"public": 0.6, "staff": 0.2, "redirect": 0.1}[name])


def connection_rules(front: Front, listener: Listening) -> list[str]:
    """Before the first byte is read, so before a handshake costs anything."""
    limits, tls = front.limits, front.certificates is not None
    proxied = " !from_proxy" if front.proxies else ""
    # Where the system allows few connections, ten addresses must not be all of them.
    most = min(limits.source_connections, limits.connections // 10)
    rules = [
        f"  acl siege var(proc.mode_{listener.name}) -m int 2",
        f"  acl guarded var(proc.mode_{listener.name}) -m int 1",
        f"  acl known_net src,ipmask(24,48),table_gpt0({tables.KNOWN}) -m int gt 0",
        "  acl never_good sc_get_gpc(1,0) -m int 0",
        # Behind one address may be many: now and then it is heard, and whoever solves there ends its silence.
        "  acl one_in_16 rand(16) -m int 0",
        f"  acl repeated sc_get_gpc(0,0) -m int gt {limits.repeat}",
        f"  acl crowd sc_conn_cur(0) -m int gt {most}",
        f"  acl many sc_conn_cur(0) -m int gt {max(most // 10, 8)}",
        f"  acl filling fe_conn -m int gt {strangers_room(front, listener.name) // 2}",
        f"  acl nearly_full fe_conn -m int gt {strangers_room(front, listener.name)}",
        # Whoever comes to the public site, known or not, leaves the staff theirs.
        *([f"  maxconn {limits.connections * 4 // 5}"] if listener.name == "public" else []),
    ]
    if front.proxies:
        rules += [f"  acl from_proxy src {network}" for network in map(quoted, front.proxies)]
        rules.append("  tcp-request connection expect-proxy layer4 if from_proxy")
    rules += [
        f"  tcp-request connection track-sc0 {_SOURCE} table {tables.SOURCES}{' if !from_proxy' if proxied else ''}",
        f"  tcp-request connection silent-drop if siege repeated never_good !known_net !one_in_16{proxied}",
        # Of a known network, too: a carrier's has a patient and many others.
        f"  tcp-request connection reject if crowd{proxied}",
        f"  tcp-request connection reject if filling many !known_net{proxied}",
        f"  tcp-request connection reject if nearly_full !known_net{proxied}",
    ]
    if tls and limits.handshakes:
        rules += [
            # One loud address must not spend what all strangers have.
            f"  tcp-request connection reject if {{ sc_conn_rate(0) -m int gt {limits.source_handshakes} }} "
            f"!known_net{proxied}",
            f"  tcp-request connection reject if {{ sc_conn_rate(0) -m int gt {5 * limits.source_handshakes} }}"
            f"{proxied}",
            f"  tcp-request connection track-sc1 int({tables.HANDSHAKE_ROW}) table {tables.PACES} "
            f"if !known_net{proxied}",
            f"  acl handshakes_spent sc_gpc0_rate(1) -m int ge {limits.handshakes}",
            f"  tcp-request connection reject if !known_net handshakes_spent{proxied}",
            f"  tcp-request connection sc-inc-gpc0(1) if !known_net{proxied}",
        ]
    if front.proxies:
        rules += [
            f"  tcp-request session track-sc0 {_SOURCE} table {tables.SOURCES}",
            "  tcp-request session reject if siege repeated never_good !known_net !one_in_16",
        ]
    return rules


def redirect_rules(front: Front) -> list[str]:
    """Of the listener of plain HTTP, where nobody is known: it has little to say, and little room."""
    few = min(front.limits.source_connections, strangers_room(front, "redirect") // 2)
    return [
        f"  maxconn {strangers_room(front, 'redirect')}",
        "  option httpclose",
        f"  tcp-request connection track-sc0 {_SOURCE} table {tables.SOURCES}",
        f"  tcp-request connection reject if {{ sc_conn_cur(0) -m int gt {few} }}",
    ]


def request_rules(front: Front, listener: Listening) -> list[str]:
    tls = front.certificates is not None
    return [
        *_conditions(front, listener),
        *cookies.conditions(),
        *_noted(front),
        *_kinds(front, listener),
        *strangers_challenged(front),
        *_refused(front),
        f"  http-request set-var(txn.network) {network(front)}",
        *cookies.lane_read(tls),
        *_lanes(listener),
        *_rated(front),
        *script_paths(front),
        *_routed(front, listener),
        *_gated(front, listener),
        *challenged(front),
        *_cleaned(front),
    ]


def response_rules(front: Front) -> list[str]:
    """An application says by Seifas-Lane who somebody is; the cookie is written here, where it is not there yet or is
    older than a day. Nobody's lane is lowered."""
    tls = front.certificates is not None
    return [
        # Until an application answers, it is as if the queue had been full: HAProxy's own 503 comes by no rule.
        "  http-response set-var(txn.outcome) str(served) if { var(txn.outcome) -m str shed }",
        "  http-response set-var(txn.said) res.hdr(seifas-lane) if { res.hdr(seifas-lane) -m found }",
        "  http-response del-header seifas-lane",
        "  acl lane_said var(txn.said) -m str staff patient",
        "  acl lane_lower var(txn.said) -m str patient",
        "  acl lane_is_staff var(txn.c_lane) -m str staff",
        f"  acl lane_day var(txn.c_left) -m int gt {cookies.KNOWN_S - 86400}",
        *_tokens_taken(),
        # A staff cookie is not overwritten by a patient's; a younger one of the same lane stays.
        "  http-response set-var(txn.keep) bool(true) if lane_said lane_lower is_known lane_is_staff",
        "  http-response set-var(txn.keep) bool(true) if lane_said lane_lower is_known !lane_is_staff lane_day",
        "  http-response set-var(txn.keep) bool(true) if lane_said !lane_lower is_known lane_is_staff lane_day",
        "  acl keep var(txn.keep) -m bool",
        "  http-response set-var(txn.to) var(txn.said) if lane_said !keep",
        "  acl to_given var(txn.to) -m found",
        "  acl to_waited var(txn.to) -m str waited",
        *cookies.lane_made("http-response", "to_given !to_waited", cookies.KNOWN_S),
        *cookies.lane_made("http-response", "to_waited", cookies.PROVEN_S),
        f"  http-response add-header set-cookie {cookies.lane_header(tls, cookies.KNOWN_S)} if to_given !to_waited",
        f"  http-response add-header set-cookie {cookies.lane_header(tls, cookies.PROVEN_S)} if to_waited",
        # Of every answer, HAProxy's own too.
        *(["  http-after-response set-header strict-transport-security max-age=31536000"] if tls else []),
    ]


def logged(listener: Listening) -> list[str]:
    """One line a request for the control loop; never a cookie, a credential or a body."""
    fields = (
        "R %ci %Ts%ms", listener.name[0], "%[var(txn.lane,stranger)] %[var(txn.outcome,refused)] %ST %B %HM %Tw",
        "%[var(txn.sig),hex] %[capture.req.hdr(0)] %[capture.req.hdr(1)]",
    )
    # What ends before there is a request, as a handshake that fails does, is counted by address like everything else.
    broken = f"R %ci %Ts%ms {listener.name[0]} stranger refused %ST %B - 0 - - -"
    return [
        "  log ring@lines format raw local0",
        f'  log-format "{" ".join(fields)}"',
        f'  error-log-format "{broken}"',
    ]


def _conditions(front: Front, listener: Listening) -> list[str]:
    limits, staff = front.limits, listener.name == "staff"
    rules = [
        "  acl reads method GET HEAD",
        "  acl is_lane var(txn.lane) -m found",
        "  acl is_staff var(txn.lane) -m str staff",
        "  acl is_patient var(txn.lane) -m str patient",
        "  acl is_machine var(txn.lane) -m str machine",
        "  acl is_known var(txn.lane) -m str staff patient machine",
        "  acl is_proven var(txn.lane) -m str solved waited",
        "  acl secret_like path_len gt 15",
        f"  acl acme {f'path_beg {ACME}' if front.acme else 'always_false'}",
        "  acl decided var(txn.outcome) -m found",
        *cookies.shown(front.certificates is not None),
        "  acl has_token " + ("req.hdr(authorization) -m beg -i 'bearer '" if staff else "always_false"),
        "  acl own path_beg /.shield/",
        f"  acl eager sc_http_req_rate(0) -m int gt {limits.source_rate}",
    ]
    if listener.exempt:
        rules += [f"  acl exempt path {quoted(path)}" for path in listener.exempt]
    else:
        rules.append("  acl exempt always_false")
    return rules


def _sampled(one_in: int) -> list[str]:
    """The head of one stranger's request in a thousand, as evidence: never a cookie, a credential or a body."""
    return [
        f"  acl sample rand({one_in}) -m int 0",
        f"  http-request capture 'req.hdrs,regsub(\"{_CREDENTIALS}\",\"\\1: *\",g),"
        f"regsub(\"{_SECRETS}\",*,g),url_enc' id 1 if !shows_cookie sample",
    ]


def _noted(front: Front) -> list[str]:
    """What the log line says of a request beside what HAProxy knows anyway."""
    return [
        "  declare capture request len 128",
        "  declare capture request len 2400",
        "  http-request set-var(txn.sig) req.hdr_names(:),xxh64(1)",
        "  http-request capture path id 0 if !secret_like",
        f"  http-request capture 'path,regsub(\"{_SECRETS}\",*,g)' id 0 if secret_like",
        *_sampled(front.limits.sample),
    ]


def _kinds(front: Front, listener: Listening) -> list[str]:
    """Which paths have a part of their own."""
    app = next(app for app in front.apps if app.name == listener.app)
    rules = [f"  acl cacheable path_beg {quoted(path)}" for path in app.cached] or ["  acl cacheable always_false"]
    spent = f"be_sess_rate({app.name}_kept) gt {front.limits.kept}" if app.cached else "always_true"
    rules.append(f"  acl kept_spent {spent}")
    if front.shots and listener.name == "public":
        rules += [f"  acl shot path {' '.join(map(quoted, paths))}" for paths in shot_paths(front)]
        return [*rules, f"  acl shots_spent be_sess_rate(snapshot) gt {front.limits.shots}"]
    return [*rules, "  acl shot always_false", "  acl shots_spent always_true"]


def _refused(front: Front) -> list[str]:
    rules = [
        f"  http-request deny deny_status 405 unless {{ method {_METHODS} }}",
        f"  http-request deny deny_status 400 if {{ path -m reg -i '{_DODGES}' }}",
        "  http-request deny deny_status 400 if { path_len gt 2048 }",
        "  http-request deny deny_status 400 if { req.hdr_cnt(host) gt 1 } || { req.hdr_cnt(content-length) gt 1 }",
    ]
    if front.hosts:
        # A browser writes an address of IPv6 in brackets.
        names = " ".join(quoted(f"[{name}]" if ":" in name else name) for name in front.hosts)
        rules += [
            f"  acl our_host req.hdr(host),host_only,lower -m str {names}",
            "  http-request return status 421 content-type text/plain string 'This is not the name of this site.' "
            "if !our_host !exempt !acme",
        ]
    return rules


def _lanes(listener: Listening) -> list[str]:
    """What a cookie is worth on this listener, and tokens."""
    rules: list[str] = []
    if listener.name == "staff":
        # A patient has nothing to do among staff, but has shown to be somebody.
        rules.append("  http-request set-var(txn.lane) str(solved) if is_patient")
        rules += [
            "  http-request set-var(txn.token) req.hdr(authorization),word(2,' '),sha2(256),hex if has_token",
            f"  acl token_good var(txn.token),table_gpt0({tables.TOKENS}) -m int gt 0",
            "  http-request set-var(txn.lane) str(machine) if has_token token_good",
        ]
    return rules


def _rated(front: Front) -> list[str]:
    """Counts a cookie's or a token's requests, and turns away what is beyond its rate."""
    limits = front.limits
    rates = {"staff": limits.staff_rate, "patient": limits.patient_rate, "machine": limits.machine_rate,
             "solved": limits.solved_rate, "waited": limits.waited_rate}  # fmt: skip
    return [
        f"  http-request track-sc1 var(txn.token) table {tables.TOKENS} if is_machine",
        f"  http-request track-sc1 var(txn.c_id) table {tables.COOKIES} if is_lane !is_machine",
        # What was solved or waited for is worth so many requests; then it is asked for again.
        f"  http-request unset-var(txn.lane) if is_proven {{ sc_http_req_cnt(1) -m int gt {limits.proven_worth} }}",
        *(
            f"  http-request set-var(txn.outcome) str(limited) if {{ var(txn.lane) -m str {lane} }} "
            f"{{ sc_http_req_rate(1) -m int gt {rate} }}"
            for lane, rate in rates.items()
        ),
        *(
            f"  http-request set-var(txn.outcome) str(limited) if {kind} {{ sc_conn_cur(1) -m int gt {most} }}"
            for kind, most in (("is_staff", limits.staff_at_once), ("is_machine", limits.machine_at_once),
                               ("is_patient", limits.patient_at_once), ("is_proven", limits.proven_at_once))
        ),
        "  http-request return status 429 default-errorfiles if decided",
        f"  http-request track-sc2 var(txn.network) table {tables.KNOWN} if is_known",
        "  http-request sc-set-gpt0(2) int(1) if is_known",
        "  http-request sc-inc-gpc(1,0) if is_lane",
        "  http-request set-var(txn.cleared) sc_clr_gpc(0,0) if is_lane",
    ]


def _tokens_taken() -> list[str]:
    """A token that the desk took, or has just given out, is marked by its hash."""
    return [
        "  acl machine_said var(txn.said) -m str machine",
        "  acl token_known var(txn.token) -m found",
        "  http-response set-var(txn.token) res.hdr(seifas-token),sha2(256),hex "
        "if machine_said { res.hdr(seifas-token) -m found }",
        "  http-response del-header seifas-token",
        f"  http-response track-sc2 var(txn.token) table {tables.TOKENS} if machine_said token_known !is_machine",
        "  http-response sc-set-gpt0(2) int(1) if machine_said token_known !is_machine",
        # A token that the desk no longer takes is nobody's.
        "  http-response sc-set-gpt0(1) int(0) if is_machine !machine_said { status 401 }",
    ]


def _routed(front: Front, listener: Listening) -> list[str]:
    apps = {app.name: app for app in front.apps}
    rules = [f"  http-request set-var(txn.app) str({listener.app})"]
    for path, name in listener.routes:
        rules.append(
            f"  http-request set-var(txn.app) str({name}) "
            f"if {{ path {quoted(path)} }} || {{ path_beg {quoted(path + '/')} }}"
        )
    served = dict.fromkeys((listener.app, *(name for _, name in listener.routes)))
    logins = sorted({path for name in served for path in apps[name].logins})
    if logins:
        rules += [
            *(f"  acl login path {quoted(path)}" for path in logins),
            f"  http-request track-sc2 var(txn.network) table {tables.LOGINS} if login !is_known {{ method POST }}",
            f"  http-request set-var(txn.outcome) str(limited) if login !is_known {{ method POST }} "
            f"{{ sc_http_req_rate(2) -m int gt {front.limits.logins} }}",
            "  http-request return status 429 default-errorfiles if decided",
        ]
    else:
        rules.append("  acl login always_false")
    return rules


def _gated(front: Front, listener: Listening) -> list[str]:
    """Sets txn.gate where a stranger has to show something first."""
    limits = front.limits
    rules = [
        "  http-request set-var(txn.outcome) str(static) if siege !is_lane reads shot !shots_spent !exempt !acme",
        "  http-request set-var(txn.kept) bool(true) if siege !is_lane reads !decided cacheable !kept_spent",
        "  acl kept var(txn.kept) -m bool",
        "  http-request set-var(txn.outcome) str(static) if kept",
        "  http-request set-var(txn.gate) bool(true) if siege !is_lane !decided !exempt !acme",
        "  http-request set-var(txn.gate) bool(true) if guarded !is_lane eager !exempt !acme",
        "  http-request set-var(txn.gate) bool(true) if guarded !is_lane login !exempt",
    ]
    for name in dict.fromkeys((listener.app, *(name for _, name in listener.routes))):
        full = f"{{ var(txn.app) -m str {name} }} {{ queue({name}_strangers) gt {limits.shed_at} }}"
        rules += [
            f"  http-request set-var(txn.gate) bool(true) if guarded !is_lane !exempt !acme {full}",
            f"  http-request set-var(txn.outcome) str(shed) if !siege !guarded !is_lane !exempt !acme {full}",
            f"  http-request set-var(txn.outcome) str(shed) if exempt !is_lane !known_net "
            f"{{ var(txn.app) -m str {name} }} {{ be_sess_rate({name}_health) gt {limits.exempt} }}",
        ]
    rules.append("  http-request return status 503 default-errorfiles if { var(txn.outcome) -m str shed }")
    return rules


def _cleaned(front: Front) -> list[str]:
    """What goes on to an application: nothing that a visitor could say about himself in our names."""
    return [
        "  http-request set-var(txn.outcome) str(shed) if !decided",
        # A stranger's body is whole, or fills the buffer, before it takes a slot of an application.
        "  http-request wait-for-body time 8s if !is_known",
        # One form of a target, whatever it came in: a path.
        "  http-request deny deny_status 400 if !{ path -m beg / } || { req.hdrs -m reg '\\x00' }",
        "  http-request set-uri %[pathq] unless { url -m beg / }",
        "  http-request del-header connection",
        "  http-request del-header x-forwarded -m beg",
        "  http-request del-header x-real-ip",
        "  http-request del-header forwarded",
        # Ours to tell. Seifas-Reason and Seifas-Upload are the visitor's own.
        "  http-request del-header seifas-address",
        "  http-request del-header seifas-lane",
        "  http-request del-header seifas-token",
        "  http-request del-header proxy",
        "  http-request del-header upgrade",
        "  http-request del-header http2-settings",
        f"  http-request set-header seifas-address %[{address(front)}]",
        f"  http-request set-header x-forwarded-proto {'http' if front.certificates is None else 'https'}",
        "  http-request disable-l7-retry unless reads",
    ]
