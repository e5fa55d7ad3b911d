"""The inbox of experts and managers: who reads, which needs, in which order."""
