"""Public services without phone or address become offices; the new rule is checked apart, in the next one."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0017_former_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='office',
            name='email',
            field=models.EmailField(blank=True, max_length=500, verbose_name='adresse électronique'),
        ),
        migrations.AlterField(
            model_name='office',
            name='phone',
            field=models.CharField(blank=True, max_length=30, verbose_name='téléphone'),
        ),
        migrations.RemoveConstraint(
            model_name='office',
            name='office_can_be_reached',
        ),
        AddConstraintNotValid(
            model_name='office',
            constraint=models.CheckConstraint(condition=~Q(code='') & ~Q(name=''), name='office_is_named'),
        ),
    ]
