"""The page that shows phones and computers how to trust the clinic's own authority, once. The front holds it in memory
and answers with it over plain HTTP: whoever needs it does not trust the certificate yet.

What came over plain HTTP somebody on the way may have changed. So the page tells to compare the fingerprint with the
one that `seifas serve` prints and the administrator has on paper.
"""

from __future__ import annotations

import html
from typing import Final

from seifas.settings import Settings

STYLE: Final = """\
:root { color-scheme: light dark; }
body { font: 18px/1.55 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem;
  color: #12232e; background: #f4f6f7; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
a.take { display: inline-block; padding: .7rem 1rem; border-radius: .4rem; background: #0b5563; color: #fff; }
code { font: 1rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere; }
li { margin: .35rem 0; }
hr { margin: 3rem 0; border: 0; border-top: 1px solid #7b8b95; }
@media (prefers-color-scheme: dark) { body { color: #e6edf0; background: #11191e; } }
"""

_LT: Final = (
    "Kaip šiame įrenginyje pasitikėti klinika „{clinic}“",
    "Klinika pati išduoda savo svetainės sertifikatą. Kad telefonas ar kompiuteris ja pasitikėtų, tai padaroma vieną "
    "kartą. Sertifikatas galioja tik adresams {names} ir jokiems kitiems.",
    "Pirmiausia palyginkite",
    "Paprašykite administratoriaus popieriaus su šiuo kodu (SHA-256). Jei bent vienas ženklas kitoks – toliau nieko "
    "nedarykite ir pasakykite administratoriui.",
    "Atsisiųsti sertifikatą",
    (
        ("iPhone ir iPad", (
            "Atverkite šį puslapį programa „Safari“ ir paspauskite „Atsisiųsti sertifikatą“, tada „Leisti“.",
            "„Nustatymai“ → „Atsisiųstas profilis“ → „Įdiegti“. Telefonas parodo tą patį kodą.",
            "„Nustatymai“ → „Bendra“ → „Apie“ → „Sertifikatų pasitikėjimo nustatymai“: įjunkite.",
        )),
        ("Android", (
            "Paspauskite „Atsisiųsti sertifikatą“.",
            "„Nustatymai“ → ieškokite „CA sertifikatas“ → „Vis tiek įdiegti“ → pasirinkite failą ca.crt.",
        )),
        ("Windows", (
            "Atverkite failą ca.crt → „Diegti sertifikatą“ → „Vietinis kompiuteris“.",
            "„Dėti visus sertifikatus į šią saugyklą“ → „Patikimos šakninės sertifikavimo įstaigos“.",
        )),
        ("Mac", (
            "Atverkite failą ca.crt: jis įdedamas į „Raktinę“.",
            "Du kartus spustelėkite jį → „Pasitikėti“ → „Visada pasitikėti“.",
        )),
        ("Firefox", (
            "„Nustatymai“ → „Privatumas ir saugumas“ → „Peržiūrėti sertifikatus“ → „Įstaigos“ → „Importuoti“.",
        )),
    ),
    "Tada atverkite",
)  # fmt: skip
_EN: Final = (
    "How this device comes to trust “{clinic}”",
    "The clinic issues its site's certificate itself. For a phone or computer to trust it, this is done once. The "
    "certificate is good for {names} and for nothing else.",
    "Compare first",
    "Ask the administrator for the paper with this code (SHA-256). If a single character differs, go no further and "
    "tell the administrator.",
    "Download the certificate",
    (
        ("iPhone and iPad", (
            "Open this page in Safari, press “Download the certificate”, then “Allow”.",
            "Settings → Profile Downloaded → Install. The phone shows the same code.",
            "Settings → General → About → Certificate Trust Settings: switch it on.",
        )),
        ("Android", (
            "Press “Download the certificate”.",
            "Settings → search for “CA certificate” → Install anyway → choose the file ca.crt.",
        )),
        ("Windows", (
            "Open the file ca.crt → Install Certificate → Local Machine.",
            "Place all certificates in the following store → Trusted Root Certification Authorities.",
        )),
        ("Mac", (
            "Open the file ca.crt: it goes into the Keychain.",
            "Double-click it → Trust → Always Trust.",
        )),
        ("Firefox", (
            "Settings → Privacy & Security → View Certificates → Authorities → Import.",
        )),
    ),
    "Then open",
)  # fmt: skip


def page_for_phones(settings: Settings, fingerprint: str, names: tuple[str, ...]) -> bytes:
    """The whole page, UTF-8: every language of the clinic's, the first first. `fingerprint`: pairs of hex digits."""
    texts = {"lt": _LT, "en": _EN}
    languages = [one for one in settings.clinic.languages if one in texts] or ["lt", "en"]
    parts = "<hr>".join(_part(settings, one, texts[one], fingerprint, names) for one in languages)
    title = html.escape(texts[languages[0]][0].format(clinic=settings.clinic.name))
    return (
        f'<!doctype html><html lang="{languages[0]}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/ca.css">'
        f"</head><body><main>{parts}</main></body></html>\n"
    ).encode()


def _part(settings: Settings, language: str, text: tuple[object, ...], fingerprint: str, names: tuple[str, ...]) -> str:
    title, what, compare, how, take, devices, then = text
    places = dict.fromkeys((settings.portal_url, settings.staff_url))
    assert isinstance(devices, tuple)
    steps = "".join(
        f"<h2>{html.escape(device)}</h2><ol>{''.join(f'<li>{html.escape(step)}</li>' for step in listed)}</ol>"
        for device, listed in devices
    )
    links = "".join(f'<li><a href="{html.escape(one)}">{html.escape(one)}</a></li>' for one in places)
    return (
        f'<section lang="{language}"><h1>{html.escape(str(title).format(clinic=settings.clinic.name))}</h1>'
        f"<p>{html.escape(str(what).format(names=', '.join(names)))}</p>"
        f"<h2>{html.escape(str(compare))}</h2><p>{html.escape(str(how))}</p><p><code>{fingerprint}</code></p>"
        f'<p><a class="take" href="/ca.crt">{html.escape(str(take))}</a></p>{steps}'
        f"<h2>{html.escape(str(then))}</h2><ul>{links}</ul></section>"
    )
