from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0006_counters_leave'),
    ]

    operations = [
        migrations.AddField(
            model_name='solicitation',
            name='clock_due_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
