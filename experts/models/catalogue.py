"""Tables of the catalogue: themes, subjects, the institutions that answer them, entry questions."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class CatalogueQuerySet(models.QuerySet):
    """Rows of the catalogue, kept after an import no longer names them."""

    def listed(self) -> "CatalogueQuerySet":
        """Rows still in the catalogue; the others remain for the requests that refer to them."""
        return self.filter(dropped_at__isnull=True)


class CatalogueModel(models.Model):
    """A row that the catalogue's files bring, and that the national team may correct or add."""

    is_added_here = models.BooleanField("ajouté dans le portail", default=False, db_default=False)
    # Names of facts edited in the portal: the files no longer overwrite them.
    edited_fields = ArrayField(
        models.CharField(max_length=40),
        verbose_name="corrigé dans le portail",
        default=list,
        blank=True,
        db_default=[],
    )

    class Meta:
        abstract = True

    def mark_edited(self, facts: Iterable[str]) -> None:
        """Record that these facts were edited here, so that no file overwrites them. Saves nothing."""
        if not self.is_added_here:
            self.edited_fields = sorted({*self.edited_fields, *facts})


class InstitutionGroup(CatalogueModel):
    """Institutions that a subject names together, such as the OPCO; each answers on its own."""

    code = models.CharField("code", max_length=20, unique=True)
    label = models.CharField("nom", max_length=200)
    summary = models.TextField("résumé", blank=True)
    position = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "groupe d'institutions"
        verbose_name_plural = "groupes d'institutions"

    def __str__(self) -> str:
        return self.label


class InstitutionKind(models.TextChoices):
    STATE = "state", "Service de l'État"
    OPERATOR = "operator", "Opérateur public"
    LOCAL_AUTHORITY = "local_authority", "Collectivité"
    CHAMBER = "chamber", "Chambre consulaire"
    SOCIAL = "social", "Protection sociale et financement"
    BRANCH = "branch", "Branche professionnelle"
    INSERTION = "insertion", "Insertion"
    TRAINING = "training", "Formation"
    RELAY = "relay", "Relais"


