"""An IRC client by a library: joins a channel, talks to itself there, and leaves.

    irc_client.py HOST PORT TEXT [ping]

`ping` asks the server whether it is there, in the middle of it.
"""

import sys

import irc.client

CHANNEL = "#chat-repl"


def joined(connection, event):
    print(event.source.nick, "joined", event.target)
    if "ping" in sys.argv[4:]:
        connection.ping("there")
    connection.privmsg(CHANNEL, sys.argv[3])
    connection.privmsg(connection.get_nickname(), sys.argv[3])


def heard(connection, event):
    print(event.source.nick, "says", event.arguments[0])
    connection.part(CHANNEL)


def left(connection, event):
    connection.quit("done")


def ended(connection, event):
    sys.exit(0)


client = irc.client.IRC() if hasattr(irc.client, "IRC") else irc.client.Reactor()
connection = client.server().connect(sys.argv[1], int(sys.argv[2]), "ann", username="ann", ircname="Ann")
for name, handler in [
    ("welcome", lambda connection, event: connection.join(CHANNEL)),
    ("join", joined),
    ("privmsg", heard),
    ("part", left),
    ("disconnect", ended),
]:
    connection.add_global_handler(name, handler)
client.process_forever()
