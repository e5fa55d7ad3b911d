"""When the portal does what time brings: since the sending, unless said. No number of days elsewhere."""

from datetime import timedelta

# An expert who has not answered.
REMIND_AFTER = (timedelta(days=3), timedelta(days=7))
TELL_COMPANY_AFTER = timedelta(days=7)  # nobody has taken the need
TELL_MANAGER_AFTER = timedelta(days=10)
WIDEN_AFTER = timedelta(days=10)
TELL_REGION_AFTER = timedelta(days=14)
EXPIRE_AFTER = timedelta(days=45)

# An expert who took a need and has said nothing since: counted from the taking.
CHECK_CALL_AFTER = timedelta(days=7)
REMIND_TAKER_AFTER = timedelta(days=21)
TELL_SILENCE_AFTER = timedelta(days=45)
EXPIRE_TAKEN_AFTER = timedelta(days=90)

# The right to an answer on labour law, in working days of the territory.
LEGAL_DELAY_DAYS = 10
LEGAL_ESCALATION_DAYS = 7

# What the company is asked: after the first outcome, or the closing without one; months after the sending.
# After a long outage it is still asked for some time, and no more when the question has lost its sense.
SURVEY_AFTER = timedelta(days=10)
SURVEY_UNTIL = timedelta(days=60)
FOLLOW_UP_AFTER = timedelta(days=183)
FOLLOW_UP_UNTIL = timedelta(days=213)

RESUME_REMINDER_AFTER = timedelta(days=1)
DRAFT_LIFE = timedelta(days=7)
LINK_LIFE_AFTER_END = timedelta(days=60)
ANONYMISE_AFTER = timedelta(days=730)  # since the end, or since anything was done about one that has none

HELD_FOR = timedelta(hours=4)  # working hours of the territory
LATE_AFTER = timedelta(days=7)  # staff's counter
CLOCK_RETRY_AFTER = timedelta(hours=1)  # a request whose clock failed
