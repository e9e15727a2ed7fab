"""What is sealed is neither changed nor deleted: the database refuses it, whoever asks.

Who may change the database's own rules can take this away. The chain shows what they do then.
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations

REFUSAL = "What is sealed stays as it is."
GUARDED = {"audit_entry": "WHEN (OLD.seal_id IS NOT NULL)", "audit_seal": ""}


def guards(vendor: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield (
            "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for table, when in GUARDED.items():
        for act in ("UPDATE", "DELETE"):
            refuse = (
                f"FOR EACH ROW {when} EXECUTE FUNCTION audit_refuse()"
                if vendor == "postgresql"
                else f"{when} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
            yield f"CREATE TRIGGER {table}_stays_at_{act} BEFORE {act} ON {table} {refuse}"


def lifts(vendor: str) -> Iterator[str]:
    for table in GUARDED:
        on = f" ON {table}" if vendor == "postgresql" else ""
        yield from (f"DROP TRIGGER {table}_stays_at_{act}{on}" for act in ("UPDATE", "DELETE"))
    if vendor == "postgresql":
        yield "DROP FUNCTION audit_refuse"


def guard(_apps: Any, schema_editor: Any) -> None:
    for statement in guards(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def lift(_apps: Any, schema_editor: Any) -> None:
    for statement in lifts(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(guard, lift)]
