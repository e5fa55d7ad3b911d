"""Indexes of the words of offices and experts, built while the portal runs."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('experts', '0013_departures_undone'),
        ('territories', '0001_initial'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='expert',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.Func(django.db.models.functions.text.Replace('phone', models.Value(' '), models.Value('')), models.Value(' '), django.db.models.functions.text.Lower('email'), models.Value(' '), models.Func(models.Func(models.Func(django.db.models.functions.text.Lower(models.Func(models.F('name'), models.Value(' '), models.F('job'), arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)')), models.Value('œ'), models.Value('oe'), function='replace', output_field=models.TextField()), models.Value('æ'), models.Value('ae'), function='replace', output_field=models.TextField()), models.Value('àâäéèêëîïôöùûüÿç’'), models.Value("aaaeeeeiioouuuyc'"), function='translate', output_field=models.TextField()), arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)'), 'gin_trgm_ops'), name='expert_words'),
        ),
        AddIndexConcurrently(
            model_name='office',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.Func(django.db.models.functions.text.Replace('phone', models.Value(' '), models.Value('')), models.Value(' '), django.db.models.functions.text.Lower(models.Func(models.F('code'), models.Value(' '), models.F('email'), arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)')), models.Value(' '), models.Func(models.Func(models.Func(django.db.models.functions.text.Lower('name'), models.Value('œ'), models.Value('oe'), function='replace', output_field=models.TextField()), models.Value('æ'), models.Value('ae'), function='replace', output_field=models.TextField()), models.Value('àâäéèêëîïôöùûüÿç’'), models.Value("aaaeeeeiioouuuyc'"), function='translate', output_field=models.TextField()), arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)'), 'gin_trgm_ops'), name='office_words'),
        ),
    ]
