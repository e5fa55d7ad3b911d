from datetime import datetime, timedelta

import pytest

from territories.time_zones import time_zone


@pytest.mark.parametrize(
    ("department", "commune", "hours"),
    [
        ("21", "21231", 1),
        ("2A", "2A004", 1),
        ("971", "97105", -4),
        ("972", "97209", -4),
        ("973", "97302", -3),
        ("974", "97411", 4),
        ("975", "97502", -3),
        ("976", "97611", 3),
        ("977", "97701", -4),
        ("978", "97801", -4),
        ("984", "98411", 5),
        ("986", "98613", 12),
        ("987", "98735", -10),
        ("987", "98719", -9),
        ("987", "98731", -9.5),
        ("988", "98818", 11),
        ("989", "98901", -8),
    ],
)
def test_each_territory_has_its_time(department, commune, hours):
    winter = datetime(2026, 1, 15, 12, tzinfo=time_zone(department, commune))

    assert winter.utcoffset() == timedelta(hours=hours)
