"""Who issues an invoice and who gets it, in law."""

import re
from collections.abc import Mapping
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import sql
from include.errors import InputError, Place

SELLER_NEEDS = ("name", "street", "postcode", "city", "siren", "vat_number")
BUYER_FIELDS = ("legal_name", "siren", "vat_number", "address", "postcode", "city", "country")


def seller(conn: Connection) -> dict[str, Any]:
    """The company of the centre's settings. Raises ``InputError`` ``seller_incomplete``."""
    with conn.cursor() as cur:
        cur.execute("select document from setting where area = 'company'")
        (company,) = cur.fetchone() or ({},)
    missing = [name for name in SELLER_NEEDS if not company.get(name)]
    if missing:
        places = ", ".join(f"company.{name}" for name in missing)
        raise InputError(
            "seller_incomplete",
            f"no invoice without who issues it: the settings lack {places}",
            f"pas de facture sans son émetteur : il manque aux réglages {places}",
            place=Place(field=f"company.{missing[0]}"),
        )
    return {"country": "FR", **company}


def buyer(conn: Connection, code: str) -> dict[str, Any]:
    """A client, locked: its invoices are issued one after the other. ``unknown_client`` if none."""
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("billing/find_buyer"), {"code": code})
        found = cur.fetchone()
    if found is None:
        raise unknown_client(code)
    return dict(found)


def require_identity(found: Mapping[str, Any]) -> None:
    """Raises ``InputError`` ``buyer_incomplete`` if nobody has said who the client is in law."""
    if found["legal_name"] is None:
        command = f"smsswitch billing buyer {found['code']}"
        raise InputError(
            "buyer_incomplete",
            f"client {found['code']} has no legal identity yet: {command} …",
            f"le client {found['code']} n'a pas encore d'identité légale : {command} …",
        )


def unknown_client(code: str) -> InputError:
    """There is no client of that code."""
    return InputError(
        "unknown_client", f"there is no client {code!r}", f"il n'y a pas de client {code!r}"
    )


def set_buyer(conn: Connection, code: str, identity: Mapping[str, Any]) -> None:
    """Keep who a client is in law. Raises ``InputError``, which names the field."""
    values = {name: (identity.get(name) or "").strip() or None for name in (*BUYER_FIELDS, "email")}
    values["country"] = values["country"] or "FR"
    for name in ("legal_name", "address", "postcode", "city"):
        if not values[name]:
            raise _bad(name, "is missing", "manque")
    if values["country"] == "FR":
        _check_french(values["siren"], values["vat_number"])
    elif not values["email"]:
        raise _bad("email", "is required of a foreign firm", "est requis d'une firme étrangère")
    if values["vat_number"] and not re.fullmatch(r"[A-Z]{2}[0-9A-Z]{2,13}", values["vat_number"]):
        raise _bad("vat_number", "is no VAT number", "n'est pas un numéro de TVA")
    if values["siren"] and not is_siren(values["siren"]):
        raise _bad("siren", "is no SIREN", "n'est pas un SIREN")
    with conn.cursor() as cur:
        cur.execute(sql("billing/set_buyer"), {"code": code, **values})
        if cur.fetchone() is None:
            raise unknown_client(code)


def _check_french(siren: str | None, vat_number: str | None) -> None:
    if not siren:
        raise _bad("siren", "is required of a French firm", "est requis d'une entreprise française")
    if vat_number and is_siren(siren) and vat_number != french_vat_number(siren):
        what = f"does not belong to SIREN {siren}: {french_vat_number(siren)} does"
        quoi = f"n'est pas celui du SIREN {siren} : c'est {french_vat_number(siren)}"
        raise _bad("vat_number", what, quoi)


def is_siren(text: str) -> bool:
    """Nine digits with the check of Luhn."""
    if not re.fullmatch(r"\d{9}", text):
        return False
    doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(text))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def french_vat_number(siren: str) -> str:
    """FR, the key, the SIREN."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _bad(name: str, what: str, quoi: str) -> InputError:
    return InputError("bad_identity", f"{name} {what}", f"{name} {quoi}", place=Place(field=name))
