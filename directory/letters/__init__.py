"""Yearly letters (are your details right?), reminders of conventions, and the erasure of people who left."""
