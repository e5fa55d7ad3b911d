"""Indexes of the words of requests and messages, built while the portal runs."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0021_negative_survey'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.Func(models.Func(models.Func(django.db.models.functions.text.Lower(models.Func('body', arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)')), models.Value('œ'), models.Value('oe'), function='replace', output_field=models.TextField()), models.Value('æ'), models.Value('ae'), function='replace', output_field=models.TextField()), models.Value('àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ'), models.Value('aaaaaaceeeeiiiinooooouuuuyyaaaaaaceeeeiiiinooooouuuuyy'), function='translate', output_field=models.TextField()), models.Value('[^[:alnum:]]+'), models.Value(' '), models.Value('g'), function='regexp_replace', output_field=models.TextField()), config='simple'), name='message_words'),
        ),
        AddIndexConcurrently(
            model_name='addition',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.Func(models.Func(models.Func(django.db.models.functions.text.Lower(models.Func('body', arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)')), models.Value('œ'), models.Value('oe'), function='replace', output_field=models.TextField()), models.Value('æ'), models.Value('ae'), function='replace', output_field=models.TextField()), models.Value('àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ'), models.Value('aaaaaaceeeeiiiinooooouuuuyyaaaaaaceeeeiiiinooooouuuuyy'), function='translate', output_field=models.TextField()), models.Value('[^[:alnum:]]+'), models.Value(' '), models.Value('g'), function='regexp_replace', output_field=models.TextField()), config='simple'), name='addition_words'),
        ),
        AddIndexConcurrently(
            model_name='solicitation',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.Func(models.Func(models.Func(django.db.models.functions.text.Lower(models.Func('company_name', models.Value(' insee'), 'commune_id', models.Value(' '), 'contact_name', models.Value(' '), 'reference', models.Value(' '), 'siret', models.Value(' '), 'description', arg_joiner=' || ', output_field=models.TextField(), template='(%(expressions)s)')), models.Value('œ'), models.Value('oe'), function='replace', output_field=models.TextField()), models.Value('æ'), models.Value('ae'), function='replace', output_field=models.TextField()), models.Value('àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ'), models.Value('aaaaaaceeeeiiiinooooouuuuyyaaaaaaceeeeiiiinooooouuuuyy'), function='translate', output_field=models.TextField()), models.Value('[^[:alnum:]]+'), models.Value(' '), models.Value('g'), function='regexp_replace', output_field=models.TextField()), config='simple'), condition=models.Q(('is_confidential', False)), name='solicitation_words'),
        ),
    ]
