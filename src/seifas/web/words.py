"""Every word of the pages in Lithuanian and English. A key has both, and a test says so and that each is used."""

from __future__ import annotations

from typing import Any

from seifas.web.words_account import ACCOUNT_WORDS
from seifas.web.words_charts import CHART_WORDS

LANGUAGES = ("lt", "en")

WORDS: dict[str, tuple[str, str]] = {
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
    "passkeys-have": ("Prieigos raktų", "Passkeys"),
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
    "find": ("Rasti pacientą", "Find a patient"),
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
    "acknowledged": ("Priėmė", "Acknowledged by"),
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
    "people": ("Paskyros veiksmai", "One account's acts"),
    "people-hint": (
        "Atšaukti: kas per 24 valandas ištrinta ar perrašyta, vėl kaip buvo; niekas neparodoma.",
        "Undo: what was deleted or overwritten in 24 hours is as it was; nothing is shown.",
    ),
    "people-undo": ("Atšaukti pakeitimus", "Undo its changes"),
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
    "accounts": ("Paskyros", "Accounts"),
    "account": ("Paskyra", "Account"),
    "disabled": ("išjungta", "disabled"),
    "accounts-hint": (
        "Paskyros kuriamos ir išjungiamos serverio komandomis: seifas account --help.",
        "Accounts are added and shut with commands on the server: seifas account --help.",
    ),
    "audit-hint": (
        "Žurnalas tikrinamas komanda: seifas audit verify. Paieška žurnale ateina su vėlesne versija.",
        "The log is checked with: seifas audit verify. Searching it here comes with a later version.",
    ),
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
    "public-state": ("Būsena", "State"),
    "public-ready": ("Saugykla veikia.", "The vault is at work."),
    "public-locked": (
        "Saugykla užrakinta (pavyzdžiui, po serverio perkrovimo). Įrašai saugūs; klinika ją atrakins.",
        "The vault is locked (after a restart, for example). The records are safe; the clinic will unlock it.",
    ),
    "public-portal": ("Pacientams", "For patients"),
    "portal": ("Paciento puslapis", "Patients' page"),
    "portal-later": (
        "Čia galėsite matyti savo įrašus ir kas juos atvėrė. Pacientų prisijungimas dar neįjungtas: "
        "iki tol dėl savo įrašų kreipkitės į kliniką.",
        "Here you will see your records and who opened them. Signing in for patients is not switched on yet: until "
        "then ask the clinic about your records.",
    ),
    "portal-never": (
        "Klinika niekada neprašys prisijungimo kodų ar slaptažodžių telefonu, laišku ar žinute.",
        "The clinic will never ask for sign-in codes or passwords by telephone, letter or message.",
    ),
} | CHART_WORDS | ACCOUNT_WORDS  # fmt: skip


def say(language: str, key: str, **words: Any) -> str:
    """The words of a key in a language; an unknown key is a defect. `words` fill `{}` fields."""
    text = WORDS[key][0 if language == "lt" else 1]
    return text.format(**words) if words else text
