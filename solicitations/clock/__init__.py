"""The steps that time brings to each request: planned, done and foreseen."""
