"""Every word of the pages in Lithuanian and English. A key has both, and a test says so and that each is used."""

from __future__ import annotations

from typing import Any

from babel import Locale

from seifas.web.forms_of_words import Forms
from seifas.web.words_account import ACCOUNT_WORDS
from seifas.web.words_administrator import ADMINISTRATOR_WORDS
from seifas.web.words_cases import CASES_WORDS
from seifas.web.words_cases_affected import CASES_AFFECTED_WORDS
from seifas.web.words_cases_deadlines import CASES_DEADLINES_WORDS
from seifas.web.words_cases_demands import CASES_DEMANDS_WORDS
from seifas.web.words_cases_evidence import CASES_EVIDENCE_WORDS
from seifas.web.words_cases_filings import CASES_FILINGS_WORDS
from seifas.web.words_cases_notices import CASES_NOTICES_WORDS
from seifas.web.words_cases_outgoing import CASES_OUTGOING_WORDS
from seifas.web.words_cases_takedown import CASES_TAKEDOWN_WORDS
from seifas.web.words_cases_tips import CASES_TIPS_WORDS
from seifas.web.words_cases_voice import CASES_VOICE_WORDS
from seifas.web.words_charts import CHART_WORDS
from seifas.web.words_consents import CONSENTS_WORDS
from seifas.web.words_day import DAY_WORDS
from seifas.web.words_exports import EXPORT_WORDS
from seifas.web.words_leaks import LEAKS_WORDS
from seifas.web.words_officer import OFFICER_WORDS
from seifas.web.words_photos import PHOTOS_WORDS
from seifas.web.words_portal import PORTAL_WORDS
from seifas.web.words_records import RECORDS_WORDS
from seifas.web.words_refusals import REFUSAL_WORDS
from seifas.web.words_shield import SHIELD_WORDS
from seifas.web.words_site import SITE_WORDS

LANGUAGES = ("lt", "en")

_LOCALES = {language: Locale(language) for language in LANGUAGES}

