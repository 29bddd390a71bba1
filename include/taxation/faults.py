"""Why a whole spool file is set aside. Nothing of such a file is loaded."""

from include.errors import InputError, Place

_SENTENCES: dict[str, tuple[str, str]] = {
    "not_compressed_data": (
        "the data is neither compress(1), gzip nor text",
        "les données ne sont ni du compress(1), ni du gzip, ni du texte",
    ),
    "inflates_over_limit": (
        "the file inflates beyond the limit",
        "le fichier se décompresse au-delà de la limite",
    ),
    "truncated": (
        "the file ends in the middle of a record: transfer it again",
        "le fichier s'arrête au milieu d'un enregistrement : transférez-le à nouveau",
    ),
    "no_format_line": (
        "the first line does not start with #",
        "la première ligne ne commence pas par #",
    ),
    "bad_format_line": ("the format line cannot be used", "la ligne de format est inutilisable"),
    "bad_field_name": (
        "a name of the format line cannot be a column",
        "un nom de la ligne de format ne peut pas devenir une colonne",
    ),
    "bad_record_length": (
        "a record does not have the length of its layout",
        "un enregistrement n'a pas la longueur de son format",
    ),
    "version_mismatch": (
        "TicketVersion differs from that of the layout's first ticket",
        "TicketVersion diffère de celui du premier ticket du format",
    ),
    "schema_frozen": (
        "the layout needs new columns and the policy of this PBX is freeze",
        "le format demande de nouvelles colonnes et la politique de ce PBX est « freeze »",
    ),
    "approval_needed": (
        "the layout needs new columns and waits for a person's approval",
        "le format demande de nouvelles colonnes et attend l'accord d'une personne",
    ),
    "too_large": ("the file is larger than the limit", "le fichier dépasse la taille limite"),
}


class SpoolFault(InputError):
    """The structure of a spool file is broken at a line (from 1) or at an item of the format line."""

    def __init__(
        self, code: str, *, line: int | None = None, position: int | None = None, detail: str = ""
    ) -> None:
        english, french = _SENTENCES[code]
        where = f" (line {line})" if line else ""
        ou = f" (ligne {line})" if line else ""
        more = f": {detail}" if detail else ""
        self.line = line
        super().__init__(
            code,
            english + where + more,
            french + ou + more,
            place=Place(line=line, column=position),
        )
