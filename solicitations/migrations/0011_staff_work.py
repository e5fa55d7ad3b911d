"""Words of staff and the colleague in charge; what the database holds already is checked by the next migration."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from solicitations.migrations._locks import IN_ORDER


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0003_legal_information'),
        ('solicitations', '0010_experts_gone'),
        ('territories', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        IN_ORDER,
        migrations.CreateModel(
            name='ReadyAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=80)),
                ('body', models.TextField()),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StaffMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('addressee', models.CharField(max_length=1000)),
                ('body', models.TextField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StaffNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='alert',
            name='alert_cause',
        ),
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind',
        ),
        migrations.AddField(
            model_name='solicitation',
            name='handled_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='solicitation',
            name='handled_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='alert',
            name='cause',
            field=models.CharField(choices=[('held', 'Demande retenue : à libérer ou à clore'), ('nobody', 'Personne à qui transmettre la demande'), ('ack_refused', "L'accusé de réception n'est pas arrivé : appelez l'entreprise"), ('all_declined', 'Tous les référents ont décliné'), ('exhausted', 'Plus personne à solliciter'), ('departure', "Un référent dit n'être plus là"), ('not_called', "L'entreprise dit que personne ne l'a rappelée"), ('mail_refused', 'Un courriel à un référent a été refusé'), ('late', "Personne n'a pris la demande en charge depuis quatorze jours"), ('silent', 'Prise en charge, et sans suite depuis quarante-cinq jours'), ('legal', 'Question de droit du travail : le délai légal approche'), ('reply_held', 'Une réponse par courriel est à vérifier'), ('similar', 'Une demande semblable attend dans une autre région')], max_length=15),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('submitted', 'Demande envoyée'), ('held', 'Demande retenue'), ('released', 'Demande libérée'), ('routed', 'Référents désignés'), ('routing_failed', "Désignation impossible pour l'instant"), ('moved', "Réponse d'un référent"), ('undone', 'Réponse annulée'), ('handed_over', 'Réorientation'), ('brought_in', 'Renfort demandé'), ('fallback', 'Reprise par un relais'), ('exhausted', 'Plus personne à solliciter'), ('asked', "Précision demandée à l'entreprise"), ('added', "Informations ajoutées par l'entreprise"), ('contact_corrected', 'Coordonnées corrigées'), ('still_waiting', "L'entreprise n'a pas été rappelée"), ('cancelled', "Demande annulée par l'entreprise"), ('closed', 'Demande close'), ('reopened', 'Demande rouverte'), ('corrected', "Demande corrigée par l'équipe"), ('added_institution', "Institution ajoutée par l'équipe"), ('withdrawn', "Référent retiré par l'équipe"), ('merged', 'Doublon réuni à la première demande'), ('departure', "Un référent n'est plus là"), ('opened', 'Demande confidentielle ouverte'), ('mail_opened', 'Courriel confidentiel ouvert'), ('link_reissued', 'Lien renvoyé'), ('reminded', 'Référent relancé'), ('company_told', "Point d'étape envoyé à l'entreprise"), ('manager_told', "Responsable de l'antenne prévenu"), ('widened', 'Nouvelle désignation, faute de réponse'), ('region_told', 'Signalée à la région'), ('legal_escalated', 'Délai légal proche : responsable et région prévenus'), ('call_checked', "L'entreprise est interrogée sur son rappel"), ('called', "L'entreprise dit avoir été rappelée"), ('surveyed', "Avis demandé à l'entreprise"), ('survey_answered', "Avis de l'entreprise reçu"), ('followed_up', 'Point à six mois envoyé'), ('anonymised', 'Demande anonymisée'), ('reply_published', "Réponse par courriel publiée par l'équipe"), ('reply_set_aside', "Réponse par courriel écartée par l'équipe"), ('noted', 'Note interne'), ('handled', "S'en occupe"), ('unhandled', "Ne s'en occupe plus"), ('staff_reminded', "Relance par l'équipe"), ('staff_wrote', "Mot de l'équipe à un référent"), ('other_region_told', 'Autre région prévenue')], max_length=20),
        ),
        AddConstraintNotValid(
            model_name='alert',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['held', 'nobody', 'ack_refused', 'all_declined', 'exhausted', 'departure', 'not_called', 'mail_refused', 'late', 'silent', 'legal', 'reply_held', 'similar'])), name='alert_cause'),
        ),
        AddConstraintNotValid(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['submitted', 'held', 'released', 'routed', 'routing_failed', 'moved', 'undone', 'handed_over', 'brought_in', 'fallback', 'exhausted', 'asked', 'added', 'contact_corrected', 'still_waiting', 'cancelled', 'closed', 'reopened', 'corrected', 'added_institution', 'withdrawn', 'merged', 'departure', 'opened', 'mail_opened', 'link_reissued', 'reminded', 'company_told', 'manager_told', 'widened', 'region_told', 'legal_escalated', 'call_checked', 'called', 'surveyed', 'survey_answered', 'followed_up', 'anonymised', 'reply_published', 'reply_set_aside', 'noted', 'handled', 'unhandled', 'staff_reminded', 'staff_wrote', 'other_region_told'])), name='event_kind'),
        ),
        AddConstraintNotValid(
            model_name='solicitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('handled_by', None), ('handled_since', None)), models.Q(('handled_by__isnull', False), ('handled_since__isnull', False)), _connector='OR'), name='solicitation_handled_since'),
        ),
        migrations.AddField(
            model_name='readyanswer',
            name='changed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='readyanswer',
            name='region',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='territories.region'),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='mailbox',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='staff_messages', to='solicitations.mailbox'),
        ),
        migrations.AddField(
            model_name='staffmessage',
            name='solicitation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='staff_messages', to='solicitations.solicitation'),
        ),
        migrations.AddField(
            model_name='staffnote',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='staffnote',
            name='solicitation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='staff_notes', to='solicitations.solicitation'),
        ),
        migrations.AddConstraint(
            model_name='readyanswer',
            constraint=models.UniqueConstraint(fields=('region', 'title'), name='ready_answer_once_per_title', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='readyanswer',
            constraint=models.CheckConstraint(condition=models.Q(('title__regex', '\\S'), ('body__regex', '\\S')), name='ready_answer_says_something'),
        ),
        migrations.AddIndex(
            model_name='staffmessage',
            index=models.Index(fields=['solicitation', 'at'], name='staff_message_of_request'),
        ),
        migrations.AddConstraint(
            model_name='staffmessage',
            constraint=models.CheckConstraint(condition=models.Q(('body__regex', '\\S')), name='staff_message_says_something'),
        ),
        migrations.AddIndex(
            model_name='staffnote',
            index=models.Index(fields=['solicitation', 'at'], name='staff_note_of_request'),
        ),
        migrations.AddConstraint(
            model_name='staffnote',
            constraint=models.CheckConstraint(condition=models.Q(('body__regex', '\\S')), name='staff_note_says_something'),
        ),
    ]
