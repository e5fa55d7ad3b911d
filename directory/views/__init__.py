"""Pages of the directory, for staff."""
