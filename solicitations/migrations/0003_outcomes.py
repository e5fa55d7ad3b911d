import django.db.models.deletion
from django.db import migrations, models

from solicitations.migrations._locks import IN_ORDER


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0001_initial'),
        ('solicitations', '0002_clock'),
        ('territories', '0001_initial'),
    ]

    operations = [
        IN_ORDER,
        migrations.AddField(
            model_name='solicitation',
            name='outcome_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='solicitation',
            name='surveyed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        # Indexes of which another one begins with the same column.
        migrations.AlterField(
            model_name='alert',
            name='solicitation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='solicitations.solicitation'),
        ),
        migrations.AlterField(
            model_name='event',
            name='match',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='solicitations.match'),
        ),
        migrations.AlterField(
            model_name='event',
            name='solicitation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='solicitations.solicitation'),
        ),
        migrations.AlterField(
            model_name='mailbox',
            name='solicitation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mailboxes', to='solicitations.solicitation'),
        ),
        migrations.AlterField(
            model_name='match',
            name='need',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='solicitations.need'),
        ),
        migrations.AlterField(
            model_name='need',
            name='solicitation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='needs', to='solicitations.solicitation'),
        ),
        migrations.AlterField(
            model_name='need',
            name='subject',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='needs', to='experts.subject'),
        ),
        migrations.AlterField(
            model_name='solicitation',
            name='region',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='solicitations', to='territories.region'),
        ),
    ]
