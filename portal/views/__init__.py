"""The public pages, error pages, health and metrics."""
