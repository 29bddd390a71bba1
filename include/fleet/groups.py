"""Groups: enrolling a host, starting and stopping it, giving it up."""

from typing import Any
from urllib.parse import quote, urlencode

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import parse_dsn

from include.db import connect, sql
from include.db.audit import record
from include.db.setting import setting
from include.errors import InputError
from include.fleet.capacity import LOST_AFTER
from include.fleet.mac import normalize_mac
from include.settings import settings

MAX_MODEMS = 64
_KEPT = ("sslmode", "sslrootcert", "target_session_attrs")


def add_group(
    mac: str, alias: str, modems: int, rate: int | None = None, *, by: str = "ops"
) -> dict[str, Any]:
    """Enrol a host, started at once: its own login, shown this once only.

    Its permit, and its rate where none is given, are those of the settings.

    ``InputError``: bad_mac, bad_modem_count, bad_alias, bad_rate, mac_in_use, alias_in_use.
    """
    values = {"mac": normalize_mac(mac), **_checked(alias=alias, modems=modems, rate=rate)}
    with connect() as conn:
        usual = setting(conn, "groups")
        if rate is None:
            values["rate"] = usual.get("rate") or None
        _refuse_taken(conn, values["mac"], values["alias"])
        with conn.cursor() as cur:
            cur.execute("select * from make_host_login(%s)", (values["mac"],))
            host_role, password = cur.fetchone() or ("", "")
            try:
                cur.execute(sql("fleet/add_group"), values | {"host_role": host_role})
            except psycopg2.errors.UniqueViolation:  # another was faster
                raise _taken("alias_in_use", values["alias"]) from None
            row = cur.fetchone()
            if row is None:
                raise _taken("mac_in_use", values["mac"])
            if "permit" in usual:
                cur.execute(
                    "update modem_group set permit_per_modem = %s where group_id = %s",
                    (usual["permit"], row[0]),
                )
        record(conn, by, "group_add", f"group:{values['mac']}", alias=alias, modems=modems)
    return {
        "group_id": row[0],
        "mac": values["mac"],
        "alias": values["alias"],
        "database_url": host_url(host_role, password),
    }


def host_url(role: str, password: str) -> str:
    """The centre's database as a host logs in to it."""
    parts = parse_dsn(settings().database_url)
    name = quote(parts.get("dbname", ""), safe="")
    query = {key: parts[key] for key in _KEPT if key in parts}
    host = parts.get("host", "")
    if host.startswith("/"):
        query["host"], host = host, ""
    port = f":{parts['port']}" if "port" in parts else ""
    if known_as := settings().hosts_address:  # where hosts outside find it
        host, _, number = known_as.partition(":")
        port = f":{number}" if number else port
    tail = f"?{urlencode(query)}" if query else ""
    return f"postgresql://{quote(role)}:{quote(password, safe='')}@{host}{port}/{name}{tail}"


def new_credential(wanted: str, *, by: str = "ops") -> dict[str, Any]:
    """A new password for a group's host, shown this once only; the one before is void."""
    with connect() as conn:
        group = _find(conn, wanted)
        with conn.cursor() as cur:
            cur.execute("select * from make_host_login(%s)", (group["mac"],))
            host_role, password = cur.fetchone() or ("", "")
        record(conn, by, "group_credential", f"group:{group['mac']}")
    return {key: group[key] for key in ("group_id", "mac", "alias")} | {
        "database_url": host_url(host_role, password)
    }


def edit_group(wanted: str, *, by: str = "ops", **changes: Any) -> dict[str, Any]:
    """Change ``alias``, ``modems``, ``rate`` (0 = no limit) or ``permit`` of a group."""
    with connect() as conn:
        group = _find(conn, wanted)
        values = group | _checked(**changes)
        if values["alias"] != group["alias"]:
            _refuse_taken(conn, None, values["alias"])
        with conn.cursor() as cur:
            cur.execute(sql("fleet/edit_group"), values)
        record(conn, by, "group_edit", f"group:{group['mac']}", **changes)
    return _shown(wanted if "alias" not in changes else str(values["alias"]))


def set_state(wanted: str, state: str, *, by: str = "ops") -> dict[str, Any]:
    """``started``, ``stopped`` (hosts give back what they have not begun) or ``draining``."""
    with connect() as conn:
        group = _find(conn, wanted)
        with conn.cursor() as cur:
            cur.execute(
                "update modem_group set state = %s where group_id = %s",
                (state, group["group_id"]),
            )
        record(conn, by, f"group_{state}", f"group:{group['mac']}", before=group["state"])
    return _shown(wanted)


