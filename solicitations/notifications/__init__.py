"""Which mail, to whom, on which occasion, under which key.

Each function writes rows of the outbox in the caller's transaction and returns the new ones; the caller has
them delivered after its commit.
"""
