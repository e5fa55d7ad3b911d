"""What time brings: the steps of each request, planned, done, and foreseen."""
