"""Two versions run side by side while one replaces the other: a migration leaves the earlier one at work."""

import pytest
from django.db.migrations import AddField, CreateModel, RenameField, RenameModel
from django.db.migrations.loader import MigrationLoader

ROOMS = {"territories", "mailing", "companies", "experts", "solicitations", "directory"}


def later_operations():
    """Each operation on a table that an earlier migration made."""
    for (room, name), migration in MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items():
        if room not in ROOMS or migration.initial:
            continue
        made = {
            operation.name_lower for operation in migration.operations if isinstance(operation, CreateModel)
        }
        for operation in migration.operations:
            if getattr(operation, "model_name_lower", "") not in made:
                yield pytest.param(operation, id=f"{room} {name} {operation.describe()}")


@pytest.mark.parametrize("operation", [*later_operations()])
def test_version_before_can_still_write(operation):
    """It names no new column, which the database must then fill, and knows the old names alone."""
    assert not isinstance(operation, RenameField | RenameModel), (
        "add the new one; drop the old one a version later"
    )
    if isinstance(operation, AddField) and not operation.field.null:
        assert operation.field.has_db_default(), "give it a db_default, or let it be null"
