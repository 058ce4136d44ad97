"""The words of invitations, of setting up how one signs in, of locked and stopped sessions, and of emergencies."""

from __future__ import annotations

ACCOUNT_WORDS: dict[str, tuple[str, str]] = {
    # -- invitations
    "invite": ("Kvietimas", "Invitation"),
    "invite-from": ("Jus kviečia klinika:", "You are invited by the clinic:"),
    "invite-what": (
        "Paspaudę mygtuką nustatysite, kaip prisijungsite. Nuoroda veikia vieną kartą, todėl skirkite tam kelias "
        "minutes ir po ranka turėkite telefoną.",
        "With the button you set up how you will sign in. The link works once, so take a few minutes for it and have "
        "your telephone at hand.",
    ),
    "invite-not-you": (
        "Jei kvietimo nelaukėte, nieko nespauskite ir praneškite klinikai.",
        "If you did not expect this, press nothing and tell the clinic.",
    ),
    "invite-accept": ("Priimti kvietimą", "Accept the invitation"),
    "invite-used-head": ("Kvietimas nebegalioja", "The invitation no longer works"),
    "invite-used": (
        "Kvietimo nuoroda veikia vieną kartą ir galioja tris dienas. Paprašykite administratoriaus naujos. Jei ją "
        "panaudojote ne jūs, nedelsdami tai pasakykite.",
        "An invitation works once, for three days. Ask the administrator for a new one. If it was not you who used it, "
        "say so at once.",
    ),
    # -- setting up
    "enrol-first": (
        "Pirmiausia nustatykite, kaip prisijungsite.",
        "First set up how you will sign in.",
    ),
    "enrol-how": (
        "Pasirinkite vieną arba abu: prieigos raktą (patogiausia ir saugiausia) arba slaptažodį su vienkartiniais "
        "kodais. Kol to nepadarėte, ši sesija nieko kito neatveria; po dešimties minučių be veiksmų ji užsirakins.",
        "Choose one or both: a passkey (easiest and safest), or a password with one-time codes. Until then this "
        "session opens nothing else; after ten minutes without use it locks itself.",
    ),
    "enrol-done": (
        "Ši paskyra jau gali prisijungti. Prisijunkite taip, kaip jungsitės kasdien, arba žemiau nustatykite dar vieną "
        "būdą.",
        "This account can sign in. Sign in as you will every day, or set up another way below.",
    ),
    "enrol-sign-in": ("Prisijungti", "Go and sign in"),
    "passkeys": ("Prieigos raktai", "Passkeys"),
    "passkeys-none": ("Prieigos raktų dar nėra.", "There are no passkeys yet."),
    "passkey-what": (
        "Prieigos raktas lieka telefone, kompiuteryje ar saugos rakte; prisijungiate pirštu, veidu arba PIN kodu.",
        "A passkey stays in your telephone, computer or security key; you sign in with finger, face or PIN.",
    ),
    "passkey-label": ("Kaip jį vadinti", "What to call it"),
    "passkey-label-hint": ("Pavyzdžiui: darbo telefonas", "For example: work telephone"),
    "passkey-another": ("Pridėti dar vieną", "Add another"),
    "passkey-needs": (
        "Tam reikia naršyklės, kuri moka prieigos raktus ir kurioje neišjungti scenarijai.",
        "This needs a browser that knows passkeys and has scripts switched on.",
    ),
    "passkey-refused": ("Šis prieigos raktas čia netinka.", "This passkey is not accepted here."),
    "means-anew": (
        "Tai daroma per dešimt minučių nuo prisijungimo: atsijunkite ir prisijunkite iš naujo.",
        "This is done within ten minutes of signing in: sign out and in again.",
    ),
    "means-invited": (
        "Tam reikia prieigos rakto arba naujo administratoriaus kvietimo.",
        "This needs a passkey, or a new invitation from the administrator.",
    ),
    "passkey-last": (
        "Tai vienintelis būdas prisijungti. Pirmiau pridėkite kitą.",
        "This is the only way to sign in. Add another first.",
    ),
    "passkey-removed": (
        "Prieigos raktas pašalintas, kitos jūsų sesijos baigtos.",
        "The passkey is gone, and your other sessions are ended.",
    ),
    "remove": ("Šalinti", "Remove"),
    "remove-which": ("Šalinti: {label}", "Remove: {label}"),
    "end-which": ("Baigti sesiją nuo {since}", "End the session since {since}"),
    "added": ("Pridėtas", "Added"),
    "used": ("Naudotas", "Used"),
    "password-codes": ("Slaptažodis ir vienkartiniai kodai", "Password and one-time codes"),
    "password-is": ("Nustatyta. Liko atkūrimo kodų: {left}.", "Set. Recovery codes left: {left}."),
    "password-not": ("Nenustatyta.", "Not set."),
    "password-set": ("Nustatyti slaptažodį", "Set a password"),
    "password-change": ("Keisti slaptažodį", "Change the password"),
    "password-app": (
        "1. Kodų programėlė",
        "1. The app for codes",
    ),
    "password-app-how": (
        "Nuskaitykite paveikslėlį kodų programėle (pavyzdžiui, Google Authenticator, Aegis ar slaptažodžių tvarkykle).",
        "Scan the picture with an app for codes (Google Authenticator, Aegis, or a password manager).",
    ),
    "password-qr": ("QR kodas su vienkartinių kodų raktu", "QR code with the key for one-time codes"),
    "password-here": ("Programėlė šiame įrenginyje: atverti ją", "The app is on this device: open it"),
    "password-secret": ("Arba įveskite raktą ranka:", "Or type the key by hand:"),
    "password-choose": ("2. Slaptažodis ir pirmasis kodas", "2. Password and first code"),
    "password-new": ("Naujas slaptažodis", "New password"),
    "password-hint": (
        "Bent 12 ženklų. Keli nesusiję žodžiai tinka geriau nei vienas sudėtingas.",
        "At least 12 characters. A few unrelated words do better than one difficult one.",
    ),
    "password-again": ("Dar kartą tas pats slaptažodis", "The same password again"),
    "password-code": ("Pirmasis kodas iš programėlės", "First code from the app"),
    "password-code-hint": ("Šeši skaitmenys, keičiasi kas 30 sekundžių.", "Six digits, new every 30 seconds."),
    "password-save": ("Išsaugoti", "Save"),
    "password-differ": ("Slaptažodžiai nesutampa.", "The two passwords are not the same."),
    "password-short": ("Slaptažodis per trumpas: reikia bent 12 ženklų.", "Too short: a password has 12 characters."),
    "password-long": ("Slaptažodis per ilgas: daugiausia 256 ženklai.", "Too long: a password has at most 256."),
    "password-weak": (
        "Slaptažodį per lengva atspėti: vardas, žinomas žodis, klavišų eilė, data ar pasikartojimas. Sugalvokite kitą: "
        "keturis ar penkis nesusijusius žodžius.",
        "This password is too easy to guess: a name, a known word, a row of keys, a date or a repetition. Choose "
        "another: four or five unrelated words.",
    ),
    "password-leaked": (
        "Slaptažodį lengva atspėti: jis yra nutekėjusių slaptažodžių sąrašuose, kuriuos įsilaužėliai bando pirmiausia. "
        "Sugalvokite kitą, keturis ar penkis nesusijusius žodžius, o šio nebenaudokite niekur.",
        "This password is easy to guess: it is on the lists of leaked passwords that are tried first. Choose another, "
        "four or five unrelated words, and no longer use this one anywhere.",
    ),
    "password-wrong-code": (
        "Kodas netinka. Patikrinkite įrenginio laikrodį ir įveskite kitą kodą.",
        "This code does not match. Check your device's clock and type the next one.",
    ),
    "password-gone": ("Laikas baigėsi. Pradėkite iš naujo.", "That took too long. Begin anew."),
    "recovery": ("Atkūrimo kodai", "Recovery codes"),
    "recovery-how": (
        "Rodomi tik dabar. Atspausdinkite arba užrašykite ir laikykite ne prie kompiuterio: kiekvienas vieną kartą "
        "pakeičia programėlės kodą, jei telefono nėra.",
        "Shown only now. Print or write them down and keep them away from the computer: each replaces the app's code "
        "once, when the telephone is not there.",
    ),
    "recovery-set": ("Slaptažodis nustatytas.", "The password is set."),
    "recovery-print": ("Spausdinti", "Print"),
    "recovery-kept": ("Kodus pasidėjau", "I have kept the codes"),
    "cancel": ("Atšaukti", "Cancel"),
    # -- signing in
    "sign-in-wrong": ("Vardas, slaptažodis arba kodas netinka.", "Name, password or code is wrong."),
    "sign-in-wait": (
        "Per daug netinkamų bandymų. Palaukite arba naudokite prieigos raktą.",
        "Too many wrong attempts. Wait, or use a passkey.",
    ),
    "sign-in-back": (
        "Prisijungę grįšite ten, kur buvote.",
        "When you have signed in you go back to where you were.",
    ),
    # -- locked and stopped sessions
    "idle-head": ("Sesija užrakinta", "The session is locked"),
    "idle-touch": ("Tęsti su prieigos raktu", "Go on with a touch"),
    "idle-anew": ("Prisijungti iš naujo", "Sign in anew"),
    "idle-link": (
        "Prisijungėte nuoroda, todėl prisijungti iš naujo reikės kitos nuorodos: paprašykite administratoriaus.",
        "You came by a link, so signing in anew takes another link: ask the administrator.",
    ),
    "frozen-head": ("Sesija sustabdyta", "The session is stopped"),
    # -- emergencies
    "glass": ("Skubus atvėrimas", "Emergency opening"),
    "glass-link": ("Paciento gyvybei ar sveikatai gresia pavojus", "The patient's life or health is in danger"),
    "glass-what": (
        "Ligos istorija atsivers iš karto. Pareigūnas apie tai sužinos tuoj pat ir paklaus jūsų; skubiai atverti "
        "galima tik kelis pacientus per dieną.",
        "The chart opens at once. The officer is told immediately and will ask you about it; only a few patients a "
        "day can be opened this way.",
    ),
    "glass-why": ("Kas atsitiko?", "What has happened?"),
    "glass-hint": ("Keliais žodžiais, be paciento vardo.", "In a few words, without the patient's name."),
    "glass-reason": ("Parašykite nuo 3 iki 80 ženklų.", "Write between 3 and 80 characters."),
    "glass-do": ("Atverti skubiai", "Open now"),
    "glass-second": (
        "Skubūs atvėrimai, kuriuos galima daryti vienam, išnaudoti. Paprašykite kolegos atverti šį pacientą.",
        "The emergency openings that one person can make alone are used up. Ask a colleague to open this patient.",
    ),
    # -- the lock, and who sits here
    "locked-desk": ("Darbo vieta užrakinta", "This desk is locked"),
    "locked-kept": (
        "Puslapis ir tai, kas įkeliama, lieka. Tęskite prisilietę.",
        "The page stays, and uploads go on. Touch to continue.",
    ),
    "locked-on": ("Tęsti", "Continue"),
    "locked-other": ("Kitas žmogus? Neišsaugoti šio puslapio dalykai bus prarasti.",
                     "Somebody else? What is unsaved on this page will be lost."),
    "locked-other-way": ("Prisijungti slaptažodžiu", "Sign in with a password"),
    "keys": ("Klavišai", "Keys"),
    "key-find": ("Telefonas ir paieška", "Telephone and search"),
    "key-away": ("Uždaryti", "Put away"),
    "key-walk": ("Eiti per dieną", "Walk over the day"),
    "device": ("Ši vieta", "This place"),
    "device-desk": ("Darbo stalas: užsirakina po 10 minučių", "A desk: locks after 10 minutes"),
    "device-tablet": ("Planšetė ar telefonas: po 3 minučių", "A tablet or telephone: after 3 minutes"),
    "people-today": ("Šiandien čia dirbo", "Here today"),
    "people-keep": ("Šiandien šiame įrenginyje rodyti mano vardą", "Show my name on this device today"),
    "sign-in-else": ("Kitaip", "Another way"),
}  # fmt: skip
