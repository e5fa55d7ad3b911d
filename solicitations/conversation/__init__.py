"""Messages about a request, written on a page or sent by mail."""
