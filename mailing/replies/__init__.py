"""Reading a mail that came in: who wrote, is it a person, and which words are theirs.

Pure: a raw message in, a ``Reply`` out; no Django, no database, no clock. ``read`` never raises.
"""

from mailing.replies.kinds import Kind
from mailing.replies.lines import DELIMITER
from mailing.replies.reading import READ_AT_MOST, Reply, read

__all__ = ["DELIMITER", "READ_AT_MOST", "Kind", "Reply", "read"]
