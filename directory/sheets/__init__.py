"""Spreadsheets of the directory: read, checked, turned into plans, and written."""
