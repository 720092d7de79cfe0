"""Long transcripts: time and memory of chat-repl beside `jq .` and Python's `json`, in one run.

    python3 benches/transcripts.py target/release/chat-repl [EVENTS...]

For each number of events there are two conversations: turns of one line each, and turns of 1,000 lines.
Each is shown, compared with itself, with one in which every 1,000th line is another and with one in
which all are, verified against a server in closed loop, and blessed where every 10,000th line is
another, for which each such turn waits 300 ms. The peak is no less than what this program takes itself, some
14 MiB.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HEADER = (
    '{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02.120Z",'
    '"role":"client","eol":"\\n","events":[\n'
    '{"dt":0,"ev":"open","conn":1,"addr":"127.0.0.1:6667"}'
)
FOOTER = ',\n{"dt":0.2,"conn":1,"ev":"close","from":"server","how":"eof"}\n]}\n'


def answers(turns, lines, every):
    """What the server says, turn by turn; each `every`-th line is another."""
    for turn in range(turns):
        numbers = range(turn * lines, (turn + 1) * lines)
        words = ("another" if every and (n + 1) % every == 0 else "value" for n in numbers)
        yield [f"OK {word} {n} of key:{turn}" for word, n in zip(words, numbers)]


def write(path, turns, lines, every=0):
    with open(path, "w", encoding="ascii") as out:
        out.write(HEADER)
        for turn, said in enumerate(answers(turns, lines, every)):
            out.write(f',\n{{"dt":0.1,"conn":1,"from":"client","line":"GET key:{turn}"}}')
            for line in said:
                out.write(f',\n{{"dt":0.05,"conn":1,"from":"server","line":"{line}"}}')
        out.write(FOOTER)


def serve(listener, turns, lines, every):
    """Answers each line of one client, and ends when all is said."""
    conn, _ = listener.accept()
    with conn:
        heard = conn.makefile("rb", 1 << 20)
        for said in answers(turns, lines, every):
            if not heard.readline():
                return
            conn.sendall("".join(line + "\n" for line in said).encode())
        conn.shutdown(socket.SHUT_WR)
        heard.read()


def measure(label, command, expected=0):
    began = time.monotonic()
    null = subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    memory = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    note = "" if child.returncode == expected else f"  status {child.returncode}"
    print(f"{label:34} {wall:8.2f} s {used.ru_utime:8.2f} s {memory:8.0f} MiB{note}", flush=True)


def replay(label, program, path, turns, lines, every=0, options=()):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = threading.Thread(target=serve, args=(listener, turns, lines, every))
        peer.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        measure(label, [program, "-q", "--connect", address, "--replay", path, *options])
        peer.join()


def main():
    program, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]] or [100_000, 1_000_000]
    print(f"{'':34} {'wall':>8}   {'user':>8}   {'peak':>8}")
    for events in sizes:
        for lines in (1, 1000):
            turns = events // (lines + 1)
            with tempfile.TemporaryDirectory() as folder:
                run(program, folder, turns, lines, f"{events} events, turns of {lines}")


def run(program, folder, turns, lines, name):
    path = {every: os.path.join(folder, f"{every}.json") for every in (0, 1000, 1)}
    for every, file in path.items():
        write(file, turns, lines, every)
    print(f"{name}: {os.path.getsize(path[0]) / (1 << 20):.0f} MiB")
    measure("  show", [program, "show", path[0]])
    measure("  diff, equal", [program, "diff", path[0], path[0]])
    measure("  diff, every 1,000th line", [program, "diff", path[0], path[1000]], 1)
    measure("  diff, every line", [program, "diff", path[0], path[1]], 1)
    replay("  verify", program, path[0], turns, lines)
    replay("  bless, every 10,000th line", program, path[0], turns, lines, 10_000, ["--bless=force"])
    if shutil.which("jq"):
        measure("  jq .", ["jq", ".", path[1]])
    load = "import json, sys; json.load(open(sys.argv[1]))"
    measure("  python json.load", [sys.executable, "-c", load, path[1]])


main()
