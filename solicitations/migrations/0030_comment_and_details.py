"""The text typed with a move is its comment; that of an alert, its details."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0029_answers_to_staff'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The column keeps its name, which the version before still writes.
            state_operations=[
                migrations.RenameField(model_name='match', old_name='words', new_name='comment'),
                migrations.AlterField(model_name='match', name='comment', field=models.TextField(blank=True, db_column='words')),
                migrations.RenameField(model_name='alert', old_name='words', new_name='details'),
                migrations.AlterField(model_name='alert', name='details', field=models.TextField(blank=True, db_column='words')),
            ],
        ),
    ]
