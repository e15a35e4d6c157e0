"""Opens field tokens. Written from docs/formats/field-token.md alone.

Reads JSON from standard input: {"data_keys": {number: hex}, "salts": {handle: hex}, "tokens": [{"tenant", "field",
"subject" (three texts, or null), "token"}]}, and prints a JSON list of the values.
"""

import base64
import json
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode


def derive(data_key, label, context):
    kdf = KBKDFHMAC(
        algorithm=hashes.SHA256(),
        mode=Mode.CounterMode,
        length=32,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label,
        context=context,
        fixed=None,
    )
    return kdf.derive(data_key)


def part(data):
    return struct.pack(">I", len(data)) + data


def open_token(keys, salts, tenant, field, subject, token):
    mark, number, algorithm, body = token.split(".")
    assert mark == "~e1"
    number = int(number, 36)
    body = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    name = b""
    for text in subject or []:
        name += struct.pack(">Q", len(text.encode())) + text.encode()
    if algorithm == "g":
        handle, body = body[:8], body[8:]
        salt = bytes.fromhex(salts[handle.hex()])
        key = derive(keys[number], b"phiward-subject-key-1", handle + salt)
    else:
        assert algorithm == "n"
        key = derive(keys[number], b"phiward-field-key-1", field.encode())
    bound = b"phiward-token-1\0" + part(tenant.encode()) + part(field.encode()) + part(name)
    bound += struct.pack(">I", number) + algorithm.encode()
    return AESGCM(key).decrypt(body[:12], body[12:], bound).decode()


def main():
    given = json.load(sys.stdin)
    keys = {int(number): bytes.fromhex(key) for number, key in given["data_keys"].items()}
    opened = [
        open_token(keys, given["salts"], one["tenant"], one["field"], one["subject"], one["token"])
        for one in given["tokens"]
    ]
    json.dump(opened, sys.stdout)


if __name__ == "__main__":
    main()
