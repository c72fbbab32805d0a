#!/usr/bin/python3
"""Checks every signature of a metadata file with securesystemslib 0.26.

    verify.py ROOT FILE ROLE

Each signature of FILE must be by a key that ROOT lists for ROLE, over the
canonical JSON that securesystemslib itself makes of what was signed; each key
id must be the digest of its key, and there must be as many as the threshold.
Exit status 3 is a refusal, 4 says that the library is not here.
"""

import hashlib
import json
import sys

try:
    from securesystemslib import formats, keys
except ImportError as err:
    print(f"Debian 12's python3-securesystemslib is not here: {err}", file=sys.stderr)
    sys.exit(4)


class Refused(Exception):
    """The file is not what it should be."""


def canonical(value):
    return formats.encode_canonical(value).encode()


def check(root, file, role):
    """Returns the ids of the keys that signed."""
    powers = root["signed"]["roles"][role]
    signers = set()
    for signature in file["signatures"]:
        keyid = signature["keyid"]
        if keyid not in powers["keyids"]:
            raise Refused(f"{keyid} is no {role} key")
        if keyid in signers:
            raise Refused(f"{keyid} signed twice")
        key = root["signed"]["keys"][keyid]
        if hashlib.sha256(canonical(key)).hexdigest() != keyid:
            raise Refused(f"{keyid} is not the digest of its key")
        if not keys.verify_signature({**key, "keyid": keyid}, signature, canonical(file["signed"])):
            raise Refused(f"the signature by {keyid} does not verify")
        signers.add(keyid)
    if len(signers) < powers["threshold"]:
        raise Refused(f"{len(signers)} signatures, threshold {powers['threshold']}")
    return sorted(signers)


def read(name):
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def main(root, file, role):
    try:
        print(json.dumps(check(read(root), read(file), role)))
    except Refused as err:
        print(err, file=sys.stderr)
        sys.exit(3)


main(*sys.argv[1:])
