"""Django's admin: the directory, the catalogue and the accounts."""

from experts.admin import accounts, areas, catalogue, directory

__all__ = ["accounts", "areas", "catalogue", "directory"]
