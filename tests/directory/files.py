"""A small directory file, with real territories and subjects, and ways to change it."""

from pathlib import Path

SMALL = """\
zones:
  - slug: pays-test
    name: Pays de test
    members: ["epci:242100410", "commune:21317"]
offices:
  - id: PE-TEST
    institution: PE
    name: France Travail test
    territories: ["zone:pays-test"]
    phone: "03 53 01 00 01"
    email: "contact@pe-test.example.org"
    criteria: {headcount_min: 1, headcount_max: 49, naf: ["43"]}
    exclusive_subjects: [metier-tension]
    closed_on: "2027-06-30"
    experts:
      - name: Conseil recrutement
        job: Conseil
        email: "recrutement@pe-test.example.org"
        phone: "03 53 01 00 02"
        subjects: [trouver-candidats, metier-tension]
        absent: {from: "2027-02-08", to: "2027-02-19", deputy: "formation@pe-test.example.org"}
      - name: Conseil formation
        job: Conseil
        email: "formation@pe-test.example.org"
        phone: "03 53 01 00 03"
        subjects: all
        territories: ["department:21"]
  - id: UR-TEST
    institution: UR
    name: Référent régional test
    territories: ["region:27"]
    phone: "03 53 01 00 04"
    email: "contact@ur-test.example.org"
    fallback: true
    experts:
      - name: Référent
        job: Référent
        email: "referent@ur-test.example.org"
        phone: "03 53 01 00 05"
        subjects: all
"""

ABSENT = '        absent: {from: "2027-02-08", to: "2027-02-19", deputy: "formation@pe-test.example.org"}\n'


def changed(*pairs: tuple[str, str], text: str = SMALL) -> str:
    """Replace these texts in the file; each must be there once."""
    for before, after in pairs:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def write(folder: Path, text: str | bytes) -> str:
    """Write this text to a file and return its path."""
    path = folder / "annuaire.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)
