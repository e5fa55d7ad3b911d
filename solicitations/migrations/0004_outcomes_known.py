"""Fills the new columns and makes the new indexes while the portal runs: nothing waits for a lock."""

from datetime import timedelta

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

AT_ONCE = 500
STILL_ASKED = timedelta(days=60)
FILL = """
UPDATE solicitations_solicitation AS request
SET outcome_at = known.outcome_at, surveyed_at = known.surveyed_at
FROM (
    SELECT request.id, min(match.ended_at) AS outcome_at, min(survey.asked_at) AS surveyed_at
    FROM solicitations_solicitation AS request
    LEFT JOIN solicitations_survey AS survey ON survey.solicitation_id = request.id
    LEFT JOIN solicitations_need AS need ON need.solicitation_id = request.id
    LEFT JOIN solicitations_match AS match
        ON match.need_id = need.id AND match.state IN ('helped', 'no_help', 'unreachable')
    WHERE request.id = ANY(%s)
    GROUP BY request.id
) AS known
WHERE request.id = known.id AND (known.outcome_at IS NOT NULL OR known.surveyed_at IS NOT NULL)
"""


def fill(apps, editor):
    """Those whose company may still have to be asked, a few at a time."""
    requests = apps.get_model('solicitations', 'Solicitation').objects
    lately = Q(state='submitted') | Q(state='closed', ended_at__gt=Now() - STILL_ASKED)
    pks = list(requests.filter(lately).order_by('pk').values_list('pk', flat=True))
    with editor.connection.cursor() as cursor:
        for start in range(0, len(pks), AT_ONCE):
            cursor.execute(FILL, [pks[start : start + AT_ONCE]])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0003_outcomes'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(condition=models.Q(('kind', 'followed_up')), fields=['solicitation'], name='event_followed_up'),
        ),
        AddIndexConcurrently(
            model_name='solicitation',
            index=models.Index(condition=models.Q(('state', 'submitted'), models.Q(('is_fallback', True), ('progress', 'uncovered'), _connector='OR')), fields=['-submitted_at', '-id', 'region'], name='solicitation_unreached'),
        ),
        AddIndexConcurrently(
            model_name='solicitation',
            index=models.Index(condition=models.Q(('state', 'submitted')), fields=['submitted_at', 'id', 'region'], name='solicitation_under_way'),
        ),
        AddIndexConcurrently(
            model_name='solicitation',
            index=models.Index(Coalesce('outcome_at', 'ended_at'), condition=models.Q(('surveyed_at', None), models.Q(('state', 'closed'), models.Q(('outcome_at__isnull', False), ('state', 'submitted')), _connector='OR')), name='solicitation_unsurveyed'),
        ),
        RemoveIndexConcurrently(
            model_name='solicitation',
            name='solicitation_uncovered',
        ),
        RemoveIndexConcurrently(
            model_name='solicitation',
            name='solicitation_going_on',
        ),
    ]
