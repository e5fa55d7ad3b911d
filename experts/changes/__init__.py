"""Plans of change to the directory, the only way to write its tables, and their journal."""
