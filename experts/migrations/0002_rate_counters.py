"""Takes over the table of rate counters of ``solicitations``, as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0001_initial'),
        ('solicitations', '0006_counters_leave'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='RateCounter',
                    fields=[
                        ('key', models.CharField(max_length=100, primary_key=True, serialize=False)),
                        ('times', models.PositiveIntegerField()),
                        ('until', models.DateTimeField(db_index=True)),
                    ],
                    options={
                        'db_table': 'solicitations_tally',
                    },
                ),
            ],
        ),
    ]
