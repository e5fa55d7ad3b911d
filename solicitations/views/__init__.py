"""The owner's pages, and what pages of experts and staff share with them."""
