"""Office codes in addresses: a directory file may name an office with any text."""

ESCAPED = {"~": "~7E", "/": "~2F", "\\": "~5C", "?": "~3F", "#": "~23"}
DOTS = {".": "~2E", "..": "~2E~2E"}  # alone, browsers take them for a way up


class OfficeCodeConverter:
    """The code of an office in one segment of a path: what would end the segment is escaped."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        for character, escape in (*ESCAPED.items(), (".", "~2E")):
            if character != "~":
                value = value.replace(escape, character)
        return value.replace(ESCAPED["~"], "~")

    def to_url(self, value: str) -> str:
        if value in DOTS:
            return DOTS[value]
        return "".join(ESCAPED.get(character, character) for character in value)
