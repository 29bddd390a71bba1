"""Hashes of records are what they have always been: what is stored is compared with them."""

from hashlib import blake2b, sha256

from include.taxation.generate import spool_text
from include.taxation.hashes import SIZE, RecordHasher
from include.taxation.records import sections


def test_a_hash_is_blake2b_under_pbx_and_layout() -> None:
    (section,) = sections(spool_text("ed5.2", 60, 3))
    found = RecordHasher("siege", section.layout).hashes(section.body)
    key = sha256(f"siege/{section.layout.id}".encode()).digest()
    wanted = [
        blake2b(record + b"\n", digest_size=SIZE, person=key[:16], salt=key[16:]).digest()
        for record in section.body.split(b"\n")[:-1]
    ]
    assert found == b"".join(wanted)
    assert len(set(wanted)) == 60
    assert found != RecordHasher("annexe", section.layout).hashes(section.body)
