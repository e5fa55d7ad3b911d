"""Routing of requests to experts: the rule (README.md), its loader, and the explanation of a decision."""
