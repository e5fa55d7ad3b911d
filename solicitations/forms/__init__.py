"""What may be typed; forms clean and refuse, they save nothing."""
