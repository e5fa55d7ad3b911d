"""Work of the portal on one request: route it, hold it, find experts when all have declined, close it."""
