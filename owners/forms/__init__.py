"""Forms of the owner's pages. They clean and refuse; they save nothing."""
