"""Parser of incoming mails: sender, kind (person or automatic), and the text typed by the author.

Pure: a raw message in, a ``Reply`` out; no Django, no database, no clock. ``read`` never raises.
"""

from mailing.replies.mail_kinds import MailKind
from mailing.replies.reply import Reply, read, read_files, read_headers
from mailing.replies.text_lines import DELIMITER

__all__ = ["DELIMITER", "MailKind", "Reply", "read", "read_files", "read_headers"]
