"""Has the clock look once at all that it may owe something, and makes the index, while the portal runs."""

from datetime import timedelta

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

AT_ONCE = 500
STILL_ASKED, STILL_FOLLOWED = timedelta(days=60), timedelta(days=213)


def fill(apps, editor):
    """Have the planner asked about open requests, and closed ones not asked their opinion, a few at a time.

    The version before does not know the column: what it changes meanwhile, the nightly recount finds.
    """
    requests = apps.get_model('solicitations', 'Solicitation').objects
    in_difficulty = requests.filter(needs__subject__theme__slug='difficultes')
    lately = Q(ended_at__gt=Now() - STILL_ASKED, surveyed_at=None) | Q(
        submitted_at__gt=Now() - STILL_FOLLOWED, pk__in=in_difficulty.values('pk')
    )
    owed = requests.filter(Q(state='submitted') | Q(state='closed') & lately)
    pks = list(owed.order_by('pk').values_list('pk', flat=True))
    for start in range(0, len(pks), AT_ONCE):
        requests.filter(pk__in=pks[start : start + AT_ONCE], clock_due_at=None).update(clock_due_at=Now())


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0007_clock_due'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name='solicitation',
            index=models.Index(condition=models.Q(('clock_due_at__isnull', False)), fields=['clock_due_at', 'id'], name='solicitation_clock_due'),
        ),
        RemoveIndexConcurrently(
            model_name='solicitation',
            name='solicitation_unsurveyed',
        ),
        RemoveIndexConcurrently(
            model_name='event',
            name='event_followed_up',
        ),
    ]
