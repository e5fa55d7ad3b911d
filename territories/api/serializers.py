"""Query and answer of the public API about communes."""

from rest_framework import serializers

from territories.models import Commune


class CommuneQuery(serializers.Serializer[None]):
    q = serializers.CharField(
        max_length=100,
        help_text="Nom, début de nom, ancien nom ou code postal.",
        error_messages={
            "required": "Indiquez le nom d'une commune ou un code postal.",
            "blank": "Indiquez le nom d'une commune ou un code postal.",
            "max_length": "Raccourcissez votre recherche : 100 caractères au plus.",
        },
    )


class CommuneSerializer(serializers.ModelSerializer[Commune]):
    department = serializers.CharField(source="department.name", help_text="Nom du département.")
    department_code = serializers.CharField(source="department_id")
    former_name = serializers.CharField(
        source="found_as",
        help_text="Nom de l'ancienne commune qui a mené à celle-ci ; vide sinon.",
    )

    class Meta:
        model = Commune
        fields = (
            "code",
            "name",
            "department",
            "department_code",
            "postcodes",
            "former_name",
        )
