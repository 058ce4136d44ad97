"""The words of the public pages for tips, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

SITE_TIPS_WORDS: dict[str, tuple[Forms, Forms]] = {
    "site-tip": ("Praneškite anonimiškai", "Tell us without a name"),
    "site-tip-lead": (
        "Žinote, kas pavogė ar platina pacientų duomenis, gavote pavogtų įrašų ar reikalavimą mokėti? Papasakokite. "
        "Vardo neklausime, o atsakymą perskaitysite čia pat su savo kodu.",
        "Do you know who stole or spreads patients' data, were you sent stolen records or a demand to pay? Tell us. We "
        "will not ask for a name, and you read our answer here with a code of your own.",
    ),
    "site-tip-tell": ("Pranešti", "Tell us"),
    "site-tip-have": ("Jau turite kodą?", "Do you have a code already?"),
    "site-tip-have-what": (
        "Įrašykite jį: pamatysite atsakymus, galėsite parašyti daugiau ar pridėti failų. Ką siuntėte anksčiau, čia "
        "nerodoma, kad rastas kodas nieko neišduotų.",
        "Type it to read answers, to write more or to add files. What you sent earlier is not shown here, so that a "
        "code that somebody finds gives nothing away.",
    ),
    "site-tip-receipt": ("Kodas", "Your code"),
    "site-tip-look": ("Žiūrėti", "Look"),
    "site-tip-how": ("Kaip jūs saugomi", "How you are protected"),
    "site-tip-how-name": (
        "Nėra paskyros, slapukų ir scenarijų. Jūsų tinklo adreso su pranešimu neįrašome.",
        "No account, no cookie, no script. Your network address is not kept with what you tell.",
    ),
    "site-tip-how-sealed": (
        "Tekstas ir failai užrakinami vos pasiekę mūsų serverį. Atrakina tik duomenų apsaugos pareigūnas, ir kiekvieną "
        "kartą lieka įrašas.",
        "Text and files are sealed as they reach our server. The data protection officer alone opens them, and each "
        "time leaves a record.",
    ),
    "site-tip-how-place": (
        "Tinklo prižiūrėtojas mato, kad lankėtės mūsų svetainėje. Jei tai svarbu, nerašykite iš darbo kompiuterio ar "
        "tinklo; naudokite „Tor Browser“.",
        "Whoever runs your network sees that you visited our site. If that matters, do not write from a computer or "
        "network at work; use Tor Browser.",
    ),
    "site-tip-how-files": (
        "Failų niekas čia neatidaro: jie saugomi kaip įrodymas ir lyginami su tuo, kas nutekėjo, nerodant vaizdų.",
        "Nobody opens files here: they are kept as evidence and compared with what leaked without being shown.",
    ),
    "site-tip-how-data": (
        "Failai lieka tokie, kokie yra, kartu su juose paslėptais duomenimis, pavyzdžiui, vieta ar autoriaus vardu. "
        "Jei tai gali jus išduoti, prieš siųsdami juos pašalinkite.",
        "Files stay as they are, with what is hidden in them, such as a place or an author's name. If that can give "
        "you away, take it out before you send them.",
    ),
    "site-tip-carried": ("Jūsų neišsiųstas tekstas – nusikopijuokite", "Your text, which was not sent: copy it"),
    "site-tip-new": ("Ką žinote?", "What do you know?"),
    "site-tip-step-write-down": ("1. Užsirašykite kodą", "1. Write down your code"),
    "site-tip-write-down": (
        "Tai vienintelis kelias į atsakymą. Jo niekur nesaugome ir atkurti negalėsime. Laikykite jį ten, kur neras "
        "kiti.",
        "It is the only way to our answer. We keep it nowhere and cannot bring it back. Keep it where others do not "
        "look.",
    ),
    "site-tip-step-tell": ("2. Papasakokite", "2. Tell us"),
    "site-tip-text": ("Ką norite pranešti", "What you want to tell"),
    "site-tip-text-hint": (
        "Kas, kada, kur matėte ir iš kur žinote. Adresus perrašykite tiksliai.",
        "Who, when, where you saw it and how you know. Copy addresses exactly.",
    ),
    "site-tip-step-back": ("3. Perrašykite kodą ir siųskite", "3. Type the code back and send"),
    "site-tip-back-hint": (
        "Iš to, ką užsirašėte. Didžiosios raidės ir brūkšneliai nesvarbūs.",
        "From what you wrote down. Capitals and dashes do not matter.",
    ),
    "site-tip-send": ("Siųsti", "Send"),
    "site-tip-files-later": (
        "Failus galėsite pridėti kitame puslapyje.", "You can add files on the page after this one.",
    ),
    "site-tip-old": (
        "Puslapis buvo atvertas per ilgai, todėl kodas kitas. Jūsų tekstas liko: užsirašykite naują kodą ir siųskite.",
        "The page was open for too long, so the code is another one. Your text is still here: write down the new code "
        "and send.",
    ),
    "site-tip-mistyped": (
        "Perrašytas kodas ne toks, kaip parodytas. Nieko neišsiųsta, jūsų tekstas liko.",
        "The code that you typed is not the one shown. Nothing was sent, your text is still here.",
    ),
    "site-tip-empty": ("Parašykite bent kelis žodžius.", "Write a few words at least."),
    "site-tip-long": (
        "Per ilgas tekstas: telpa 4000 ženklų. Siųskite dalimis.",
        "The text is too long: 4,000 characters fit. Send it in parts.",
    ),
    "site-tip-no-receipt": (
        "Kodas užrašytas su klaida: jame 24 raidės ir skaitmenys. Palyginkite su tuo, ką užsirašėte.",
        "There is a slip in the code: it has 24 letters and digits. Compare it with what you wrote down.",
    ),
    "site-tip-guessing": (
        "Iš čia kodų bandyta per daug. Pabandykite po valandos.",
        "Too many codes were tried from here. Try again in an hour.",
    ),
    "site-tip-again": (
        "Puslapis buvo atvertas per ilgai, nieko neišsiųsta. Įrašykite savo kodą dar kartą.",
        "The page was open for too long, and nothing was sent. Type your code once more.",
    ),
    "site-tip-box": ("Jūsų pranešimas", "Your tip"),
    "site-tip-taken": (
        "Ačiū, gavome. Grįžkite po kelių dienų su savo kodu: atsakymas bus čia.",
        "Thank you, we have it. Come back in a few days with your code: our answer will be here.",
    ),
    "site-tip-held": (
        "Ačiū, tekstas užrakintas ir laukia, kol saugykla bus atidaryta. Jei serveris tuo metu bus perkrautas, jis "
        "dings, tad vėliau pasitikrinkite su savo kodu ir, jei atsakymo ilgai nėra, parašykite dar kartą. Failų dabar "
        "priimti negalime.",
        "Thank you, your text is sealed and waits until the vault is opened. Should the server restart before that, "
        "it is lost: look in later with your code, and write again if there is no answer for long. Files cannot be "
        "taken now.",
    ),
    "site-tip-full": (
        "Dabar pranešimų per daug, šio nepriėmėme. Tekstas liko čia; pabandykite vėliau arba paskambinkite.",
        "There is too much at the moment, and this was not taken. Your text is still here; try later, or call us.",
    ),
    "site-tip-pace": (
        "Iš čia ar iš visur per pastarąją valandą atsiųsta labai daug, tad šio nepriėmėme. Pabandykite po valandos.",
        "Very much was sent in the last hour, from here or from everywhere, so this was not taken. Try again in an "
        "hour.",
    ),
    "site-tip-busy": (
        "Dabar siunčiama per daug failų. Pabandykite po kelių minučių.",
        "Too many files are being sent now. Try again in a few minutes.",
    ),
    "site-tip-file-away": (
        "Saugykla dabar užrakinta arba nepasiekiama, todėl failo priimti negalime. Tekstą siųsti galite; su failu "
        "grįžkite vėliau, turėdami kodą.",
        "The vault is locked or out of reach now, so the file cannot be taken. Text you can send; come back later for "
        "the file, with your code.",
    ),
    "site-tip-no-file": ("Pasirinkite failą, kuris nėra tuščias.", "Choose a file that is not empty."),
    "site-tip-file-taken": ("Ačiū, failą gavome.", "Thank you, we have the file."),
    "site-tip-digest": ("Failo pirštų atspaudas (SHA-256):", "The file's fingerprint (SHA-256):"),
    "site-tip-answers": ("Atsakymai", "Answers"),
    "site-tip-away": (
        "Atsakymų dabar parodyti negalime. Pabandykite vėliau.", "Answers cannot be shown now. Try again later.",
    ),
    "site-tip-none": (
        "Atsakymo nėra. Taip rašome ir tada, kai dar niekas neatsakė, ir kai pranešimas seniai ištrintas, ir kai kodu "
        "niekas nieko nesiuntė.",
        "There is no answer. We say the same when nobody has answered yet, when a tip was deleted long ago, and when "
        "nothing was ever sent with this code.",
    ),
    "site-tip-received": ("Gauta", "Received"),
    "site-tip-read": ("Perskaityta", "Read"),
    "site-tip-question": ("Turime klausimą", "We have a question"),
    "site-tip-passed": ("Perduota pareigūnams", "Passed on to the authorities"),
    "site-tip-closed": ("Baigta", "Closed"),
    "site-tip-more": ("Parašyti daugiau", "Write more"),
    "site-tip-file": ("Pridėti failą", "Add a file"),
    "site-tip-file-one": ("Vienas failas, iki 100 MB", "One file, up to 100 MB"),
    "site-tip-file-hint": (
        "Nuotrauka, lentelė, ekrano kopija ar archyvas. Kelis siųskite po vieną.",
        "A picture, a table, a screenshot or an archive. Send several one by one.",
    ),
    "site-tip-file-send": ("Siųsti failą", "Send the file"),
    "site-tip-leave": (
        "Baigę uždarykite langą ir, jei kompiuteriu naudojasi kiti, ištrinkite naršymo istoriją.",
        "When you are done, close the window and, where others use this computer, clear its history.",
    ),
    "site-tip-done": ("Baigti", "Leave"),
}
