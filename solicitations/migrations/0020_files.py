"""Files of the messages about a request."""

import django.db.models.deletion
from django.db import migrations, models

from solicitations.migrations._locks import IN_ORDER


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0019_voices'),
    ]

    operations = [
        IN_ORDER,
        migrations.CreateModel(
            name='AttachedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150)),
                ('kind', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('key', models.CharField(max_length=32, unique=True)),
                ('at', models.DateTimeField()),
                ('addition', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='solicitations.addition')),
                ('internal_message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='solicitations.internalmessage')),
                ('message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='solicitations.message')),
                ('question', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='solicitations.question')),
                ('solicitation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='solicitations.solicitation')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('addition__isnull', True), ('internal_message__isnull', True), ('message__isnull', False), ('question__isnull', True)), models.Q(('addition__isnull', True), ('internal_message__isnull', False), ('message__isnull', True), ('question__isnull', True)), models.Q(('addition__isnull', True), ('internal_message__isnull', True), ('message__isnull', True), ('question__isnull', False)), models.Q(('addition__isnull', False), ('internal_message__isnull', True), ('message__isnull', True), ('question__isnull', True)), _connector='OR'), name='attached_file_has_one_text')],
            },
        ),
    ]
