"""Takes over the table of canned answers of ``workspace``: a text may belong to a region, or to the nation."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0014_directory_words'),
        ('territories', '0001_initial'),
        ('workspace', '0004_canned_answers_leave'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='CannedAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=80)),
                        ('body', models.TextField()),
                        ('changed_at', models.DateTimeField()),
                        ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('institution', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='canned_answers', to='experts.institution')),
                    ],
                    options={
                        'db_table': 'workspace_cannedanswer',
                        'constraints': [models.UniqueConstraint(models.F('institution'), django.db.models.functions.text.Lower('title'), name='canned_answer_once_per_title'), models.CheckConstraint(condition=models.Q(('title__regex', '\\S'), ('body__regex', '\\S')), name='canned_answer_says_something')],
                    },
                ),
            ],
        ),
        migrations.AlterField(
            model_name='cannedanswer',
            name='institution',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='canned_answers', to='experts.institution'),
        ),
        migrations.AddField(
            model_name='cannedanswer',
            name='region',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='territories.region'),
        ),
        migrations.RemoveConstraint(
            model_name='cannedanswer',
            name='canned_answer_once_per_title',
        ),
        migrations.AddConstraint(
            model_name='cannedanswer',
            constraint=models.UniqueConstraint(models.F('institution'), models.F('region'), django.db.models.functions.text.Lower('title'), name='canned_answer_once_per_owner', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='cannedanswer',
            constraint=models.CheckConstraint(condition=models.Q(('institution', None), ('region', None), _connector='OR'), name='canned_answer_has_one_owner'),
        ),
    ]
