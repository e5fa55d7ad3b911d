"""Maps drawn on the server as SVG, from outlines of EPCI, départements and régions."""
