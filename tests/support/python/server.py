"""The chat server of many a tutorial: one thread receives, one sends, and no line is ever ended.

    server.py [PORT]

The port is told as `-- listening on HOST:PORT`; 0, the default, is a free one.
"""

import socket
import sys
import threading


def receive(conn):
    while True:
        message = conn.recv(1024)
        if not message:
            print("the client has left", flush=True)
            return
        print("client: " + message.decode(errors="replace"), flush=True)


def send(conn):
    for line in sys.stdin:
        conn.sendall(line.rstrip("\n").encode())
    conn.shutdown(socket.SHUT_WR)


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0))
server.listen()
print("-- listening on %s:%d" % server.getsockname(), file=sys.stderr, flush=True)
conn, _ = server.accept()
threads = [threading.Thread(target=target, args=(conn,)) for target in (receive, send)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
