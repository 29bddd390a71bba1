"""What the demo's clients write: two mappings, and four campaigns."""

DUPONT, CLINIC = "assurances-dupont", "north-clinic"

MAPPINGS = {
    "assures": """\
version: 1
kind: contact-list
list: assures
label: Assurés à rappeler
confirmed: true
columns:
  - {column: A, to: first_name}
  - {column: B, to: last_name}
  - {column: C, to: variable1}
  - {column: D, to: variable2}
  - {column: E, to: phone}
""",
    "patients": """\
version: 1
kind: contact-list
list: patients
confirmed: true
columns:
  - {header: Téléphone, to: phone}
  - {header: Prénom, to: first_name}
  - {header: Nom, to: last_name}
  - {header: Médecin, to: var_doctor}
  - {header: Date, to: var_date}
""",
}

# Client, campaign, file. Transactional, so that the demo runs at any hour of any day.
CAMPAIGNS = (
    (
        DUPONT,
        "rendez-vous",  # every text fits GSM-7, names transliterated where they must be
        """\
version: 1
kind: campaign
campaign: rendez-vous
list: assures
state: active
purpose: transactional
encoding: gsm7_transliterate
message: "Bonjour {prenom} {nom}, rendez-vous {variable2} à {variable1|notre agence}. Assurances Dupont"
""",
    ),
    (
        DUPONT,
        "echeances",  # ê ç ’ are not in GSM-7: UCS-2
        """\
version: 1
kind: campaign
campaign: echeances
list: rappels
state: active
purpose: transactional
message: "{nom}, votre échéance de {variable1} € n’est peut-être pas reçue."
""",
    ),
    (
        CLINIC,
        "appointments",  # two parts
        """\
version: 1
kind: campaign
campaign: appointments
list: patients
state: active
purpose: transactional
encoding: gsm7_transliterate
message: >-
  Dear {first_name} {last_name}, your appointment with {var_doctor} is on {var_date} at 10:30. Please come
  ten minutes early and bring your card, your last prescription and the letter of your doctor. North Clinic
""",
    ),
    (
        CLINIC,
        "spring-offer",  # marketing from SIM modems: French law says no
        """\
version: 1
kind: campaign
campaign: spring-offer
list: patients
state: active
purpose: marketing
sender_name: North Clinic
stop_mention: "STOP 36123"
message: "North Clinic: 20% off every check-up in April, {first_name}! STOP 36123"
""",
    ),
)
