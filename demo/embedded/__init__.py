"""The embedded PostgreSQL and Valkey: their system account, start, detection and stop."""
