"""Changes to the directory that a manager may make: those of her own people, not their areas."""

from django.utils import timezone

from experts.accounts import seats
from experts.changes.rights import Refusal
from experts.changes.row_plans import Plan
from experts.models import User

# Facts of an expert that the region keeps to itself: where they answer, in which office, at which address.
OF_THE_REGION = frozenset({"areas", "office", "email", "is_bouncing", "dropped_at", "source"})
ASK_REGION = "Demandez ce changement à votre région."


def refused_to_manager(plan: Plan, user: User) -> list[Refusal]:
    """List the parts of a plan that a manager may not write."""
    codes = set(seats.managed_offices(user, now=timezone.now()).values_list("code", flat=True))
    changes = plan.only_changes()
    refused = [Refusal("office", row.key, "", ASK_REGION) for row in changes.offices]
    refused += [Refusal("zone", row.key, "", ASK_REGION) for row in changes.zones]
    for row in changes.experts:
        offices = {facts["office"] for facts in (row.before, row.after) if facts}
        if not offices <= codes:
            sentence = f"Vous n'êtes pas responsable de l'antenne de « {row.label} »."
            refused.append(Refusal("expert", row.key, "", sentence))
        elif row.instance is not None and (kept := OF_THE_REGION & set(row.written_facts)):
            refused += [Refusal("expert", row.key, fact, ASK_REGION) for fact in sorted(kept)]
    return refused
