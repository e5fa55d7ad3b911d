"""Lists of the pages: the subjects of the catalogue are under their theme, wherever they are chosen."""

import re

import pytest

from experts.models import Subject
from tests.attacks.addresses import every_address
from tests.attacks.sample_data import SampleData
from tests.experts.factories import NationalFactory, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

SELECT = re.compile(r"<select[^>]*>.*?</select>", re.DOTALL)


def test_every_list_of_subjects_is_grouped(sample_data: SampleData):
    client = signed_in(NationalFactory())
    labels = set(Subject.objects.listed().values_list("label", flat=True))
    found, flat = [], []
    for address in every_address():
        if address.is_admin:
            continue
        answer = client.get(sample_data.path(address))
        if answer.status_code != 200 or answer.streaming:
            continue
        for select in SELECT.findall(answer.content.decode(errors="replace").replace("&#x27;", "'")):
            if sum(f">{label}<" in select for label in labels) > 20:
                found.append(address.route)
                if "<optgroup" not in select:
                    flat.append(address.route)

    assert len(set(found)) >= 4, found
    assert flat == []
