"""Planned call-backs and the wished way of being answered; the next migration checks the rows there were."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import solicitations.lifecycle
from solicitations.migrations._locks import IN_ORDER


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0012_booking_url'),
        ('solicitations', '0022_words'),
    ]

    operations = [
        IN_ORDER,
        migrations.CreateModel(
            name='PlannedCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('starts_at_before', models.DateTimeField(blank=True, null=True)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('reminded_at', models.DateTimeField(blank=True, null=True)),
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
            name='contact_wish',
            field=models.CharField(choices=[('call', 'Par téléphone'), ('video', 'En visioconférence'), ('visit', "Lors d'un rendez-vous sur place"), ('written', 'Par écrit')], db_default='call', default=solicitations.lifecycle.ContactWish['CALL'], max_length=8),
        ),
        migrations.AlterField(
            model_name='alert',
            name='cause',
            field=models.CharField(choices=[('held', 'Demande retenue : à libérer ou à clore'), ('nobody', 'Personne à qui transmettre la demande'), ('ack_refused', "L'accusé de réception n'est pas arrivé : appelez l'entreprise"), ('all_declined', 'Tous les référents ont décliné'), ('exhausted', 'Plus personne à solliciter'), ('departure', "Un référent dit n'être plus là"), ('not_called', "L'entreprise dit que personne ne l'a rappelée"), ('mail_refused', 'Un courriel à un référent a été refusé'), ('late', "Personne n'a pris la demande en charge depuis quatorze jours"), ('silent', 'Prise en charge, et sans suite depuis quarante-cinq jours'), ('legal', 'Question de droit du travail : le délai légal approche'), ('reply_held', 'Une réponse par courriel est à vérifier'), ('unhappy', "L'entreprise n'est pas satisfaite de l'aide reçue"), ('similar', 'Une demande semblable attend dans une autre région'), ('mentioned', "Un référent demande l'aide de la région")], max_length=15),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('submitted', 'Demande envoyée'), ('held', 'Demande retenue'), ('released', 'Demande libérée'), ('routed', 'Référents désignés'), ('routing_failed', "Désignation impossible pour l'instant"), ('moved', "Réponse d'un référent"), ('undone', 'Réponse annulée'), ('handed_over', 'Réorientation'), ('brought_in', 'Renfort demandé'), ('fallback', 'Reprise par un relais'), ('exhausted', 'Plus personne à solliciter'), ('asked', "Précision demandée à l'entreprise"), ('added', "Informations ajoutées par l'entreprise"), ('contact_corrected', 'Coordonnées corrigées'), ('still_waiting', "L'entreprise n'a pas été rappelée"), ('cancelled', "Demande annulée par l'entreprise"), ('closed', 'Demande close'), ('reopened', 'Demande rouverte'), ('corrected', "Demande corrigée par l'équipe"), ('added_institution', "Institution ajoutée par l'équipe"), ('withdrawn', "Référent retiré par l'équipe"), ('merged', 'Doublon réuni à la première demande'), ('departure', "Un référent n'est plus là"), ('opened', 'Demande confidentielle ouverte'), ('mail_opened', 'Courriel confidentiel ouvert'), ('link_reissued', 'Lien renvoyé'), ('reminded', 'Référent relancé'), ('company_told', "Point d'étape envoyé à l'entreprise"), ('manager_told', "Responsable de l'antenne prévenu"), ('widened', 'Nouvelle désignation, faute de réponse'), ('region_told', 'Signalée à la région'), ('legal_escalated', 'Délai légal proche : responsable et région prévenus'), ('call_checked', "L'entreprise est interrogée sur son rappel"), ('called', "L'entreprise dit avoir été rappelée"), ('surveyed', "Avis demandé à l'entreprise"), ('survey_answered', "Avis de l'entreprise reçu"), ('followed_up', 'Point à six mois envoyé'), ('anonymised', 'Demande anonymisée'), ('reply_published', "Réponse par courriel publiée par l'équipe"), ('reply_set_aside', "Réponse par courriel écartée par l'équipe"), ('noted', 'Note interne'), ('handled', "S'en occupe"), ('unhandled', "Ne s'en occupe plus"), ('staff_reminded', "Relance par l'équipe"), ('staff_wrote', "Mot de l'équipe à un référent"), ('other_region_told', 'Autre région prévenue'), ('call_planned', 'Rappel prévu'), ('call_unplanned', 'Rappel prévu annulé')], max_length=20),
        ),
        AddConstraintNotValid(
            model_name='alert',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['held', 'nobody', 'ack_refused', 'all_declined', 'exhausted', 'departure', 'not_called', 'mail_refused', 'late', 'silent', 'legal', 'reply_held', 'unhappy', 'similar', 'mentioned'])), name='alert_cause'),
        ),
        AddConstraintNotValid(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['submitted', 'held', 'released', 'routed', 'routing_failed', 'moved', 'undone', 'handed_over', 'brought_in', 'fallback', 'exhausted', 'asked', 'added', 'contact_corrected', 'still_waiting', 'cancelled', 'closed', 'reopened', 'corrected', 'added_institution', 'withdrawn', 'merged', 'departure', 'opened', 'mail_opened', 'link_reissued', 'reminded', 'company_told', 'manager_told', 'widened', 'region_told', 'legal_escalated', 'call_checked', 'called', 'surveyed', 'survey_answered', 'followed_up', 'anonymised', 'reply_published', 'reply_set_aside', 'noted', 'handled', 'unhandled', 'staff_reminded', 'staff_wrote', 'other_region_told', 'call_planned', 'call_unplanned'])), name='event_kind'),
        ),
        AddConstraintNotValid(
            model_name='solicitation',
            constraint=models.CheckConstraint(condition=models.Q(('contact_wish__in', ['call', 'video', 'visit', 'written'])), name='solicitation_contact_wish'),
        ),
        migrations.AddField(
            model_name='plannedcall',
            name='mailbox',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='planned_call', to='solicitations.mailbox'),
        ),
        migrations.AddIndex(
            model_name='plannedcall',
            index=models.Index(condition=models.Q(('cancelled_at', None), ('reminded_at', None)), fields=['starts_at'], name='planned_call_to_remind'),
        ),
    ]
