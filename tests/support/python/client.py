"""The chat client of many a tutorial: one thread receives, one sends, and no line is ever ended.

    client.py HOST PORT
"""

import socket
import sys
import threading


def receive(conn):
    while True:
        message = conn.recv(1024)
        if not message:
            print("the server has left", flush=True)
            return
        print("server: " + message.decode(errors="replace"), flush=True)


def send(conn):
    for line in sys.stdin:
        conn.sendall(line.rstrip("\n").encode())
    conn.shutdown(socket.SHUT_WR)


conn = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("-- connected", file=sys.stderr, flush=True)
threads = [threading.Thread(target=target, args=(conn,)) for target in (receive, send)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
