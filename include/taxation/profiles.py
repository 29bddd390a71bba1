"""Who may run which analyses, and who may see whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError


@dataclass(frozen=True)
class Profile:
    """What a person may do; ``treatments`` None means: run all analyses."""

    name: str
    treatments: tuple[str, ...] | None
    may_unmask: bool

    def may_run(self, treatment: str) -> bool:
        """Whether an analysis is among those of the profile."""
        return self.treatments is None or treatment in self.treatments


def profile_of(conn: Connection, member: str) -> Profile:
    """The profile of a person (``ops:nadia``); ``everyone`` for who is no member."""
    with conn.cursor() as cur:
        cur.execute(sql("taxation/find_profile"), {"member": member})
        row = cur.fetchone()
    if row is None:
        return Profile("none", (), False)
    name, treatments, may_unmask = row
    return Profile(name, None if treatments is None else tuple(treatments), may_unmask)


def check(conn: Connection, member: str, treatment: str, *, unmask: bool) -> None:
    """Raise ``InputError`` (``not_allowed``) unless that person may do that."""
    profile = profile_of(conn, member)
    what = None if profile.may_run(treatment) else treatment
    if unmask and not profile.may_unmask:
        what = "unmask"
    if what:
        raise InputError(
            "not_allowed",
            f"{member} has the profile {profile.name!r}, which does not allow {what}",
            f"{member} a le profil {profile.name!r}, qui ne permet pas {what}",
        )


def profiles() -> list[dict[str, Any]]:
    """Every profile with its members."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/list_profiles"))
        return [row for (row,) in cur.fetchall()]


def set_profile(
    name: str, treatments: Sequence[str] | None, *, may_unmask: bool, by: str
) -> dict[str, Any]:
    """Make a profile, or change one; ``treatments`` None means all. Audited."""
    values = {
        "profile": name,
        "treatments": None if treatments is None else sorted(treatments),
        "may_unmask": may_unmask,
    }
    with connect() as conn:
        try:
            with conn.cursor() as cur:
                cur.execute(sql("taxation/set_profile"), values)
        except errors.CheckViolation:
            raise InputError("bad_profile", f"{name!r} is no name for a profile") from None
        with conn.cursor() as cur:
            cur.execute("select name from treatment")
            known = {row[0] for row in cur.fetchall()}
        if unknown := sorted(set(treatments or ()) - known):
            raise InputError("unknown_treatment", f"there is no analysis {unknown[0]!r}")
        record(conn, by, "profile_set", name, **values)
    return values


def assign(member: str, name: str | None, *, by: str) -> None:
    """Give a person a profile, or take it away (``None``: as everyone). Audited."""
    with connect() as conn, conn.cursor() as cur:
        if name is None:
            cur.execute("delete from taxation_profile_member where member = %s", (member,))
        else:
            try:
                cur.execute(sql("taxation/assign_profile"), {"member": member, "profile": name})
            except errors.ForeignKeyViolation:
                raise InputError("unknown_profile", f"there is no profile {name!r}") from None
        record(conn, by, "profile_assigned", member, profile=name)
