"""Managing the address book: imports and their journal."""
