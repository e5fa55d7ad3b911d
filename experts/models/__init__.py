"""Tables of accounts, of the catalogue of subjects, and of the directory of offices and experts."""

from experts.models.accounts import User
from experts.models.catalogue import (
    EntryQuestion,
    Institution,
    InstitutionGroup,
    InstitutionKind,
    Subject,
    SubjectInstitution,
    Theme,
)
from experts.models.directory import Absence, Expert, Office

__all__ = [
    "Absence",
    "EntryQuestion",
    "Expert",
    "Institution",
    "InstitutionGroup",
    "InstitutionKind",
    "Office",
    "Subject",
    "SubjectInstitution",
    "Theme",
    "User",
]
