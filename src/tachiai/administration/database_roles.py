"""The database's own rights: the role under which the house runs may append to the record and never change it.

Triggers refuse a change to whoever is not the tables' owner as well; this takes the right itself away, so that dropping a trigger
needs another login than the one the house has. PostgreSQL only: SQLite knows no roles, there the file's owner is the owner.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction
from psycopg import sql

from tachiai.errors import Refusal

# A trigger function whose name ends so guards a table (migrations of ledger and ceremony); its bits say against what
# (pg_trigger.tgtype). One that guards some columns alone (tgattr) leaves the right to change the others.
GUARDED = r"""
SELECT c.relname, bool_or(t.tgtype & 16 <> 0 AND t.tgattr::text = ''), bool_or(t.tgtype & 8 <> 0)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE p.proname LIKE '%\_refuse' AND NOT t.tgisinternal AND n.nspname = current_schema() GROUP BY c.relname ORDER BY c.relname
"""


def restrict_role(role: str) -> list[str]:
    """Give ``role`` what the house needs and nothing else; the names of the tables it may only append to.

    To be run as the owner of the tables, after each upgrade too: a right on a new table is not inherited. Refuses with
    ``database.no_roles`` on SQLite, ``database.role_unknown``, ``database.role_owner`` (the role owns the tables, or may do anything).
    """
    _must_know_roles()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        found = cursor.fetchone()
        if found is None:
            raise Refusal("database.role_unknown", role=role)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tableowner = %s", [role])
        if found[0] or cursor.fetchone()[0]:
            raise Refusal("database.role_owner", role=role)
        cursor.execute(GUARDED)
        guarded = cursor.fetchall()
        for statement in _statements(role, guarded):
            cursor.execute(statement)
    return [table for table, update, _ in guarded if update]


def _statements(role: str, guarded: list[tuple[str, bool, bool]]) -> Iterator[sql.Composed]:
    name = sql.Identifier(role)
    schema = sql.Identifier(_schema())
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(schema, name)
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name)
    yield sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}").format(schema, name)
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, name)
    for table, update, delete in guarded:
        kept = [right for right, is_kept in (("UPDATE", update), ("DELETE", delete)) if is_kept]
        if kept:
            rights = sql.SQL(", ").join(map(sql.SQL, kept))
            yield sql.SQL("REVOKE {} ON {} FROM {}").format(rights, sql.Identifier(table), name)
    yield sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(name)


def may_change_entries() -> bool:
    """Whether the login the house runs under could change an entry, were the triggers gone. Always so on SQLite."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('ledger_entry', 'UPDATE') OR has_table_privilege('ledger_entry', 'DELETE')")
        return bool(cursor.fetchone()[0])


def _schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def _must_know_roles() -> None:
    if connection.vendor != "postgresql":
        raise Refusal("database.no_roles")
