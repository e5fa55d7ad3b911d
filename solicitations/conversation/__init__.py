"""What is said about a request, on a page or by mail."""
