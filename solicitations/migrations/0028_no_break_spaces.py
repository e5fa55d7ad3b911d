"""Labels with no-break spaces: nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0027_match_filters_known'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='alert',
                    name='cause',
                    field=models.CharField(choices=[('held', 'Demande retenue\xa0: à libérer ou à clore'), ('nobody', 'Personne à qui transmettre la demande'), ('ack_refused', "L'accusé de réception n'est pas arrivé\xa0: appelez l'entreprise"), ('all_declined', 'Tous les référents ont décliné'), ('exhausted', 'Plus personne à solliciter'), ('departure', "Un référent dit n'être plus là"), ('not_called', "L'entreprise dit que personne ne l'a rappelée"), ('mail_refused', 'Un courriel à un référent a été refusé'), ('late', "Personne n'a pris la demande en charge depuis quatorze jours"), ('silent', 'Prise en charge, et sans suite depuis quarante-cinq jours'), ('legal', 'Question de droit du travail\xa0: le délai légal approche'), ('reply_held', 'Une réponse par courriel est à vérifier'), ('unhappy', "L'entreprise n'est pas satisfaite de l'aide reçue"), ('similar', 'Une demande semblable attend dans une autre région'), ('mentioned', "Un référent demande l'aide de la région")], max_length=15),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='kind',
                    field=models.CharField(choices=[('submitted', 'Demande envoyée'), ('held', 'Demande retenue'), ('released', 'Demande libérée'), ('routed', 'Référents désignés'), ('routing_failed', "Désignation impossible pour l'instant"), ('moved', "Réponse d'un référent"), ('undone', 'Réponse annulée'), ('handed_over', 'Réorientation'), ('brought_in', 'Renfort demandé'), ('fallback', 'Reprise par un relais'), ('exhausted', 'Plus personne à solliciter'), ('asked', "Précision demandée à l'entreprise"), ('added', "Informations ajoutées par l'entreprise"), ('contact_corrected', 'Coordonnées corrigées'), ('still_waiting', "L'entreprise n'a pas été rappelée"), ('cancelled', "Demande annulée par l'entreprise"), ('closed', 'Demande close'), ('reopened', 'Demande rouverte'), ('corrected', "Demande corrigée par l'équipe"), ('added_institution', "Institution ajoutée par l'équipe"), ('withdrawn', "Référent retiré par l'équipe"), ('merged', 'Doublon réuni à la première demande'), ('departure', "Un référent n'est plus là"), ('opened', 'Demande confidentielle ouverte'), ('mail_opened', 'Courriel confidentiel ouvert'), ('link_reissued', 'Lien renvoyé'), ('reminded', 'Référent relancé'), ('company_told', "Point d'étape envoyé à l'entreprise"), ('manager_told', "Responsable de l'antenne prévenu"), ('widened', 'Nouvelle désignation, faute de réponse'), ('region_told', 'Signalée à la région'), ('legal_escalated', 'Délai légal proche\xa0: responsable et région prévenus'), ('call_checked', "L'entreprise est interrogée sur son rappel"), ('called', "L'entreprise dit avoir été rappelée"), ('surveyed', "Avis demandé à l'entreprise"), ('survey_answered', "Avis de l'entreprise reçu"), ('followed_up', 'Point à six mois envoyé'), ('anonymised', 'Demande anonymisée'), ('reply_published', "Réponse par courriel publiée par l'équipe"), ('reply_set_aside', "Réponse par courriel écartée par l'équipe"), ('noted', 'Note interne'), ('handled', "S'en occupe"), ('unhandled', "Ne s'en occupe plus"), ('staff_reminded', "Relance par l'équipe"), ('staff_wrote', "Mot de l'équipe à un référent"), ('other_region_told', 'Autre région prévenue'), ('call_planned', 'Rappel prévu'), ('call_unplanned', 'Rappel prévu annulé')], max_length=20),
                ),
            ],
        ),
    ]
