"""Management of the directory of offices and experts: imports and their journal."""
