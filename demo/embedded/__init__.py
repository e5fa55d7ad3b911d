"""The embedded PostgreSQL and Valkey: who runs them, how each starts, is recognised and stops."""
