"""Three voices: answers to one question, messages within an institution, and texts that are withdrawn."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from solicitations.migrations._locks import IN_ORDER


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0007_seats'),
        ('mailing', '0005_used_stamps'),
        ('solicitations', '0018_stand_in_asked'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        IN_ORDER,
        migrations.AddField(
            model_name='addition',
            name='question',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='solicitations.question'),
        ),
        migrations.AddField(
            model_name='addition',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='attachments',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='question',
            name='incoming',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='mailing.incomingemail'),
        ),
        migrations.AddField(
            model_name='question',
            name='sent_from',
            field=models.CharField(blank=True, db_default='', default='', max_length=254),
        ),
        migrations.AddField(
            model_name='question',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='InternalMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sent_from', models.CharField(blank=True, db_default='', default='', max_length=254)),
                ('attachments', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, db_default=[], default=list, size=None)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('author', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('at', models.DateTimeField()),
                ('by_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incoming', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='mailing.incomingemail')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='experts.institution')),
                ('mailbox', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='internal_messages', to='solicitations.mailbox')),
                ('solicitation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='internal_messages', to='solicitations.solicitation')),
            ],
            options={
                'indexes': [models.Index(fields=['solicitation', 'at'], name='internal_message_of_request')],
                'constraints': [models.CheckConstraint(condition=models.Q(('mailbox__isnull', False), ('by_user__isnull', False), _connector='OR'), name='internal_message_has_an_author')],
            },
        ),
    ]
