"""Actions of people. Each is one transaction; its mails are rows of it, sent after it."""
