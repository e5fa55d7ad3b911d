"""Who answers: accounts, the catalogue of subjects, and the directory of offices and experts."""

from experts.models.accounts import User
from experts.models.catalogue import (
    EntryQuestion,
    Institution,
    InstitutionGroup,
    Subject,
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
    "Office",
    "RateCounter",
    "Subject",
    "SubjectInstitution",
    "Theme",
    "User",
]
