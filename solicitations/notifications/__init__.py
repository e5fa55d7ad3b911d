"""Which mail, to whom, on which occasion, under which key.

Each function enqueues its mails in the caller's transaction: workers send them after its commit.
"""
