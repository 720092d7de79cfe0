"""A guest of a private conversation, written from docs/private.md alone.

Takes the code and, in hexadecimal, what the exporter gave; each of the messages is a line of
hexadecimal digits. Says its share, reads the host's, says its proof, and then the one that the host is to
give. Variable time and no checks: for tests.
"""

import hashlib
import hmac
import secrets
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
M = "15cfd18e385952982b6a8f8c7854963b58e34388c8e6dae891db756481a02312"
N = "f04f2e7eb734b2a8f8b472eaf9c3c632576ac64aea650b496a8a20ff00e583c3"
BASE = "5866666666666666666666666666666666666666666666666666666666666666"


def decode(data):
    """RFC 8032, section 5.1.3."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    assert (x * x - square) % P == 0, "no point"
    return (P - x if x & 1 != sign else x, y)


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def add(one, other):
    (x1, y1), (x2, y2) = one, other
    both = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + both, P - 2, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - both, P - 2, P)
    return (x % P, y % P)


def times(number, point):
    sum_of = (0, 1)
    while number:
        if number & 1:
            sum_of = add(sum_of, point)
        point = add(point, point)
        number >>= 1
    return sum_of


def hkdf(key, info, length):
    """RFC 5869, with SHA-256 and an empty salt."""
    key = hmac.digest(bytes(32), key, "sha256")
    out, block = b"", b""
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


def sha256(data):
    return hashlib.sha256(data).digest()


def say(data):
    print(data.hex(), flush=True)


def main(code, bound):
    password, bound = code.encode(), bytes.fromhex(bound)
    guest, host = b"chat-repl private guest", b"chat-repl private host"
    w = int.from_bytes(hkdf(password, b"SPAKE2 pw", 48), "big") % ORDER
    m, n, base = (decode(bytes.fromhex(point)) for point in (M, N, BASE))
    x = secrets.randbelow(ORDER)
    share = encode(add(times(x, base), times(w, m)))
    say(b"\x01\x41" + share)
    answer = bytes.fromhex(sys.stdin.readline())
    assert answer[:2] == b"\x01\x42" and len(answer) == 34, answer
    shared = times(x, add(decode(answer[2:]), times(ORDER - w, n)))
    parts = [sha256(password), sha256(guest), sha256(host), share, answer[2:], encode(shared)]
    key = sha256(b"".join(parts))
    for whose in (guest, host):
        say(hmac.digest(key, whose + bound, "sha256"))


main(*sys.argv[1:])
