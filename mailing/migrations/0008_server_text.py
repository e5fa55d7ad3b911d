"""The texts of servers that refuse a mail say that they are theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailing', '0007_digest_rows'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The column keeps its name, which the version before still writes.
            state_operations=[
                migrations.RenameField(model_name='deliveryevent', old_name='words', new_name='server_text'),
                migrations.AlterField(model_name='deliveryevent', name='server_text', field=models.CharField(blank=True, db_column='words', max_length=500, verbose_name='texte du serveur')),
                migrations.RenameField(model_name='refusedaddress', old_name='words', new_name='server_text'),
                migrations.AlterField(model_name='refusedaddress', name='server_text', field=models.CharField(blank=True, db_column='words', max_length=500, verbose_name='texte du serveur')),
            ],
        ),
    ]
