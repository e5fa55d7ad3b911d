"""Foresight: the routing rule on a directory in memory, to replay, preview and simulate. Writes nothing."""
