"""Tables of accounts, of the catalogue of subjects, and of the directory of offices and experts."""

from experts.models.access import AccessRecord, AccountSession, Invitation
from experts.models.accounts import User
from experts.models.canned_answers import CannedAnswer
from experts.models.catalogue import (
    CatalogueModel,
    EntryQuestion,
    Institution,
    InstitutionGroup,
    InstitutionKind,
    Subject,
    SubjectExamples,
    SubjectInstitution,
    Theme,
)
from experts.models.experts import Absence, Expert
from experts.models.mail_preferences import MailPreference
from experts.models.offices import Office
from experts.models.rate_counters import RateCounter
from experts.models.region_details import RegionalLink, RegionDetails
from experts.models.revisions import Cause, RevisedRow, Revision
from experts.models.seats import Seat

__all__ = [
    "Absence",
    "AccessRecord",
    "AccountSession",
    "CannedAnswer",
    "CatalogueModel",
    "Cause",
    "EntryQuestion",
    "Expert",
    "Institution",
    "InstitutionGroup",
    "InstitutionKind",
    "Invitation",
    "MailPreference",
    "Office",
    "RateCounter",
    "RegionDetails",
    "RegionalLink",
    "RevisedRow",
    "Revision",
    "Seat",
    "Subject",
    "SubjectExamples",
    "SubjectInstitution",
    "Theme",
    "User",
]
