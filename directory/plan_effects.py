"""Losses of a plan and open requests that depend on it, for files and commands."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from directory import plan_warnings
from directory.coverage_loss import Loss, losses
from experts.changes.row_plans import Plan
from experts.models import User


def command_user(region: str | None) -> User:
    """An account that a command acts as: the national team, or an admin of the region. Never saved."""
    role = User.Role.NATIONAL if region is None else User.Role.REGION
    return User(role=role, region_id=region)


def effects(plan: Plan, *, user: User | None, now: datetime) -> dict[str, Any]:
    """The losses and the dependents of a plan, as JSON; without ``user``, no request is looked for."""
    found = plan_warnings.dependents(plan, user=user) if user else None
    return {
        "losses": [asdict(loss) for loss in losses(plan, now=now)],
        "dependents": asdict(found) if found else None,
    }


def read_losses(report: dict[str, Any]) -> list[Loss]:
    """The losses of ``effects``, kept as JSON."""
    return [Loss(**one) for one in report.get("losses") or ()]


def lines(effects: dict[str, Any]) -> Iterator[str]:
    """Sentences about what ``effects`` of a plan takes away."""
    for loss in read_losses(effects):
        others = f" et {loss.others} autres" if loss.others else ""
        yield f"Plus personne n'y répondra · {loss.subject} : {', '.join(loss.names)}{others}."
    if found := effects["dependents"]:
        yield (
            f"Demandes ouvertes qui en dépendent : {found['waiting']} besoins en attente de réponse, "
            f"{found['taken']} pris en charge."
        )
        yield from (f"  {one['reference']}" for one in found["listed"])
        if found["others"]:
            yield f"  et {found['others']} autres"
