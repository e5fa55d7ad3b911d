"""Rebuilds ``static/img/themes.svg``: one design-system pictogram per theme, in one file.

Usage: ``.venv/bin/python scripts/build_pictograms.py``. Each theme gives three symbols (decorative, minor,
major), which the page draws in the design system's own colours.
"""

import re
from pathlib import Path

import dsfr

PICTOGRAMS = Path(dsfr.__file__).parent / "static/dsfr/dist/artwork/pictograms"
TARGET = Path(__file__).resolve().parent.parent / "static/img/themes.svg"
PICTOGRAM_OF_THEME = {
    "recrutement": "leisure/community",
    "alternance": "buildings/school",
    "formation": "digital/self-training",
    "organisation-rh": "digital/calendar",
    "droit-travail": "institutions/justice",
    "sante-securite": "health/health",
    "difficultes": "environment/human-cooperation",
    "developpement": "digital/data-visualization",
    "transmission": "document/sign-document",
    "numerique": "digital/application",
    "ecologie": "environment/leaf",
    "achats-insertion": "document/contract",
}
SYMBOL = re.compile(r'<symbol id="artwork-(\w+)">(.*?)</symbol>', re.DOTALL)


def main() -> None:
    """Write the sprite; the same sources always give the same bytes."""
    symbols = []
    for theme, name in PICTOGRAM_OF_THEME.items():
        source = (PICTOGRAMS / f"{name}.svg").read_text(encoding="utf-8")
        for part, drawing in SYMBOL.findall(source):
            compact = re.sub(r"\s+", " ", drawing).strip()
            symbols.append(f'<symbol id="{theme}-{part}" viewBox="0 0 80 80">{compact}</symbol>')
    body = "\n".join(symbols)
    TARGET.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n', encoding="utf-8")


if __name__ == "__main__":
    main()
