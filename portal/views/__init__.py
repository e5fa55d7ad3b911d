"""The public pages, and what stands around them."""
