#!/usr/bin/python3
"""A second reader of the ledger's formats, so that they are more than what one program does.

Written from the specifications alone (RFC 6962, RFC 8785, C2SP tlog-tiles, signed-note, tlog-checkpoint,
tlog-cosignature, tlog-proof), with nothing but Debian's python3-cryptography.

    reader.py folder DIR VKEY     a log or an export: prints what is wrong, by index; exit 1 if anything is
    reader.py receipt FILE VKEY   the proofs and commitments of a receipt
    reader.py vectors             the cases beside this file
"""

import base64
import hashlib
import json
import os
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):  # RFC 6962, section 2.1
    return sha256(b"\0" + entry)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def tree_root(hashes):  # MTH of RFC 6962, section 2.1, over leaf hashes
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))


def included(index, size, hashed, proof, root):  # RFC 9162, section 2.1.3.2
    if index >= size:
        return False
    at, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if at % 2 == 1 or at == last:
            hashed = node_hash(sibling, hashed)
            while at % 2 == 0 and at > 0:
                at, last = at // 2, last // 2
        else:
            hashed = node_hash(hashed, sibling)
        at, last = at // 2, last // 2
    return last == 0 and hashed == root


def number(value):  # ECMAScript's Number::toString, which RFC 8785 section 3.2.2.3 names
    value = float(value)
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        power = point - 1
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + "e" + ("+" if power >= 0 else "-") + str(abs(power))
    return sign + text


def canonical(value):  # RFC 8785
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def parse(text):
    value = json.loads(text)
    if canonical(value) != text:
        raise ValueError("not canonical")
    return value


def parse_vkey(vkey, kind=1):  # signed-note, "Verifier keys"
    name, key_id, encoded = vkey.split("+", 2)
    material = base64.b64decode(encoded, validate=True)
    expected = sha256(name.encode() + b"\n" + material)[:4].hex()
    if material[0] != kind or len(material) != 33 or key_id != expected:
        raise ValueError("no key of this kind")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(material[1:])


def signatures(note):  # signed-note, "Format"
    text, _, lines = note.rpartition("\n\n")
    found = []
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if dash != "\u2014":
            raise ValueError("no signature line")
        found.append((name, signature[:4], signature[4:]))
    return text + "\n", found


def signed_by(note, vkey):
    name, key_id, public = parse_vkey(vkey)
    text, found = signatures(note)
    mine = [signature for signer, signer_id, signature in found if (signer, signer_id) == (name, key_id)]
    for signature in mine:
        public.verify(signature, text.encode())
    if not mine:
        raise ValueError("not signed by this key")
    return text


def cosigned(note, vkeys):  # tlog-cosignature, "Ed25519 signed message"; the latest time of each witness
    text, found = signatures(note)
    times = {}
    for vkey in vkeys:
        name, key_id, public = parse_vkey(vkey, 4)
        for signer, signer_id, signature in found:
            if (signer, signer_id) != (name, key_id):
                continue
            time = int.from_bytes(signature[:8], "big")
            if len(signature) != 72 or time >= 2**53:
                raise ValueError("no timestamped signature")
            public.verify(signature[8:], f"cosignature/v1\ntime {time}\n{text}".encode())
            times[vkey] = max(time, times.get(vkey, 0))
    return times


def checkpoint(note, vkey):  # tlog-checkpoint, "Note text"
    origin, size, root = signed_by(note, vkey).splitlines()[:3]
    if origin != vkey.split("+")[0]:
        raise ValueError("of another log")
    return int(size), base64.b64decode(root, validate=True)


def tile_path(level, index, width):  # tlog-tiles, "Merkle Tree"
    path = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        path = f"x{index % 1000:03d}/{path}"
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def hashes_of(tile):
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]


def entries_of(bundle):  # tlog-tiles, "Log entries"
    entries, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(bundle):
        raise ValueError("lengths that lie")
    return entries


