"""The expert's page, opened from a mail: what they need, who is on it, what one does about it."""
