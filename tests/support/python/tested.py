"""A server that says to each client what that client says, and does what it is told.

    tested.py PORT|[::1]:PORT|PATH [once|late|deaf|daemon]

`once` serves one client and ends, `late` takes its time until it listens, `deaf` listens and lets nobody
in, `daemon` goes to the background, with nothing of its environment and its output left. What clients
say is echoed, but for `crash`, `exit N`, `flood` and `hang`; before that, `write TEXT` writes to standard
output, and `lines N` writes so many lines.
"""

import os
import signal
import socket
import sys
import threading
import time


def listen(place):
    if "/" in place:
        server = socket.socket(socket.AF_UNIX)
        server.bind(place)
    elif place.startswith("[::1]:"):
        server = socket.socket(socket.AF_INET6)
        server.bind(("::1", int(place.rsplit(":", 1)[1])))
    else:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", int(place)))
    server.listen(128)
    return server


def serve(conn):
    with conn, conn.makefile("rwb") as stream:
        for line in stream:
            word, _, rest = line.decode(errors="replace").strip().partition(" ")
            if word == "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            elif word == "exit":
                print("leaving", flush=True)
                os._exit(int(rest))
            elif word == "write":
                print(rest, flush=True)
            elif word == "lines":
                print("\n".join(f"line {n}" for n in range(int(rest))), flush=True)
            elif word == "flood":
                while True:
                    stream.write(b"water\n" * 10000)
            elif word == "hang":
                continue
            stream.write(line)
            stream.flush()


def serve_quietly(conn):
    try:
        serve(conn)
    except OSError:
        pass


place, mode = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
if mode == "daemon" and "DAEMON" not in os.environ:
    # The environment that the daemon is started with has nothing in it by which it could be known.
    if os.fork() == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os.execve(sys.executable, [sys.executable, *sys.argv], {"DAEMON": "1"})
    os._exit(0)
if mode == "late":
    time.sleep(0.3)
server = listen(place)
print("listening", flush=True)
if mode == "deaf":
    time.sleep(1000)
number = 0
while mode != "once" or number == 0:
    conn, _ = server.accept()
    number += 1
    print(f"client {number}", flush=True)
    if mode == "once":
        server.close()
        serve_quietly(conn)
    else:
        threading.Thread(target=serve_quietly, args=(conn,), daemon=True).start()
