"""What ops order by a form: one function for every action on a group, and no secret in its answer."""

from typing import Any

from include.errors import InputError
from include.fleet.groups import (
    MAX_MODEMS,
    add_group,
    bad_modem_count,
    condemn_group,
    delete_group,
    edit_group,
    set_state,
)
from include.fleet.mac import normalize_mac

STATES = {"start": "started", "stop": "stopped", "drain": "draining"}
ACTIONS = ("add", "edit", *STATES, "delete", "condemn")
Order = dict[str, Any]


def carry_out(
    action: str,
    *,
    by: str,
    mac: str | None = None,
    alias: str | None = None,
    modems: int | None = None,
    rate: int | None = None,
) -> Order:
    """Do one of ``ACTIONS``; what became of the group.

    The group is that of ``mac``; without one, that of ``alias``. ``edit`` changes what is given. A new
    group's login is told to nobody: ``next`` names the command that gives one. ``InputError`` as the
    action's own, unknown_action, and the complaints about MAC and number of modems, both where both
    are wrong.
    """
    if action not in ACTIONS:
        raise InputError(
            "unknown_action",
            f"{action!r} is not an action ({', '.join(ACTIONS)})",
            f"{action!r} n'est pas une action ({', '.join(ACTIONS)})",
        )
    if action == "add":
        return _add(mac, alias, modems, rate, by)
    if mac:
        normalize_mac(mac)
    wanted = mac or _needed(alias)
    if action in STATES:
        return set_state(wanted, STATES[action], by=by)
    if action == "edit":
        given = {"alias": alias if mac else None, "modems": modems, "rate": rate}
        changes = {key: value for key, value in given.items() if value is not None}
        return edit_group(wanted, by=by, **changes)
    return (delete_group if action == "delete" else condemn_group)(wanted, by=by)


def _add(
    mac: str | None, alias: str | None, modems: int | None, rate: int | None, by: str
) -> Order:
    complaints = _complaints(mac, modems)
    if len(complaints) == 1:
        raise complaints[0]
    if complaints:
        raise InputError(
            "bad_group",
            "; ".join(f"{c.message_en} ({c.code})" for c in complaints),
            " ; ".join(f"{c.message_fr} ({c.code})" for c in complaints),
        )
    group = add_group(mac or "", _needed(alias), modems or 0, rate, by=by)
    del group["database_url"]
    return group | {"next": f"smsswitch groups credential {group['mac']}"}


def _complaints(mac: str | None, modems: int | None) -> list[InputError]:
    found = []
    try:
        normalize_mac(mac or "")
    except InputError as error:
        found.append(error)
    if modems is None or not 1 <= modems <= MAX_MODEMS:
        found.append(bad_modem_count(modems))
    return found


def _needed(alias: str | None) -> str:
    if not (alias or "").strip():
        raise InputError("no_group", "give a MAC address or an alias", "donnez un MAC ou un alias")
    return str(alias)
