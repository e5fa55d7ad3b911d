"""Notifications: one function per mail, with its recipients and its unique key.

Each function enqueues its mails in the caller's transaction: workers send them after its commit.
"""