WORDS: dict[str, tuple[Forms, Forms]] = {
    **CHART_WORDS, **ACCOUNT_WORDS, **DAY_WORDS, **REFUSAL_WORDS, **RECORDS_WORDS, **PHOTOS_WORDS, **CONSENTS_WORDS,
    **OFFICER_WORDS, **LEAKS_WORDS, **CASES_WORDS, **CASES_OUTGOING_WORDS, **CASES_AFFECTED_WORDS,
    **CASES_DEADLINES_WORDS, **CASES_DEMANDS_WORDS,
    **CASES_NOTICES_WORDS,
    **CASES_EVIDENCE_WORDS, **CASES_TAKEDOWN_WORDS, **CASES_TIPS_WORDS, **CASES_FILINGS_WORDS, **CASES_VOICE_WORDS,
    **ADMINISTRATOR_WORDS, **PORTAL_WORDS, **SHIELD_WORDS, **SITE_WORDS, **EXPORT_WORDS,
    # -- frame
    "skip": ("Pereiti prie turinio", "Skip to the content"),
    "demo": (
        "DEMONSTRACIJA: pacientai išgalvoti, tikrų duomenų čia nelaikykite.",
        "DEMO: the patients are invented; keep no real data here.",
    ),
    "language": ("Kalba", "Language"),
    "lt": ("Lietuvių", "Lietuvių"),
    "en": ("English", "English"),
    "sign-out": ("Atsijungti", "Sign out"),
    "desk": ("Darbo vieta", "Desk"),
    "own-account": ("Mano paskyra", "My account"),
    "hat": ("Pareigos", "Hat"),
    "change": ("Keisti", "Change"),
    "foot": (
        "Kiekvienas atvėrimas įrašomas į žurnalą, kurio niekas negali pakeisti.",
        "Every opening is written into a log that nobody can change.",
    ),
    "doctor": ("Gydytojas", "Doctor"),
    "nurse": ("Slaugytojas", "Nurse"),
    "reception": ("Registratūra", "Reception"),
    "officer": ("Duomenų apsaugos pareigūnas", "Data protection officer"),
    "administrator": ("Administratorius", "Administrator"),
    "auditor": ("Auditorius", "Auditor"),
    "machine": ("Programa", "Program"),
    "outside": ("Išorės patvirtintojas", "Outside approver"),
    "back": ("Atgal", "Back"),
    "open": ("Atverti", "Open"),
    # -- signing in
    "sign-in": ("Prisijungimas", "Sign in"),
    "sign-in-do": ("Prisijungti", "Sign in"),
    "name": ("Naudotojo vardas", "User name"),
    "password": ("Slaptažodis", "Password"),
    "code": ("Vienkartinis kodas", "One-time code"),
    "code-hint": (
        "Šeši skaitmenys iš programėlės arba atkūrimo kodas.",
        "Six digits from your app, or a recovery code.",
    ),
    "passkey": ("Prisijungti prieigos raktu", "Sign in with a passkey"),
    "passkey-stopped": ("Prieigos raktas nebuvo patvirtintas.", "The passkey was not confirmed."),
    "passkey-add": ("Pridėti prieigos raktą", "Add a passkey"),
    "passkey-confirm": ("Patvirtinti prieigos raktu", "Confirm with a passkey"),
    "link-used": (
        "Ši prisijungimo nuoroda nebegalioja: ji veikia vieną kartą. Paprašykite naujos.",
        "This sign-in link no longer works: it works once. Ask for a new one.",
    ),
    "moment": ("Akimirką…", "One moment…"),
    "moment-go": ("Tęsti", "Continue"),
    "signed-out": ("Jūs atsijungėte.", "You are signed out."),
    "frozen": (
        "Ši sesija sustabdyta ir nieko nebeatveria. Pareigūnas apie tai žino ir gali leisti tęsti: kreipkitės į jį.",
        "This session is stopped and opens nothing more. The officer knows and can let it go on: talk to them.",
    ),
    "idle": (
        "Sesija užrakinta, nes ja nesinaudota. Tęskite su prieigos raktu arba prisijunkite iš naujo.",
        "The session locked itself while idle. Go on with a passkey, or sign in again.",
    ),
    # -- trouble
    "trouble": ("Nepavyko", "That did not work"),
    "not-here": ("Tokio puslapio nėra.", "There is no such page."),
    "missing": (
        "Tokio įrašo nėra arba jis jums neprieinamas.",
        "There is no such record, or it is not yours to see.",
    ),
    "locked": (
        "Saugykla užrakinta. Kas turi slaptafrazę, ją atrakina.",
        "The vault is locked. Someone with a passphrase unlocks it.",
    ),
    "unavailable": (
        "Saugykla dabar neatsako. Bandykite po kelių sekundžių.",
        "The vault does not answer now. Try again in a few seconds.",
    ),
    "over-budget": (
        "Riba pasiekta, todėl niekas neatverta. Jei reikia skubiai, kreipkitės į kolegą arba pareigūną.",
        "A limit is reached, so nothing was opened. If it is urgent, ask a colleague or the officer.",
    ),
    "refused": ("Šioms pareigoms tai neleidžiama.", "This hat may not do that."),
    "out-of-date": (
        "Puslapis pasenęs. Įkelkite jį iš naujo ir pakartokite.",
        "This page is out of date. Load it again and repeat.",
    ),
    "invalid": ("Įvesta netinkamai.", "What was entered does not fit."),
    "conflict": (
        "Kažkas pakeitė pirmas. Įkelkite iš naujo ir pakartokite.",
        "Somebody changed this first. Load it again and repeat.",
    ),
    "defect": (
        "Vidinė klaida. Ji užregistruota, niekas nebuvo parodyta.",
        "An error inside. It is logged; nothing was shown.",
    ),
    "step-up": ("Patvirtinkite prieigos raktu, kad tai tikrai jūs.", "Confirm with your passkey that it is you."),
    "step-up-none": (
        "Reikia patvirtinti prieigos raktu, bet paskyra jo neturi. Pridėkite jį puslapyje „Mano paskyra“.",
        "This needs a passkey, and the account has none. Add one under “My account”.",
    ),
    # -- finding patients
    "find-hint": (
        "Pavardė, vardas, gimimo data, telefonas arba asmens kodas. Rodomos tik įvestos raidės.",
        "Surname, name, birth date, telephone or personal code. Only the letters that you typed are shown.",
    ),
    "find-do": ("Ieškoti", "Search"),
    "found": ("Rasta", "Found"),
    "found-none": ("Nieko nerasta.", "Nobody was found."),
    "found-most": ("Rodoma ne daugiau kaip 20. Patikslinkite paiešką.", "At most 20 are shown. Narrow the search."),
    "patient": ("Pacientas", "Patient"),
    "born": ("Gimė", "Born"),
    "phone": ("Telefonas", "Telephone"),
    "sex": ("Lytis", "Sex"),
    "sex-m": ("vyras", "male"),
    "sex-f": ("moteris", "female"),
    "sex-o": ("kita", "other"),
    "sex-u": ("nenurodyta", "not stated"),
    "caller": ("Skambina pacientas", "A patient calls"),
    "caller-hint": (
        "Pavardė ir gimimo data arba visas telefono numeris: kortelė atsiveria, jei tinka vienas pacientas.",
        "Surname and birth date or the whole telephone number: the card opens if exactly one patient fits.",
    ),
    "surname": ("Pavardė", "Surname"),
    "birthdate": ("Gimimo data", "Birth date"),
    "caller-do": ("Atverti kortelę", "Open the card"),
    "today": ("Šiandien", "Today"),
    "today-none": ("Šiandien įrašų nėra.", "Nothing is booked today."),
    "time": ("Laikas", "Time"),
    "state": ("Būsena", "State"),
    "booked": ("užregistruotas", "booked"),
    "arrived": ("atvyko", "arrived"),
    "done": ("įvyko", "done"),
    "missed": ("neatvyko", "missed"),
    "cancelled": ("atšauktas", "cancelled"),
    # -- reasons
    "why": ("Kodėl atveriate?", "Why do you open this?"),
    "why-hint": (
        "Šis pacientas dabar ne jūsų darbe. Pasirinkite priežastį: ji įrašoma į žurnalą ir matoma pareigūnui.",
        "This patient is not part of your work now. Choose a reason: it is logged, and the officer sees it.",
    ),
    "why-visit": ("Vizitas", "Visit"),
    "why-call": ("Skambutis", "Telephone call"),
    "why-results": ("Tyrimų atsakymai", "Results"),
    "why-followup": ("Tolesnė priežiūra", "Follow-up"),
    "why-colleague": ("Prašo kolega", "A colleague asks"),
    "why-billing": ("Atsiskaitymas", "Billing"),
    "why-other": ("Kita priežastis", "Another reason"),
    # -- officer
    "alarms": ("Aliarmai", "Alarms"),
    "alarms-none": ("Aktyvių aliarmų nėra.", "No live alarms."),
    "acknowledge": ("Priimta", "Acknowledge"),
    "raised": ("Kada", "Raised"),
    "what": ("Kas", "What"),
    "who": ("Kieno", "Whose"),
    "severity-1": ("pastaba", "note"),
    "severity-2": ("įspėjimas", "warning"),
    "severity-3": ("skubu", "urgent"),
    "approvals": ("Tvirtinimai", "Approvals"),
    "approvals-none": ("Nieko netvirtintina.", "Nothing waits for approval."),
    "asked-by": ("Prašo", "Asked by"),
    "expires": ("Galioja iki", "Until"),
    "approve": ("Tvirtinti", "Approve"),
    "refuse": ("Atmesti", "Refuse"),
    "sessions": ("Sesijos", "Sessions"),
    "session-end": ("Baigti", "End"),
    "session-thaw": ("Atnaujinti", "Resume"),
    "people-refund": ("Grąžinti limitą", "Give its budget back"),
    "people-release": ("Leisti dirbti toliau", "Let it go on"),
    "suspend": ("Sustabdyti paskyrą", "Suspend the account"),
    "session-frozen": ("sustabdyta", "stopped"),
    "session-idle": ("užrakinta", "locked"),
    "session-live": ("veikia", "live"),
    "this-session": ("ši sesija", "this session"),
    "since": ("Nuo", "Since"),
    "seen": ("Paskutinį kartą", "Last seen"),
    "strength": ("Prisijungta", "Signed in by"),
    "left": ("Liko svetimų kortelių šiandien", "Cold charts left today"),
    "strength-passkey": ("prieigos raktu", "passkey"),
    "strength-password": ("slaptažodžiu", "password"),
    "strength-link": ("nuoroda", "link"),
    "strength-token": ("programa", "program"),
    # -- administrator, auditor
    "account": ("Paskyra", "Account"),
    "disabled": ("išjungta", "disabled"),
    # -- public
    "public-what": (
        "Šios klinikos pacientų įrašai saugomi saugykloje Seifas.",
        "This clinic keeps its patients' records in Seifas, a vault.",
    ),
    "public-means": (
        "Diske įrašai užšifruoti kiekvienam pacientui atskiru raktu. Kiekvienas atvėrimas įrašomas į žurnalą, "
        "kurio pakeisti nepastebimai neįmanoma.",
        "On disk the records are sealed, each patient's under a key of its own. Every opening is written into a log "
        "that cannot be changed unnoticed.",
    ),
    "portal-never": (
        "Klinika niekada neprašys prisijungimo kodų ar slaptažodžių telefonu, laišku ar žinute.",
        "The clinic will never ask for sign-in codes or passwords by telephone, letter or message.",
    ),
}  # fmt: skip


def say(language: str, key: str, **words: Any) -> str:
    """The words of a key in a language; an unknown key is a defect. `words` fill `{}` fields; where a key has plural
    forms, `n` chooses among them."""
    text = WORDS[key][0 if language == "lt" else 1]
    if isinstance(text, dict):
        text = text[_LOCALES[language].plural_form(words["n"])]
    return text.format(**words) if words else text