def read_folder(directory, vkey):
    def read(path):
        try:
            with open(os.path.join(directory, path), "rb") as file:
                return file.read()
        except FileNotFoundError:
            full, partial, width = path.partition(".p/")  # tlog-tiles, "Partial Tiles": dropped for the full one
            if not partial:
                raise
            whole = read(full)
        if not path.startswith("tile/entries/"):
            return whole[: 32 * int(width)]
        return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries_of(whole)[: int(width)])

    size, root = checkpoint(read("checkpoint").decode(), vkey)
    start, end = 0, size
    if os.path.exists(os.path.join(directory, "manifest.json")):
        manifest = parse(read("manifest.json").decode().rstrip("\n"))
        start, end = manifest["from"], manifest["until"]
    wrong, rows, level = [], [], 0
    while size // WIDTH**level > 0:
        rows.append({})
        count = size // WIDTH**level
        spans = set(range(start // WIDTH ** (level + 1), -(-end // WIDTH ** (level + 1)))) if start < end else set()
        edge = {count // WIDTH} if count % WIDTH else set()
        for index in sorted(spans | edge):
            width = min(WIDTH, count - index * WIDTH)
            if width > 0:
                rows[level][index] = hashes_of(read(tile_path(level, index, width)))
        level += 1
    for level, tiles in enumerate(rows):
        for index, hashes in tiles.items():
            if len(hashes) == WIDTH and tree_root(hashes) != rows[level + 1][index // WIDTH][index % WIDTH]:
                wrong.append(f"tile {level}/{index}")
    # The root: the partial tile of each level, from the top, hangs to the right of those above it.
    right = None
    for level, tiles in enumerate(rows):
        count = size // WIDTH**level % WIDTH
        if count:
            row = tiles[size // WIDTH ** (level + 1)]
            right = tree_root(row) if right is None else edge_root(row, right)
    if (right or sha256(b"")) != root:
        wrong.append("root")
    total = 0
    for first in range(start, end, WIDTH):
        width = min(WIDTH, size - first)
        entries = entries_of(read(tile_path("entries", first // WIDTH, width)))
        if len(entries) != width:
            wrong.append(f"bundle {first}")
        for at, entry in enumerate(entries[:width]):
            total += 1
            if leaf_hash(entry) != rows[0][first // WIDTH][at]:
                wrong.append(first + at)
            parse(entry.decode())
    return {"size": size, "root": root.hex(), "from": start, "until": end, "entries": total, "wrong": wrong}


def edge_root(row, right):
    """The root over full subtrees of one level and, right of them, a smaller tree."""
    if not row:
        return right
    split = 1
    while split * 2 <= len(row):
        split *= 2
    return node_hash(tree_root(row[:split]), edge_root(row[split:], right))


def read_receipt(file, vkey):
    with open(file, encoding="utf-8", newline="") as source:
        receipt = parse(source.read().rstrip("\n"))
    wrong = []
    for entry in receipt["entries"]:
        head, _, note = entry["proof"].partition("\n\n")
        title, index, *path = head.split("\n")
        size, root = checkpoint(note, vkey)
        proof = [base64.b64decode(line, validate=True) for line in path]
        named = title == "c2sp.org/tlog-proof@v1" and index == f"index {entry['index']}"
        if not named or not included(entry["index"], size, leaf_hash(entry["leaf"].encode()), proof, root):
            wrong.append(entry["index"])
        leaf = parse(entry["leaf"])
        if entry["aside"] is not None:
            commitment = base64.urlsafe_b64encode(sha256(entry["aside"].encode())).decode().rstrip("=")
            if leaf.get("commitment") != commitment:
                wrong.append(f"aside {entry['index']}")
    return {"action": receipt["action"], "entries": len(receipt["entries"]), "wrong": wrong}


def refuses(check, *arguments):
    try:
        return not check(*arguments)
    except (ValueError, InvalidSignature, IndexError, RecursionError):
        return True


def read_vectors():
    here = os.path.dirname(os.path.abspath(__file__))

    def load(name):
        with open(os.path.join(here, name), encoding="utf-8") as file:
            return json.load(file)

    checked = []

    def check(name, holds):
        checked.append((name, bool(holds)))

    for case in load("tiles.json")["paths"]:
        check(case["path"], tile_path(case["level"], case["index"], case["width"]) == case["path"])
    merkle = load("merkle.json")
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in merkle["leaves"]]
    for size, root in enumerate(merkle["roots"]):
        check(f"root {size}", tree_root(leaves[:size]).hex() == root)
    for case in load("notes.json")["signed"]:
        check(case["source"], signed_by(case["note"], case["vkey"]))
        check("flipped", refuses(signed_by, case["note"].replace("you", "You").replace("an", "a"), case["vkey"]))
    cosignatures = load("cosignatures.json")
    for case in cosignatures["cosigned"]:
        check(case["name"], cosigned(case["note"], case["witnesses"]) == case["times"])
    for case in cosignatures["refused"]:
        if case["code"] == "cosignature.bad":
            check(case["name"], refuses(cosigned, case["note"], case["witnesses"]))
    for bits, text in load("canonical.json")["numbers"]:
        check(bits, number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text)
    for case in load("canonical.json")["values"]:
        if "input" in case and "canonical" in case:
            check(case["name"], canonical(json.loads(case["input"])) == case["canonical"])
    return {"checked": len(checked), "wrong": [name for name, holds in checked if not holds]}


def main():
    command, *arguments = sys.argv[1:] or [""]
    commands = {"folder": read_folder, "receipt": read_receipt, "vectors": read_vectors}
    if command not in commands:
        sys.exit(__doc__)
    try:
        report = commands[command](*arguments)
    except (ValueError, InvalidSignature, KeyError, OSError) as error:
        report = {"wrong": [f"{type(error).__name__}: {error}"]}
    print(json.dumps(report))
    sys.exit(1 if report["wrong"] else 0)


main()