class Institution(CatalogueModel):
    """A public body or partner under its current name; its offices answer requests."""

    class UsualLevel(models.TextChoices):
        COMMUNE = "commune", "Commune"
        EPCI = "epci", "Intercommunalité"
        ZONE = "zone", "Zone"
        DEPARTMENT = "department", "Département"
        REGION = "region", "Région"
        NATIONAL = "national", "France entière"

    class Notified(models.TextChoices):
        AUTOMATIC = "automatic", "Automatiquement"
        BY_AGREEMENT = "by_agreement", "Par convention"
        NEVER = "never", "Jamais"

    code = models.CharField("code", max_length=20, unique=True)
    name = models.CharField("nom", max_length=200)
    former_names = ArrayField(
        models.CharField(max_length=200), verbose_name="anciens noms", default=list, blank=True
    )
    group = models.ForeignKey(
        InstitutionGroup,
        on_delete=models.SET_NULL,
        verbose_name="groupe",
        null=True,
        blank=True,
        related_name="institutions",
    )
    kind = models.CharField("nature", max_length=20, choices=InstitutionKind.choices)
    usual_level = models.CharField("territoire habituel", max_length=20, choices=UsualLevel.choices)
    notified = models.CharField("prévenue", max_length=20, choices=Notified.choices)
    is_legal_information = models.BooleanField(
        "renseigne en droit du travail",
        default=False,
        db_default=False,
        help_text="Le délai légal de réponse (L. 5143-1) lie ces services, et eux seuls quand il y en a.",
    )
    summary = models.TextField("résumé", blank=True)
    position = models.PositiveSmallIntegerField("rang")
    dropped_at = models.DateTimeField("retirée le", null=True, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = "institution"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "state",
                        "operator",
                        "local_authority",
                        "chamber",
                        "social",
                        "branch",
                        "insertion",
                        "training",
                        "relay",
                    ]
                ),
                name="institution_known_kind",
            ),
            models.CheckConstraint(
                condition=Q(usual_level__in=["commune", "epci", "zone", "department", "region", "national"]),
                name="institution_known_level",
            ),
            models.CheckConstraint(
                condition=Q(notified__in=["automatic", "by_agreement", "never"]),
                name="institution_known_notified",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_be_unticked(self) -> bool:
        """Return whether the owner may exclude this institution from a request."""
        return self.kind in {InstitutionKind.BRANCH, InstitutionKind.INSERTION, InstitutionKind.TRAINING}


class Theme(CatalogueModel):
    """A group of subjects, ordered by ``position`` on the home page."""

    slug = models.SlugField("adresse", max_length=60, unique=True)
    label = models.CharField("nom", max_length=200)
    summary = models.TextField("résumé", blank=True)
    position = models.PositiveSmallIntegerField("rang")
    dropped_at = models.DateTimeField("retiré le", null=True, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = "thème"

    def __str__(self) -> str:
        return self.label


class Subject(CatalogueModel):
    """A kind of need, named as companies would; a subject without theme goes to the fallback office."""

    slug = models.SlugField("adresse", max_length=60, unique=True)
    theme = models.ForeignKey(
        Theme, on_delete=models.PROTECT, verbose_name="thème", null=True, blank=True, related_name="subjects"
    )
    label = models.CharField("nom", max_length=200)
    summary = models.TextField("résumé", blank=True)
    guidance = models.TextField("ce qu'il faut écrire", blank=True)
    keywords = ArrayField(
        models.CharField(max_length=200), verbose_name="mots-clés", default=list, blank=True
    )
    position = models.PositiveSmallIntegerField("rang")
    is_labour_law = models.BooleanField("droit du travail", default=False)
    is_confidential = models.BooleanField("confidentiel", default=False)
    is_local_first = models.BooleanField("près de chez vous", default=False)
    is_collective = models.BooleanField("se prête à une action collective", default=False)
    is_open_to_project_holders = models.BooleanField("ouvert aux porteurs de projet", default=False)
    institutions = models.ManyToManyField(
        Institution, through="SubjectInstitution", related_name="subjects", verbose_name="institutions"
    )
    dropped_at = models.DateTimeField("retiré le", null=True, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = "sujet"

    def __str__(self) -> str:
        return self.label


class SubjectExamples(models.Model):
    """Sentences of owners about a subject, which suggestions learn; apart, since nothing else reads them."""

    subject = models.OneToOneField(
        Subject, on_delete=models.CASCADE, primary_key=True, related_name="examples", verbose_name="sujet"
    )
    texts = ArrayField(models.CharField(max_length=500), verbose_name="phrases", default=list, blank=True)

    class Meta:
        verbose_name = "phrases d'un sujet"
        verbose_name_plural = "phrases des sujets"

    def __str__(self) -> str:
        return str(self.subject)


class SubjectInstitution(models.Model):
    """An institution, or a group of them, that answers a subject; a relay is shown but never notified."""

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="answers")
    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, null=True, blank=True, related_name="answers"
    )
    group = models.ForeignKey(
        InstitutionGroup,
        on_delete=models.CASCADE,
        verbose_name="groupe",
        null=True,
        blank=True,
        related_name="answers",
    )
    position = models.PositiveSmallIntegerField("rang")
    is_relay = models.BooleanField("relais", default=False)

    class Meta:
        verbose_name = "institution d'un sujet"
        verbose_name_plural = "institutions d'un sujet"
        constraints = [
            models.CheckConstraint(
                condition=Q(institution__isnull=False, group__isnull=True)
                | Q(institution__isnull=True, group__isnull=False),
                name="answer_institution_or_group",
                violation_error_message="Choisissez une institution ou un groupe, l'un des deux.",
            ),
            models.UniqueConstraint(
                fields=["subject", "institution", "group", "is_relay"],
                nulls_distinct=False,
                name="answer_once_per_subject",
            ),
        ]

    def __str__(self) -> str:
        return str(self.institution or self.group)


class EntryQuestion(CatalogueModel):
    """A question of the home page that leads to a theme, or to one or several subjects."""

    position = models.PositiveSmallIntegerField("rang", unique=True)
    question = models.CharField("question", max_length=200)
    theme = models.ForeignKey(
        Theme,
        on_delete=models.CASCADE,
        verbose_name="thème",
        null=True,
        blank=True,
        related_name="entry_questions",
    )
    subjects = models.ManyToManyField(
        Subject, verbose_name="sujets", blank=True, related_name="entry_questions"
    )
    dropped_at = models.DateTimeField("retirée le", null=True, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = "question d'entrée"
        verbose_name_plural = "questions d'entrée"

    def __str__(self) -> str:
        return self.question
