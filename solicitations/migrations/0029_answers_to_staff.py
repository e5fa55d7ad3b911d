"""Answers of experts to words of staff, as they came by mail."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailing', '0007_digest_rows'),
        ('solicitations', '0028_no_break_spaces'),
    ]

    operations = [
        migrations.AddField(
            model_name='staffmessage',
            name='answers',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='given_answers', to='solicitations.staffmessage'),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='attachments',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='incoming',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='mailing.incomingemail'),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='sent_from',
            field=models.CharField(blank=True, db_default='', default='', max_length=254),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
