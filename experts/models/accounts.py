"""Accounts: staff of a region or of the national team. Companies and experts follow links instead."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from territories.models import Region


class UserManager(BaseUserManager["User"]):
    """Accounts without a password: people sign in with a code sent to their address."""

    def create_user(
        self, email: str, *, name: str = "", role: str = "", region: Region | None = None
    ) -> "User":
        """Create and save an account; the address is stored in lower case."""
        user = self.model(email=email.strip().lower(), name=name, role=role, region=region)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account of an address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in."""

    class Role(models.TextChoices):
        NATIONAL = "national", "Équipe nationale"
        REGION = "region", "Référent régional"

    email = models.EmailField(
        "adresse électronique",
        unique=True,
        error_messages={
            "unique": "Un compte existe déjà avec cette adresse.",
        },
    )
    name = models.CharField("nom", max_length=200, blank=True)
    role = models.CharField("rôle", max_length=10, choices=Role.choices, blank=True)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, verbose_name="région", null=True, blank=True, related_name="users"
    )
    is_active = models.BooleanField("actif", default=True)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "compte"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_unique_email",
                violation_error_message="Un compte existe déjà avec cette adresse.",
            ),
            models.CheckConstraint(condition=Q(role__in=["", "national", "region"]), name="user_known_role"),
            models.CheckConstraint(
                condition=Q(role="region", region__isnull=False)
                | (~Q(role="region") & Q(region__isnull=True)),
                name="user_region_iff_regional",
                violation_error_message="Un référent régional a une région, et lui seul.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def has_usable_password(self) -> bool:
        """``False``: Django's admin and allauth then offer no page about passwords."""
        return False

    @property
    def is_national(self) -> bool:
        """Return whether the user may see the requests of every region."""
        return self.role == self.Role.NATIONAL

    @property
    def is_staff(self) -> bool:
        """Return whether the user may open the staff's pages, Django's admin included."""
        return bool(self.role)

    def get_full_name(self) -> str:
        """Return the name, for Django's admin."""
        return str(self)

    def get_short_name(self) -> str:
        """Return the full name: there is no short one."""
        return str(self)

    def natural_key(self) -> tuple[Any, ...]:
        """Return the address, which identifies the account in fixtures."""
        return (self.email,)
