"""Serializers of the public API for subjects and the institutions that answer them."""

from typing import Any, ClassVar

from rest_framework import serializers

from experts.models import Institution, Subject, Theme
from experts.wording import inputs as wording
from experts.wording.features import MAX_TEXT


class ThemeSerializer(serializers.ModelSerializer[Theme]):
    title = serializers.CharField(source="label")

    class Meta:
        model = Theme
        fields = ("slug", "title", "summary")


class SubjectSerializer(serializers.ModelSerializer[Subject]):
    title = serializers.CharField(source="label")
    theme = serializers.SlugField(
        source="theme.slug", default=None, allow_null=True, help_text="Vide pour un sujet hors thème."
    )
    institutions = serializers.ListField(
        source="answering", child=serializers.CharField(), help_text="Codes de celles qui répondent."
    )

    class Meta:
        model = Subject
        fields = ("slug", "title", "theme", "summary", "institutions")


class InstitutionSerializer(serializers.ModelSerializer[Institution]):
    class Meta:
        model = Institution
        fields = ("code", "name", "summary")


class AnswerSerializer(serializers.Serializer[Any]):
    institutions = serializers.ListField(
        child=serializers.CharField(), help_text="Codes de celles qui recevraient la demande."
    )
    fallback = serializers.BooleanField(
        help_text="Vrai quand personne ne couvre ce sujet à cet endroit : le référent de la région répond."
    )


class AnswerQuery(serializers.Serializer[Any]):
    subject = serializers.CharField(
        max_length=60,
        help_text="Adresse du sujet, comme « metier-tension ».",
        error_messages={
            "required": "Indiquez un sujet, comme « metier-tension ».",
            "blank": "Indiquez un sujet, comme « metier-tension ».",
            "max_length": "Ce sujet est trop long : 60 caractères au plus.",
        },
    )
    commune = serializers.RegexField(
        r"^[0-9][0-9AB][0-9]{3}$",
        help_text="Code INSEE, comme « 21231 » ; un code ancien mène à la commune d'aujourd'hui.",
        error_messages={
            "required": "Indiquez le code INSEE d'une commune, comme « 21231 ».",
            "blank": "Indiquez le code INSEE d'une commune, comme « 21231 ».",
            "invalid": "Un code INSEE a cinq caractères, comme « 21231 » ou « 2A004 ».",
        },
    )


class NotFoundSerializer(serializers.Serializer[Any]):
    """Error 404: the parameters that do not exist."""

    subject = serializers.ListField(child=serializers.CharField(), required=False)
    commune = serializers.ListField(child=serializers.CharField(), required=False)


class WrittenField(serializers.CharField):
    """A text that somebody wrote: a number is none, where the framework would turn it into one."""

    def to_internal_value(self, data: object) -> str:
        """Return the text without the spaces around it."""
        if not isinstance(data, str):
            self.fail("invalid")
        written: str = super().to_internal_value(data)
        return written


class SuggestionsQuery(serializers.Serializer[Any]):
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Envoyez un objet JSON, qui a une clé « text »."
    }
    text = WrittenField(
        max_length=MAX_TEXT,
        help_text="Ce que la personne écrit, avec ses mots. Rien n'en est gardé.",
        error_messages={
            "required": wording.EMPTY,
            "blank": wording.EMPTY,
            "null": wording.EMPTY,
            "invalid": wording.EMPTY,
            "max_length": wording.TOO_LONG,
        },
    )


class SuggestionSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(help_text="Adresse du sujet.")
    score = serializers.FloatField(help_text="De 0 à 1 ; ceux de tous les sujets font 1.")
    because = serializers.ListField(
        child=serializers.CharField(), help_text="Les mots de la personne qui ont compté."
    )


class SuggestionsSerializer(serializers.Serializer[Any]):
    subjects = SuggestionSerializer(many=True, help_text="Les plus probables d'abord, cinq au plus.")
    confident = serializers.BooleanField(help_text="Faux dès qu'il y a un doute.")
    doubts = serializers.ListField(
        child=serializers.CharField(), help_text="Pourquoi ce n'est pas sûr, en phrases."
    )
