"""What the portal does by itself, on one request: route it, hold it, find who takes over."""
