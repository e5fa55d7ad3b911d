"""Django's admin: the accounts. The directory and the catalogue have pages of their own."""

from experts.admin import accounts

__all__ = ["accounts"]
