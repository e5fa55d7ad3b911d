"""People of the offices that a manager looks after: their records, days away and needs."""
