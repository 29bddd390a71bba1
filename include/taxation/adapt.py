"""What a layout asks of taxdata: columns to add, columns to widen, and the DDL that does it."""

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection

from include.db import sql
from include.taxation.faults import SpoolFault
from include.taxation.fields import SqlType, Stored, join, sql_type
from include.taxation.layout import Layout, name_fault

TABLE = "taxdata"
_SHORT: dict[str, SqlType] = {"timestamp without time zone": "timestamp"}


@dataclass(frozen=True)
class Change:
    """A column to add (``before`` is None) or to widen."""

    column: str
    before: SqlType | None
    after: SqlType


@dataclass(frozen=True)
class Plan:
    """Where the fields of a layout go, and what must change first."""

    layout: Layout
    stored: tuple[Stored, ...]
    changes: tuple[Change, ...]

    @property
    def added(self) -> list[str]:
        """Columns that it adds."""
        return [change.column for change in self.changes if change.before is None]

    @property
    def converted(self) -> list[str]:
        """Columns that it widens."""
        return [change.column for change in self.changes if change.before is not None]


def existing_columns(conn: Connection) -> dict[str, SqlType]:
    """The columns that taxdata has today."""
    with conn.cursor() as cur:
        cur.execute(sql("taxation/list_columns"))
        return {name: _SHORT.get(kind, kind) for name, kind in cur.fetchall()}


def aliases(conn: Connection) -> dict[str, str]:
    """Old names of fields, and the column each goes to."""
    with conn.cursor() as cur:
        cur.execute("select source_name, column_name from column_alias")
        return dict(cur.fetchall())


def plan(layout: Layout, existing: Mapping[str, SqlType], renamed: Mapping[str, str]) -> Plan:
    """What ``layout`` asks of a table with the columns ``existing``.

    Raises ``SpoolFault`` (``bad_field_name``) if an alias gives two fields one column.
    """
    stored, changes, taken = [], [], set[str]()
    for index, field in enumerate(layout.columns):
        name = renamed.get(field.key, field.key)
        fault = name_fault(name, taken)
        if fault:
            detail = f"{field.name!r}, known as {name!r}, {fault}"
            raise SpoolFault("bad_field_name", line=1, position=index * 4 + 1, detail=detail)
        taken.add(name)
        before = existing.get(name)
        after = sql_type(field) if before is None else join(before, sql_type(field))
        stored.append(Stored(field, name, after))
        if before != after:
            changes.append(Change(name, before, after))
    return Plan(layout, tuple(stored), tuple(changes))


def ddl(changes: tuple[Change, ...], table: str = TABLE) -> pgsql.Composed:
    """One ALTER TABLE for all changes."""
    actions = [_action(change) for change in changes]
    return pgsql.SQL("alter table {} {}").format(
        pgsql.Identifier(table), pgsql.SQL(", ").join(actions)
    )


def _action(change: Change) -> pgsql.Composed:
    column, kind = pgsql.Identifier(change.column), pgsql.SQL(change.after)
    if change.before is None:
        return pgsql.SQL("add column {} {}").format(column, kind)
    return pgsql.SQL("alter column {} type {} using {}").format(column, kind, _converted(change))


def _converted(change: Change) -> pgsql.Composed:
    old = "to_char({}, 'YYYY-MM-DD HH24:MI:SS')" if change.before == "timestamp" else "{}"
    value = pgsql.SQL(old).format(pgsql.Identifier(change.column))
    return pgsql.SQL("{}::{}").format(value, pgsql.SQL(change.after))


def apply(conn: Connection, changes: tuple[Change, ...]) -> None:
    """Change taxdata within the transaction of ``conn``; the views over it are made anew.

    Columns that are only added cost nothing. To convert some, all tickets are written anew: beside
    the table, which is locked for readers only once that is done.
    """
    converted = {change.column: _converted(change) for change in changes if change.before}
    with conn.cursor() as cur:
        if not converted:
            cur.execute("select drop_ticket_views()")
            cur.execute(ddl(changes))
            cur.execute("select create_ticket_views()")
            return
        names = {name: pgsql.Identifier(name) for name in existing_columns(conn)}
        values = pgsql.SQL(", ").join(converted.get(name, names[name]) for name in names)
        cur.execute(sql("taxation/begin_conversion"))
        cur.execute(sql("taxation/list_ticket_partitions"))
        partitions = [_Partition(*row) for row in cur.fetchall()]
        for each in partitions:
            cur.execute(each.bare_copy)
            cur.execute(ddl(changes, each.copy))
            cur.execute(each.filled(pgsql.SQL(", ").join(names.values()), values))
        cur.execute(sql("taxation/end_conversion"))
        for each in partitions:
            cur.execute(each.gone)
        cur.execute(ddl(changes))  # nothing is in it now
        for each in partitions:
            cur.execute(each.put_in_place)
        cur.execute(sql("taxation/close_conversion"))


@dataclass(frozen=True)
class _Partition:
    """One of taxdata, and the statements that put a copy in its place."""

    name: str
    bounds: str
    condition: str
    told: str

    @property
    def copy(self) -> str:
        return f"{self.name}_next"

    def _statement(self, text: str, **more: pgsql.Composable) -> pgsql.Composed:
        names = {
            "name": self.name, "copy": self.copy,
            "key": f"{self.name}_pkey", "copy_key": f"{self.copy}_pkey",
            "digests": f"{self.name}_content_digest_idx",
            "copy_digests": f"{self.copy}_content_digest_idx",
        }  # fmt: skip
        return pgsql.SQL(text).format(
            **{word: pgsql.Identifier(name) for word, name in names.items()},
            table=pgsql.Identifier(TABLE),
            bounds=pgsql.SQL(self.bounds),
            condition=pgsql.SQL(self.condition),
            told=pgsql.Literal(self.told),
            **more,
        )

    @property
    def bare_copy(self) -> pgsql.Composed:
        """What the partition is to hold is checked while it is filled, not when it is attached."""
        return self._statement(
            "create table {copy} (like {table} including all); "
            "alter table {copy} add constraint partition_bounds check ({condition}); "
            "comment on table {copy} is {told}"
        )

    def filled(self, names: pgsql.Composed, values: pgsql.Composed) -> pgsql.Composed:
        return self._statement(
            "insert into {copy} ({names}) select {values} from {name}; analyze {copy}",
            names=names,
            values=values,
        )

    @property
    def gone(self) -> pgsql.Composed:
        return self._statement("drop table {name}")

    @property
    def put_in_place(self) -> pgsql.Composed:
        return self._statement(
            "alter table {table} attach partition {copy} {bounds}; "
            "alter table {copy} drop constraint partition_bounds; "
            "alter table {copy} rename to {name}; "
            "alter index {copy_key} rename to {key}; "
            "alter index {copy_digests} rename to {digests}"
        )
