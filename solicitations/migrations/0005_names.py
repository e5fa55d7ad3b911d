from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models.functions import Concat


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0004_outcomes_known'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='solicitation',
            index=GinIndex(SearchVector(models.Func(Concat('company_name', models.Value(' '), 'contact_name'), models.Value('[^[:alnum:]]+'), models.Value(' '), models.Value('g'), function='regexp_replace'), config='simple'), name='solicitation_names'),
        ),
        RemoveIndexConcurrently(
            model_name='solicitation',
            name='solicitation_name_trgm',
        ),
        RemoveIndexConcurrently(
            model_name='solicitation',
            name='solicitation_contact_trgm',
        ),
    ]
