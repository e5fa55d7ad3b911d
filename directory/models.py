"""Journal of the directory's imports."""

from django.db import models


class DirectoryImport(models.Model):
    """An import that changed something; others are not recorded."""

    imported_at = models.DateTimeField("importé le")
    file_name = models.CharField("fichier", max_length=255)
    digest = models.CharField("empreinte SHA-256", max_length=64)
    created = models.PositiveIntegerField("créés")
    changed = models.PositiveIntegerField("changés")
    closed = models.PositiveIntegerField("fermés")
    kept = models.PositiveIntegerField("gardés")
    unchanged = models.PositiveIntegerField("inchangés")

    class Meta:
        verbose_name = "import de l'annuaire"
        verbose_name_plural = "imports de l'annuaire"

    def __str__(self) -> str:
        return f"{self.file_name} ({self.imported_at:%d/%m/%Y %H:%M})"