def delete_group(wanted: str, *, by: str = "ops") -> dict[str, Any]:
    """Take a group away and shut its host out; its history stays. ``InputError`` group_busy."""
    with connect() as conn:
        group = _find(conn, wanted)
        with conn.cursor() as cur:
            cur.execute(sql("fleet/count_leases"), group)
            leased = int((cur.fetchone() or (0,))[0])
            if leased:
                raise InputError(
                    "group_busy",
                    f"group {group['alias']} holds {leased} batches: drain or condemn it first",
                    f"le groupe {group['alias']} tient {leased} lots : videz-le ou "
                    "condamnez-le d'abord",
                )
            cur.execute(sql("fleet/delete_group"), group)
            cur.execute("select disable_host_login(%s)", (group["host_role"],))
        record(conn, by, "group_delete", f"group:{group['mac']}", alias=group["alias"])
    return {"group_id": group["group_id"], "mac": group["mac"], "deleted": True}


def condemn_group(wanted: str, *, by: str = "ops") -> dict[str, Any]:
    """Give up what a host holds: what it cannot have begun is planned again, the rest is uncertain.

    The host must register again before it may send; what it still reports is taken as evidence.
    """
    with connect() as conn:
        group = _find(conn, wanted)
        with conn.cursor() as cur:
            cur.execute(sql("fleet/condemn_parts"), group)
            found = cur.fetchall()
            for month, ids in found:
                cur.execute("select settle_messages(%s, %s)", (month, ids))
            cur.execute(sql("fleet/condemn_batches"), group)
            batches = cur.rowcount
            cur.execute(
                "update modem_group set epoch = epoch + 1 where group_id = %s", (group["group_id"],)
            )
            cur.execute(
                sql("fleet/count_condemned"), {"ids": [i for _m, ids in found for i in ids]}
            )
            uncertain, planned = cur.fetchone() or (0, 0)
        result = {"batches": batches, "uncertain": int(uncertain), "planned": int(planned)}
        record(conn, by, "group_condemn", f"group:{group['mac']}", **result)
    return {"group_id": group["group_id"], "mac": group["mac"], **result}


def list_groups() -> list[dict[str, Any]]:
    """Every group with the figures of the monitoring page; ``lost`` stands for a state too."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("fleet/list_groups"), {"lost_after": LOST_AFTER})
        names = [column.name for column in cur.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]


def _shown(wanted: str) -> dict[str, Any]:
    with connect() as conn:
        group = _find(conn, wanted, lock=False)
    return {key: group[key] for key in ("group_id", "mac", "alias", "modems", "state", "rate")}


def _find(conn: Connection, wanted: str, *, lock: bool = True) -> dict[str, Any]:
    try:
        mac: str | None = normalize_mac(wanted)
    except InputError:
        mac = None
    with conn.cursor() as cur:
        tail = " for no key update" if lock else ""
        cur.execute(sql("fleet/find_group") + tail, {"mac": mac, "alias": wanted})
        row = cur.fetchone()
        names = [column.name for column in cur.description or ()]
    if row is None:
        raise InputError(
            "unknown_group",
            f"there is no group {wanted[:60]!r}",
            f"il n'y a pas de groupe {wanted[:60]!r}",
        )
    return dict(zip(names, row, strict=True))


def _refuse_taken(conn: Connection, mac: str | None, alias: str) -> None:
    with conn.cursor() as cur:
        cur.execute(sql("fleet/find_taken"), {"mac": mac, "alias": alias})
        same_mac, same_alias = cur.fetchone() or (False, False)
    if same_mac:
        raise _taken("mac_in_use", str(mac))
    if same_alias:
        raise _taken("alias_in_use", alias)


def _taken(code: str, what: str) -> InputError:
    return InputError(code, f"{what} is a group already", f"{what} est déjà un groupe")


def bad_modem_count(modems: int | None) -> InputError:
    """The complaint about a number of modems; a form may have none at all."""
    shown = "" if modems is None else str(modems)
    return InputError(
        "bad_modem_count",
        f"{shown or 'nothing'} is not a valid number of modems (1 to {MAX_MODEMS})",
        f"Nombre de modems non valide : {shown or 'aucun'} (1 à {MAX_MODEMS})",
    )


def _checked(**changes: Any) -> dict[str, Any]:
    """The same values, or the first complaint about them."""
    modems, alias, rate = changes.get("modems"), changes.get("alias"), changes.get("rate")
    if modems is not None and not 1 <= modems <= MAX_MODEMS:
        raise bad_modem_count(modems)
    if alias is not None and not 1 <= len(alias.strip()) <= 60:
        raise InputError(
            "bad_alias", "an alias has 1 to 60 characters", "un alias a de 1 à 60 caractères"
        )
    if rate is not None and rate < 0:
        raise InputError(
            "bad_rate", f"{rate} is not a rate (SMS a minute)", f"Vitesse non valide : {rate}"
        )
    checked = dict(changes)
    if alias is not None:
        checked["alias"] = alias.strip()
    if "rate" in changes:
        checked["rate"] = rate or None
    return checked
