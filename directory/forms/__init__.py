"""Forms of the directory: each gives facts of an office, an expert or a zone."""
