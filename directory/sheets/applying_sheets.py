"""Application of a dry run: one transaction and one revision."""

from datetime import datetime

from directory.sheets.trial import SheetTrial
from experts.changes import applying
from experts.models import Cause, Revision, User
from mailing.transactions import transaction_required


class ChangedMeanwhile(Exception):
    """The file would no longer do what was shown; ``trial`` is what it would do now."""

    def __init__(self, trial: SheetTrial) -> None:
        self.trial = trial
        super().__init__("changed meanwhile")


@transaction_required
def apply_trial(
    trial: SheetTrial,
    name: str,
    *,
    now: datetime,
    author: User | None = None,
    cause: Cause = Cause.SHEET,
) -> Revision | None:
    """Apply a dry run that was just made; ``None`` when nothing changes. Raises ``StalePlan``."""
    return applying.apply_inside(trial.plan, cause=cause, now=now, author=author, note=name)
