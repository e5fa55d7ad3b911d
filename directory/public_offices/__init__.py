"""The State's open directory of local services, turned into a plan: offices, without people."""
