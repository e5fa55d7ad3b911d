WITH place AS MATERIALIZED (
    SELECT area.id
    FROM unnest(ARRAY['national', 'commune', 'epci', 'department', 'region'], %(codes)s::text[]) AS own(kind, code)
    JOIN territories_area AS area ON area.kind = own.kind AND area.current_code = own.code
),
area AS MATERIALIZED (
    SELECT id, kind, code, name, commune_count
    FROM territories_area
    WHERE dropped_at IS NULL AND id IN (
        SELECT id FROM place
        UNION ALL
        SELECT zone_id FROM territories_areamember WHERE member_id IN (SELECT id FROM place)
    )
),
asked AS MATERIALIZED (
    SELECT subject.slug, institution.id, institution.code, answer.position, institution.position AS place
    FROM experts_subject AS subject
    JOIN experts_subjectinstitution AS answer ON answer.subject_id = subject.id AND NOT answer.is_relay
    JOIN experts_institution AS institution
      ON institution.id = answer.institution_id OR institution.group_id = answer.group_id
    WHERE subject.slug = ANY(%(subjects)s)
      AND institution.notified <> 'never' AND institution.dropped_at IS NULL
)
SELECT asked.slug, asked.position, asked.place, asked.code, institution.code,
    office.code, office.is_fallback, office.closed_on, office.agreement_ends_on,
    office.headcount_min, office.headcount_max, office.age_min_years, office.age_max_years,
    office.naf, office.naf_excluded, office.legal_forms, office.legal_forms_excluded,
    office.craft, office.project_holders,
    (SELECT json_agg(json_build_array(area.kind, area.code, area.name, area.commune_count))
     FROM experts_office_areas AS own JOIN area ON area.id = own.area_id WHERE own.office_id = office.id),
    ARRAY(SELECT subject.slug
          FROM experts_office_exclusive_subjects AS exclusive
          JOIN experts_subject AS subject ON subject.id = exclusive.subject_id
          WHERE exclusive.office_id = office.id AND subject.slug = ANY(%(subjects)s)),
    expert.id, expert.email, expert.has_all_subjects, expert.is_paused, expert.is_bouncing, expert.left_at,
    ARRAY(SELECT subject.slug
          FROM experts_expert_subjects AS skill
          JOIN experts_subject AS subject ON subject.id = skill.subject_id
          WHERE skill.expert_id = expert.id AND subject.slug = ANY(%(subjects)s)),
    EXISTS (SELECT FROM experts_expert_areas WHERE expert_id = expert.id),
    (SELECT json_agg(json_build_array(area.kind, area.code, area.name, area.commune_count))
     FROM experts_expert_areas AS own JOIN area ON area.id = own.area_id WHERE own.expert_id = expert.id),
    absence.from_on, absence.to_on, absence.deputy_id
FROM experts_office AS office
JOIN experts_institution AS institution ON institution.id = office.institution_id
LEFT JOIN asked ON asked.id = institution.id
LEFT JOIN experts_expert AS expert ON expert.office_id = office.id AND expert.dropped_at IS NULL
LEFT JOIN experts_absence AS absence
  ON absence.expert_id = expert.id AND %(on)s BETWEEN absence.from_on AND absence.to_on
WHERE office.id = ANY(ARRAY(
    SELECT office_id FROM experts_office_areas WHERE area_id IN (SELECT id FROM area)
    UNION
    SELECT expert.office_id
    FROM experts_expert_areas AS own JOIN experts_expert AS expert ON expert.id = own.expert_id
    WHERE own.area_id IN (SELECT id FROM area) AND expert.dropped_at IS NULL
  ))
  AND office.dropped_at IS NULL
  AND (office.is_fallback OR asked.id IS NOT NULL)
