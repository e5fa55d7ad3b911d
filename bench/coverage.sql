WITH place AS MATERIALIZED (
    SELECT commune.code, commune.epci_id, commune.department_id, department.region_id
    FROM territories_commune AS commune
    JOIN territories_department AS department ON department.code = commune.department_id
    WHERE commune.merged_into_id IS NULL
),
plain AS MATERIALIZED (
    SELECT area.id, place.code
    FROM territories_area AS area JOIN place ON area.kind = 'commune' AND area.current_code = place.code
    UNION ALL
    SELECT area.id, place.code
    FROM territories_area AS area JOIN place ON area.kind = 'epci' AND area.current_code = place.epci_id
    UNION ALL
    SELECT area.id, place.code
    FROM territories_area AS area JOIN place ON area.kind = 'department' AND area.current_code = place.department_id
    UNION ALL
    SELECT area.id, place.code
    FROM territories_area AS area JOIN place ON area.kind = 'region' AND area.current_code = place.region_id
    UNION ALL
    SELECT area.id, place.code FROM territories_area AS area CROSS JOIN place WHERE area.kind = 'national'
),
inside AS MATERIALIZED (
    SELECT area.id, plain.code
    FROM territories_area AS area JOIN plain ON plain.id = area.id
    WHERE area.dropped_at IS NULL
    UNION
    SELECT zone.id, plain.code
    FROM territories_area AS zone
    JOIN territories_areamember AS membership ON membership.zone_id = zone.id
    JOIN plain ON plain.id = membership.member_id
    WHERE zone.dropped_at IS NULL
),
present AS MATERIALIZED (
    SELECT expert.id, expert.office_id
    FROM experts_expert AS expert
    WHERE expert.dropped_at IS NULL AND NOT expert.is_paused AND NOT expert.is_bouncing
      AND (expert.left_at IS NULL OR (expert.left_at AT TIME ZONE 'Europe/Paris')::date > %(on)s)
      AND NOT EXISTS (
        SELECT FROM experts_absence AS absence
        WHERE absence.expert_id = expert.id AND %(on)s BETWEEN absence.from_on AND absence.to_on
      )
),
serving AS MATERIALIZED (
    SELECT office.id, office.institution_id
    FROM experts_office AS office
    WHERE office.dropped_at IS NULL AND NOT office.is_fallback
      AND (office.closed_on IS NULL OR office.closed_on > %(on)s)
      AND (office.agreement_ends_on IS NULL OR office.agreement_ends_on > %(on)s)
      AND office.id IN (SELECT office_id FROM present)
),
asked AS MATERIALIZED (
    SELECT DISTINCT answer.subject_id, institution.id AS institution_id
    FROM experts_subjectinstitution AS answer
    JOIN experts_institution AS institution
      ON institution.id = answer.institution_id OR institution.group_id = answer.group_id
    WHERE NOT answer.is_relay AND institution.notified <> 'never' AND institution.dropped_at IS NULL
),
able AS MATERIALIZED (
    SELECT asked.subject_id, expert.id, expert.office_id
    FROM serving
    JOIN asked ON asked.institution_id = serving.institution_id
    JOIN experts_expert AS expert ON expert.office_id = serving.id AND expert.dropped_at IS NULL
    WHERE expert.has_all_subjects
    UNION ALL
    SELECT asked.subject_id, expert.id, expert.office_id
    FROM serving
    JOIN asked ON asked.institution_id = serving.institution_id
    JOIN experts_expert AS expert ON expert.office_id = serving.id AND expert.dropped_at IS NULL
    JOIN experts_expert_subjects AS skill ON skill.expert_id = expert.id AND skill.subject_id = asked.subject_id
    WHERE NOT expert.has_all_subjects
),
reached AS MATERIALIZED (
    SELECT able.subject_id, own.area_id
    FROM able JOIN experts_expert_areas AS own ON own.expert_id = able.id
    UNION
    SELECT able.subject_id, office.area_id
    FROM able JOIN experts_office_areas AS office ON office.office_id = able.office_id
    WHERE NOT EXISTS (SELECT FROM experts_expert_areas WHERE expert_id = able.id)
),
covered AS (
    SELECT DISTINCT reached.subject_id, inside.code FROM reached JOIN inside ON inside.id = reached.area_id
)
SELECT subject.slug, count(covered.code)
FROM experts_subject AS subject
LEFT JOIN covered ON covered.subject_id = subject.id
WHERE subject.dropped_at IS NULL
GROUP BY subject.slug
ORDER BY subject.slug
