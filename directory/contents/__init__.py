"""Edition of the catalogue and of the regions' own contents, with its journal."""
