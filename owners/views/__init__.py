"""The owner's pages: the form in three steps, then the follow-up."""
