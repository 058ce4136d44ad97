"""The words of taking down: addresses where data was found, and who was asked to remove them."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_TAKEDOWN_WORDS: dict[str, tuple[Forms, Forms]] = {
    "takedown-what": (
        "Kiekvienas adresas, kur rasta duomenų: ko paprašyta pašalinti, ką atsakė ir ar jau dingo. Raštuose nėra nė "
        "vieno paciento.",
        "Every address where data was found: who was asked to remove it, what they answered and whether it is gone. "
        "The requests name no patient.",
    ),
    "takedown-none": ("Adresų neįrašyta.", "No address is written here."),
    "takedown-open": ("dar matoma", "still there"),
    "takedown-gone": ("pašalinta", "gone"),
    "takedown-add": ("Rastas adresas", "An address was found"),
    "takedown-url": ("Adresas", "Address"),
    "takedown-url-hint": ("Visas, su http:// arba https://.", "The whole one, with http:// or https://."),
    "takedown-whom": ("Ko prašoma", "Who is asked"),
    "takedown-whom-host": ("prieglobos teikėjo", "the host"),
    "takedown-whom-platform": ("paslaugos (tinklo, forumo)", "a service (network, forum)"),
    "takedown-whom-search": ("paieškos sistemos", "a search engine"),
    "takedown-whom-media": ("žiniasklaidos", "media"),
    "takedown-recipient": ("Kam rašyti", "Where to write"),
    "takedown-found": ("Kada rasta", "When it was found"),
    "takedown-at": ("Kada", "When"),
    "takedown-copy": ("Puslapio kopija", "Copy of the page"),
    "takedown-copy-hint": (
        "Pagal kopijas matyti, kas tuo metu jau buvo vieša.", "The copies tell what was public by when.",
    ),
    "takedown-keep": ("Įrašyti", "Keep"),
    "takedown-step": ("Kas toliau įvyko", "What happened next"),
    "takedown-became": ("Dabar", "Now"),
    "takedown-state-found": ("rasta", "found"),
    "takedown-state-asked": ("paprašyta pašalinti", "removal asked"),
    "takedown-state-answered": ("atsakyta", "answered"),
    "takedown-state-refused": ("atsisakyta", "refused"),
    "takedown-state-gone": ("pašalinta", "gone"),
    "takedown-state-back": ("vėl matoma", "back again"),
    "takedown-by-watcher": ("matė stebėjimas", "seen by the watcher"),
    "takedown-reference": ("Jų numeris", "Their reference"),
    "takedown-word": ("Ką pasakė", "What was said"),
    "takedown-request": ("Prašymo tekstas", "Text of the request"),
    "takedown-request-how": (
        "Nusiųskite tai savo paštu arba per jų formą, tada įrašykite, kada paprašėte.",
        "Send this by your own mail or their form, then write down when you asked.",
    ),
    "takedown-in-lt": ("Lietuviškai", "In Lithuanian"),
    "takedown-in-en": ("Angliškai", "In English"),
    "takedown-watch": ("Stebėta", "Watched"),
    "takedown-watch-do": ("Stebėti kas valandą", "Watch every hour"),
    "takedown-watched-not": ("nestebima", "not watched"),
    "takedown-look": ("Ką matė stebėjimas", "What the watcher saw"),
    "takedown-look-what": (
        "Stebimi adresai, kurie atsako 404 ar 410, pažymimi pašalintais; grįžę – vėl matomais.",
        "Watched addresses that answer 404 or 410 are marked gone; those that came back, back again.",
    ),
    "takedown-look-do": ("Įrašyti, kas pasikeitė", "Write down what changed"),
    "takedown-said-url": (
        "Įrašykite visą adresą, su http:// arba https://.", "Give the whole address, with http:// or https://.",
    ),
    "takedown-said-state": ("Toks žingsnis dabar negalimas.", "That step cannot come now."),
    "takedown-said-at": (
        "Laiką rašykite kaip 2017-03-24 arba 2017-03-24 14:20.", "Give the time as 2017-03-24 or 2017-03-24 14:20.",
    ),
    "takedown-said-word": ("Čia telpa 4000 ženklų.", "4,000 letters fit here."),
}  # fmt: skip
