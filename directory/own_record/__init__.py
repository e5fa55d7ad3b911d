"""« Ma fiche »: what an expert reads and corrects of their own record, by a link sent to their address."""
