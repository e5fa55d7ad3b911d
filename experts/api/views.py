"""Public API: themes, subjects, institutions and those that would answer, cacheable; suggestions."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from experts.api.serializers import (
    AnswerQuery,
    AnswerSerializer,
    InstitutionSerializer,
    NotFoundSerializer,
    SubjectSerializer,
    SuggestionsQuery,
    SuggestionsSerializer,
    ThemeSerializer,
)
from experts.models import Institution, Subject, SubjectInstitution, Theme
from experts.routing.criteria import ApplicantFacts
from experts.routing.loading import decide
from experts.wording import loading
from territories.api.throttling import NetworkThrottle
from territories.models import Commune, UnknownCommune

HOUR = 3600
FIVE_MINUTES = 300
TOO_MANY = OpenApiResponse(description="Trop de demandes : attendez la durée donnée par Retry-After.")


class CatalogueThrottle(NetworkThrottle):
    """Rate limit, high enough for a partner's site to read everything in one go."""

    scope = "catalogue"
    rate = "120/min"


class SuggestionsThrottle(NetworkThrottle):
    """Rate limit, high enough for several people who type behind one IP address."""

    scope = "suggestions"
    rate = "60/min"


class PublicView(APIView):
    """A view open to anyone, whose responses may be cached for ``max_age`` seconds."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes: Sequence[type[BaseThrottle]] = (CatalogueThrottle,)
    max_age: ClassVar[int] = HOUR

    def cacheable(self, content: Any) -> Response:
        """Return a response that caches may share."""
        response = Response(content)
        patch_cache_control(response, public=True, max_age=self.max_age)
        return response


class ThemeList(PublicView):
    @extend_schema(summary="Les thèmes", responses={200: ThemeSerializer(many=True), 429: TOO_MANY})
    def get(self, request: Request) -> Response:
        """List the themes in the order of the home page."""
        themes = Theme.objects.listed().order_by("position", "pk")
        return self.cacheable(ThemeSerializer(themes, many=True).data)


class SubjectList(PublicView):
    @extend_schema(summary="Les sujets", responses={200: SubjectSerializer(many=True), 429: TOO_MANY})
    def get(self, request: Request) -> Response:
        """List the subjects in display order, each with the institutions that answer it."""
        return self.cacheable(SubjectSerializer(_subjects(), many=True).data)


class InstitutionList(PublicView):
    @extend_schema(
        summary="Les institutions", responses={200: InstitutionSerializer(many=True), 429: TOO_MANY}
    )
    def get(self, request: Request) -> Response:
        """List the institutions in catalogue order."""
        institutions = Institution.objects.listed().order_by("position", "pk")
        return self.cacheable(InstitutionSerializer(institutions, many=True).data)


class Answers(PublicView):
    max_age = FIVE_MINUTES

    @extend_schema(
        summary="Qui répondrait à un sujet dans une commune",
        parameters=[AnswerQuery],
        responses={
            200: AnswerSerializer,
            400: OpenApiResponse(description="Une phrase en français par champ."),
            404: NotFoundSerializer,
            429: TOO_MANY,
        },
    )
    def get(self, request: Request) -> Response:
        """Name the institutions that would answer a company of which nothing is known."""
        query = AnswerQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, str] = query.validated_data
        commune = _commune(asked["commune"])
        missing = {}
        if not Subject.objects.listed().filter(slug=asked["subject"]).exists():
            missing["subject"] = [f"Le sujet « {asked['subject']} » n'existe pas."]
        if commune is None:
            missing["commune"] = [f"Aucune commune n'a le code « {asked['commune']} »."]
        if commune is None or missing:
            return Response(missing, status=404)
        today = timezone.localdate()
        (need,) = decide(subjects=[asked["subject"]], commune=commune, facts=ApplicantFacts(), on=today).needs
        institutions = list(dict.fromkeys(chosen.institution for chosen in need.chosen))
        return self.cacheable({"institutions": institutions, "fallback": need.is_fallback})


class SuggestSubjects(PublicView):
    throttle_classes = (SuggestionsThrottle,)

    @extend_schema(
        summary="Les sujets d'un texte écrit par une personne",
        description="Chaque besoin d'un même texte donne son sujet. Le texte n'est pas gardé.",
        request=SuggestionsQuery,
        responses={
            200: SuggestionsSerializer,
            400: OpenApiResponse(description="Une phrase en français par champ."),
            429: TOO_MANY,
        },
    )
    def post(self, request: Request) -> Response:
        """Suggest subjects; the answer is kept by no cache, since it quotes the person."""
        query = SuggestionsQuery(data=request.data)
        query.is_valid(raise_exception=True)
        response = Response(loading.suggest(query.validated_data["text"]).as_json())
        patch_cache_control(response, private=True, no_store=True)
        return response


def _commune(code: str) -> Commune | None:
    """The current commune of a code, ``None`` when the code never existed."""
    try:
        return Commune.objects.resolve(code)
    except UnknownCommune:
        return None


def _subjects() -> list[Subject]:
    """All the subjects in display order; ``answering`` holds the codes of the institutions that answer."""
    notifiable = Institution.objects.listed().exclude(notified=Institution.Notified.NEVER)
    codes = dict(notifiable.values_list("pk", "code"))
    members: dict[int | None, list[str]] = {}
    for group, code in notifiable.order_by("position", "pk").values_list("group", "code"):
        members.setdefault(group, []).append(code)
    answers = SubjectInstitution.objects.filter(is_relay=False).order_by("position", "pk")
    subjects = list(
        Subject.objects.listed()
        .select_related("theme")
        .prefetch_related(Prefetch("answers", answers, to_attr="leading"))
        .order_by("position", "pk")
    )
    for subject in subjects:
        found: list[str] = []
        for answer in subject.leading:
            alone = codes.get(answer.institution_id)
            found += members.get(answer.group_id, []) if answer.group_id else [alone] if alone else []
        subject.answering = list(dict.fromkeys(found))
    return subjects
