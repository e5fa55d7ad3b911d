"""Tables of accounts, of the catalogue of subjects, and of the directory of offices and experts."""

from experts.models.accounts import User
from experts.models.catalogue import (
    EntryQuestion,
    Institution,
    InstitutionGroup,
    InstitutionKind,
    Subject,
    SubjectExamples,
    SubjectInstitution,
    Theme,
)
from experts.models.directory import Absence, Expert, Office
from experts.models.rate_counters import RateCounter

__all__ = [
    "Absence",
    "EntryQuestion",
    "Expert",
    "Institution",
    "InstitutionGroup",
    "InstitutionKind",
    "Office",
    "RateCounter",
    "Subject",
    "SubjectExamples",
    "SubjectInstitution",
    "Theme",
    "User",
]
