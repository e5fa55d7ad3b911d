"""Delays of reminders, escalations and erasure, counted from sending unless stated. All are here."""

from datetime import timedelta

# An expert who has not answered.
REMIND_AFTER = (timedelta(days=3), timedelta(days=7))
TELL_COMPANY_AFTER = timedelta(days=7)  # nobody has taken the need
TELL_MANAGER_AFTER = timedelta(days=10)
WIDEN_AFTER = timedelta(days=10)
TELL_REGION_AFTER = timedelta(days=14)
EXPIRE_AFTER = timedelta(days=45)

# An expert who took a need and has not answered since; counted from the moment it was taken.
CALL_WITHIN_DAYS = 2  # working days after taking or sending: the company may then say that nobody called
CHECK_CALL_AFTER = timedelta(days=7)
REMIND_TAKER_AFTER = timedelta(days=21)
TELL_SILENCE_AFTER = timedelta(days=45)
EXPIRE_TAKEN_AFTER = timedelta(days=90)

# The right to an answer on labour law, in working days of the territory.
LEGAL_DELAY_DAYS = 10
LEGAL_ESCALATION_DAYS = 7

# Surveys to the company: after the first outcome, or closing without one; the follow-up, after sending.
# After a long outage they are still sent until the second date, then no more.
SURVEY_AFTER = timedelta(days=10)
SURVEY_UNTIL = timedelta(days=60)
FOLLOW_UP_AFTER = timedelta(days=183)
FOLLOW_UP_UNTIL = timedelta(days=213)

RESUME_REMINDER_AFTER = timedelta(days=1)
DRAFT_LIFE = timedelta(days=7)
INVITATION_LIFE = timedelta(days=14)
ACCESS_LOG_LIFE = timedelta(days=365)
LINK_LIFE_AFTER_END = timedelta(days=60)
ERASE_DEPARTED_AFTER = timedelta(days=730)  # since an expert left, and since the last request naming them
ANONYMISE_AFTER = timedelta(days=730)  # since the end, or since the last event of a request without end

SOFT_REFUSALS_FOR = timedelta(days=5)  # refusals for now that last so long count as for good

HELD_FOR = timedelta(hours=4)  # working hours of the territory
LATE_AFTER = timedelta(days=7)  # staff's counter
CLOCK_RETRY_AFTER = timedelta(hours=1)  # a request whose clock failed
