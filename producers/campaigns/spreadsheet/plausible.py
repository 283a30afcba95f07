"""How likely a character is at its place in an Italian text, to distinguish old encodings. Pure."""

import unicodedata

_GRAVE = "àèìòùé"
_ALONE = "àèÀÈ"  # words of one letter
_FOREIGN = "äöüßâêîôûáíóúýçñëïÿãõåøæœšžčćłńőűęąşğ"
_HARMLESS = "©®™£²³¹½¼¾×±µ§¡¿"
_CERTAIN, _PROBABLE, _LIKELY, _POSSIBLE, _UNLIKELY, _ABSURD = 4, 3, 2, 1, -2, -4


def worth(before: str, character: str, behind: str) -> int:
    """Return from -4 (never) to 4 (as Italian writes it) for a character that is not ASCII, with its neighbours.

    A neighbour that is not ASCII may be misread too, so it makes nothing likely.
    """
    found = _worth(before, character, behind)
    return found if before.isascii() and behind.isascii() else min(0, found)


def _worth(before: str, character: str, behind: str) -> int:
    if character in _ALONE and not before.isalpha() and not behind.isalpha():
        return _LIKELY
    if character in _GRAVE or character.lower() in _GRAVE:
        return _of_vowel(before, character, behind)
    if character.lower() in _FOREIGN:
        return _of_letter(before, character, behind)
    if unicodedata.category(character) in ("Ll", "Lu", "Lo") and character not in "ªº":
        return _ABSURD
    return _of_sign(before, character, behind)


def _of_vowel(before: str, character: str, behind: str) -> int:
    if before.isalpha() and not behind.isalpha():
        if before.isupper() == character.isupper():
            return _CERTAIN
        return _ABSURD if character.isupper() else _PROBABLE  # CITTà is what an Italian keyboard makes
    return _of_letter(before, character, behind)


def _of_letter(before: str, character: str, behind: str) -> int:
    if not before.isalpha() and not behind.isalpha():
        return _UNLIKELY
    if character.isupper():
        if before.islower() or (before.isupper() and behind.islower()):
            return _ABSURD
        return _POSSIBLE if behind.isalpha() else 0
    if before.isupper() and not behind.islower():
        return _UNLIKELY
    return _POSSIBLE if before.isalpha() and behind.isalpha() else 0


def _of_sign(before: str, sign: str, behind: str) -> int:
    if rule := _SIGNS.get(sign):
        return rule(before, behind)
    if sign in _HARMLESS:
        return _UNLIKELY if before.isalpha() and behind.isalpha() else 0
    return _ABSURD


def _of_apostrophe(before: str, behind: str) -> int:
    return _CERTAIN if before.isalpha() and behind.isalpha() else _of_closing(before, behind)  # dell’anno


def _of_opening(before: str, behind: str) -> int:
    return _LIKELY if behind.isalnum() and not before.isalnum() else _UNLIKELY


def _of_closing(before: str, behind: str) -> int:
    return _LIKELY if (before.isalnum() or before in ".,!?)") and not behind.isalnum() else _UNLIKELY


def _of_euro(before: str, behind: str) -> int:
    return _UNLIKELY if before.isalpha() or behind.isalpha() else _LIKELY


def _of_degree(before: str, behind: str) -> int:
    return _LIKELY if before.isdigit() or before in "nN" else _UNLIKELY


def _of_dash(before: str, behind: str) -> int:
    between = before.isdigit() and behind.isdigit()
    return _LIKELY if between or not (before.isalnum() or behind.isalnum()) else _UNLIKELY


def _of_ellipsis(before: str, behind: str) -> int:
    return _PROBABLE if before.isalpha() and not behind.isalpha() else 0  # in DOS it is à


def _of_hard_space(before: str, behind: str) -> int:
    return _LIKELY  # web pages leave them anywhere, also at a cell's edge


_SIGNS = {
    "’": _of_apostrophe,
    "€": _of_euro,
    **dict.fromkeys("°ºª", _of_degree),
    **dict.fromkeys("–—•·", _of_dash),
    "…": _of_ellipsis,
    **dict.fromkeys("\xa0\xad", _of_hard_space),
    **dict.fromkeys("“«‘", _of_opening),
    **dict.fromkeys("”»", _of_closing),
}
