"""Subject and département of each match, written by triggers: the version before need not know of them."""

import django.db.models.deletion
from django.db import migrations, models

from solicitations.migrations._locks import IN_ORDER

# Whatever is written in the two columns, they become those of the need and of its request.
WRITE = """
CREATE FUNCTION solicitations_match_filters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT need.subject_id, commune.department_id INTO NEW.subject_id, NEW.department_id
    FROM solicitations_need AS need
    JOIN solicitations_solicitation AS request ON request.id = need.solicitation_id
    JOIN territories_commune AS commune ON commune.code = request.commune_id
    WHERE need.id = NEW.need_id;
    RETURN NEW;
END $$;
CREATE TRIGGER match_filters BEFORE INSERT OR UPDATE OF need_id, subject_id, department_id
    ON solicitations_match FOR EACH ROW EXECUTE FUNCTION solicitations_match_filters();

CREATE FUNCTION solicitations_need_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE solicitations_match SET subject_id = NEW.subject_id WHERE need_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER need_subject AFTER UPDATE OF subject_id ON solicitations_need
    FOR EACH ROW WHEN (OLD.subject_id <> NEW.subject_id) EXECUTE FUNCTION solicitations_need_subject();

CREATE FUNCTION solicitations_request_commune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE solicitations_match AS match SET department_id = NULL
    FROM solicitations_need AS need WHERE need.id = match.need_id AND need.solicitation_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER request_commune AFTER UPDATE OF commune_id ON solicitations_solicitation
    FOR EACH ROW WHEN (OLD.commune_id <> NEW.commune_id) EXECUTE FUNCTION solicitations_request_commune();
"""
REMOVE = """
DROP TRIGGER request_commune ON solicitations_solicitation;
DROP FUNCTION solicitations_request_commune;
DROP TRIGGER need_subject ON solicitations_need;
DROP FUNCTION solicitations_need_subject;
DROP TRIGGER match_filters ON solicitations_match;
DROP FUNCTION solicitations_match_filters;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0025_ready_answers_leave'),
    ]

    operations = [
        IN_ORDER,
        migrations.AddField(
            model_name='match',
            name='subject',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='experts.subject'),
        ),
        migrations.AddField(
            model_name='match',
            name='department',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='territories.department'),
        ),
        migrations.RunSQL(WRITE, REMOVE),
    ]
