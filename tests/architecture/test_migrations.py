"""The previous version still runs during a deployment: a migration must not break it."""

import re

import pytest
from django.db.migrations import AddField, CreateModel, RenameField, RenameModel, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader

from solicitations.migrations._locks import IN_ORDER

ROOMS = {"territories", "mailing", "companies", "experts", "solicitations", "directory", "indicators"}
WRITTEN = set(re.findall(r"solicitations_\w+", IN_ORDER.sql))


def on_the_database(operations):
    """Return the operations that change tables: a table may change rooms without any."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from on_the_database(operation.database_operations)
        else:
            yield operation


def disk_migrations():
    """Every migration, in one order: each process of the tests reads them in another."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return sorted(loader.disk_migrations.items(), key=lambda item: item[0])


def later_operations():
    """Each operation on a table created by an earlier migration, and its name."""
    for (room, name), migration in disk_migrations():
        if room not in ROOMS or migration.initial:
            continue
        operations = [*on_the_database(migration.operations)]
        made = {operation.name_lower for operation in operations if isinstance(operation, CreateModel)}
        for operation in operations:
            if getattr(operation, "model_name_lower", "") not in made:
                yield f"{room} {name} {operation.describe()}", operation


def test_version_before_can_still_write():
    """The previous version knows no new column, so the database must fill it, and uses the old names."""
    later = [*later_operations()]
    renamed = [name for name, operation in later if isinstance(operation, RenameField | RenameModel)]
    unfilled = [
        name
        for name, operation in later
        if isinstance(operation, AddField)
        if not (operation.field.null or operation.field.has_db_default())
    ]

    assert later
    assert renamed == [], "add the new one; drop the old one a version later"
    assert unfilled == [], "give it a db_default, or let it be null"


def migrations_of_written_tables():
    """Migrations that alter several tables written by requests, in one transaction."""
    for (room, name), migration in disk_migrations():
        if room != "solicitations" or migration.initial or not migration.atomic:
            continue
        altered = {getattr(operation, "model_name_lower", "") for operation in migration.operations}
        if len({f"solicitations_{model}" for model in altered} & WRITTEN) > 1:
            yield pytest.param(migration.operations, id=name)


@pytest.mark.parametrize("operations", [*migrations_of_written_tables()])
def test_tables_are_taken_in_the_order_of_visits(operations):
    assert operations[0] is IN_ORDER, "otherwise it and the visits wait for each other"
