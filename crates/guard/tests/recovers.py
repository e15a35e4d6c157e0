"""Opens tokens with nothing but an escrow and shares. Written from docs/formats/keys.md and field-token.md alone.

Usage: recovers.py ESCROW SHARE... ; reads JSON from standard input: [{"tenant", "field", "subject" (three texts),
"token"}], and prints a JSON list of the values.
"""

import base64
import hashlib
import hmac
import json
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from opens import open_token


def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11B
        b >>= 1
    return product


def over(a, b):
    return next(c for c in range(256) if times(b, c) == a)


def join(pieces):
    key = bytearray(32)
    for place, piece in pieces.items():
        weight = 1
        for other in pieces:
            if other != place:
                weight = times(weight, over(other, other ^ place))
        for at in range(32):
            key[at] ^= times(weight, piece[at])
    return bytes(key)


def read_share(path, escrow, digests):
    lines = [line.strip() for line in open(path, encoding="ascii") if line.strip()]
    assert lines[0] == "phiward-escrow-share/v1" and lines[1] == "escrow " + escrow
    place = int(lines[3].split()[1])
    piece = base64.b64decode(lines[4].split()[1])
    text = "".join(line + "\n" for line in lines[:5])
    assert lines[5] == "check " + hashlib.sha256(text.encode()).hexdigest()[:16]
    digest = hashlib.sha256(b"phiward-escrow-share-1\0" + bytes.fromhex(escrow) + bytes([place]) + piece)
    assert digests[place] == digest.hexdigest()
    return place, piece


def sealed(key, data, bound):
    return AESGCM(key).decrypt(data[:12], data[12:], bound)


def salts_of(keys, ring):
    head, records = ring.split(b"\n---\n", 1)
    lines, total = (head + b"\n").rsplit(b"sum ", 1)
    sealing, finding = keys[:32], keys[32:]
    sums = hmac.digest(finding, b"phiward-salt-ring-head-1", "sha256")
    assert base64.b64decode(total) == hmac.digest(sums, lines, "sha256")
    name = bytes.fromhex(lines.split(b"\nring ")[1].split(b"\n")[0].decode())
    finder = base64.b64decode(lines.split(b"\nfinder ")[1].split(b"\n")[0])
    assert sealed(sealing, finder, b"phiward salt ring finder\n" + name) == finding
    salts, people = {}, {}
    for at in range(0, len(records), 85):
        kind, person, handle = records[at], records[at + 1 : at + 17], records[at + 17 : at + 25]
        label = b"phiward salt ring record, untold\n" if kind == 3 else b"phiward salt ring record\n"
        salt = sealed(sealing, records[at + 25 : at + 85], label + person + handle)
        if kind == 1:
            salts[handle.hex()], people[person] = salt.hex(), handle
    return salts, people, finding


def main():
    whole = open(sys.argv[1], "rb").read()
    end = whole.index(b"\n---\n") + 5
    head = whole[:end].decode().splitlines()
    assert head[0] == "phiward-escrow/v1"
    escrow = head[1].removeprefix("escrow ")
    digests = {int(line.split()[1]): line.split()[2] for line in head if line.startswith("share ")}
    key = join(dict(read_share(path, escrow, digests) for path in sys.argv[2:]))
    plain = sealed(key, whole[end:], whole[:end])
    parts = {}
    while plain:
        kind, (length,) = plain[0], struct.unpack(">Q", plain[1:9])
        parts[kind], plain = plain[9 : 9 + length], plain[9 + length :]
    data_keys = {}
    for line in parts[1].decode().splitlines()[3:]:
        number, _, _, _, _, secret = line.split(" ")
        if secret != "-":
            data_keys[int(number, 36)] = base64.b64decode(secret)
    salts, people, finding = salts_of(parts[2][:64], parts[2][64:])
    values = []
    for one in json.load(sys.stdin):
        subject = b"".join(struct.pack(">Q", len(text)) + text.encode() for text in one["subject"])
        person = hmac.digest(finding, b"phiward-subject-handle-1\0" + subject, "sha256")[:16]
        body = one["token"].split(".")[3]
        assert base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))[:8] == people[person]
        values.append(open_token(data_keys, salts, one["tenant"], one["field"], one["subject"], one["token"]))
    json.dump(values, sys.stdout)


if __name__ == "__main__":
    main()
