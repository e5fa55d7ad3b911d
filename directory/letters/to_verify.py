"""Records that a region has to look at in its directory, each with its evidence."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from directory.letters import yearly
from directory.letters.repeated_declines import repeated_declines
from directory.models import RecordRemark
from directory.silence import silent
from directory.successors import SuccessorOffer, offers
from experts.models import Expert, User
from mailing.models import RefusedAddress
from solicitations.lifecycle import DeclineReason

PROPOSALS = {
    DeclineReason.NOT_MY_AREA: ("Retirer ce territoire", "expert_areas"),
    DeclineReason.NOT_MY_SUBJECT: ("Retirer le sujet", "expert_subjects"),
    DeclineReason.NOT_ELIGIBLE: ("Corriger les conditions de l'antenne", "office_criteria"),
}


@dataclass(frozen=True)
class Doubt:
    """An expert to look at: why, and the page that mends it (a name of ``directory``'s addresses)."""

    expert: Expert
    evidence: str
    gesture: str = "Ouvrir sa fiche"
    page: str = "expert"
    is_proposed: bool = False  # the page opens with the correction filled in

    @property
    def url(self) -> str:
        """The page that mends it."""
        is_of_office = self.page.startswith("office")
        path = reverse(
            f"directory:{self.page}", args=[self.expert.office.code if is_of_office else self.expert.pk]
        )
        return f"{path}?refus={self.expert.pk}" if self.is_proposed else path


@dataclass(frozen=True)
class ToVerify:
    """The list of a region, and how much of its directory was verified within a year."""

    remarks: list[tuple[RecordRemark, SuccessorOffer | None]]
    doubts: list[Doubt]
    people: int
    verified: int

    @property
    def percent(self) -> int:
        """Share of the posts verified within a year, rounded down."""
        return 100 * self.verified // self.people if self.people else 0


def to_verify(user: User, *, now: datetime) -> ToVerify:
    """The list of this member of staff. A fixed number of queries."""
    since = timezone.localdate(now) - yearly.YEAR
    people = yearly.serving(now=now).filter(pk__in=Expert.objects.visible_to(user))
    counts = people.aggregate(all=Count("pk"), verified=Count("pk", filter=Q(verified_on__gt=since)))
    remarks = RecordRemark.objects.visible_to(user).waiting().select_related("expert__office")
    found = people.select_related("office").order_by("office__name", "name", "pk")
    late = {email.lower() for email in yearly.unanswered(now=now)}
    return ToVerify(
        remarks=_with_successors(list(remarks.order_by("at", "pk"))),
        doubts=[
            *_refused(found.filter(is_bouncing=True)),
            *(
                Doubt(expert, "N'a répondu à aucune des trois dernières demandes")
                for expert in silent(found, now=now)
            ),
            *(
                Doubt(one.expert, one.evidence, *PROPOSALS[one.reason], is_proposed=True)
                for one in repeated_declines(found, now=now)
            ),
            *(
                Doubt(expert, "N'a pas répondu à la lettre annuelle ni à ses deux relances")
                for expert in found.alias(address=Lower("email")).filter(address__in=late)
            ),
        ],
        people=counts["all"],
        verified=counts["verified"],
    )


def _with_successors(remarks: list[RecordRemark]) -> list[tuple[RecordRemark, SuccessorOffer | None]]:
    """Each remark; the last one of an expert who left comes with the post to create for the successor."""
    gone = [one.expert for one in remarks if one.expert.left_at and one.expert.successor]
    found = {offer.gone.pk: offer for offer in offers(gone)} if gone else {}
    return [(remark, found.pop(remark.expert_id, None)) for remark in reversed(remarks)][::-1]


def _refused(experts: QuerySet[Expert]) -> list[Doubt]:
    """The experts whose address refuses our mails, with the last answer of its server."""
    people = list(experts)
    rows = RefusedAddress.objects.filter(address__in=[expert.email.lower() for expert in people])
    server_texts = dict(rows.values_list("address", "server_text"))
    doubts = []
    for expert in people:
        answer = server_texts.get(expert.email.lower())
        evidence = "Son adresse refuse nos courriels" + (f" : « {answer} »" if answer else "")
        doubts.append(Doubt(expert, evidence))
    return doubts
