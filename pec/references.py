"""The short reference that stands at the end of a subject, and by which a send whose answer was lost is found."""

import hashlib

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: it may be read aloud
LENGTH = 5


def reference_of(namespace: str, message_id: str, lost: int) -> str:
    """Return the reference of the next attempt, given how many earlier attempts lost their answer.

    It is made of the id and not of chance, so it is known even if a restored backup has not seen the attempt.
    """
    seed = f"{namespace}\0{message_id}\0{lost}".encode()
    number = int.from_bytes(hashlib.blake2b(seed, digest_size=8, person=b"pec reference").digest(), "big")
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)
