"""The texts of the access log are its details."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0019_offices_to_complete_known'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The column keeps its name, which the version before still writes.
            state_operations=[
                migrations.RenameField(model_name='accessrecord', old_name='words', new_name='details'),
                migrations.AlterField(model_name='accessrecord', name='details', field=models.CharField(blank=True, db_column='words', max_length=500)),
            ],
        ),
    ]
