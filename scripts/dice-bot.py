#!/usr/bin/env python3
"""A bot for a room: it rolls dice for whoever asks, and leaves when the room does.

    dice-bot.py ADDR [NAME]

In the room, `!roll 2d6` is answered with what came up. A bot needs no library: what is said in the room
comes from `chat-repl --connect ADDR --json` as JSON Lines, and what it writes there is said.
"""

import json
import random
import re
import subprocess
import sys


def answer(text):
    """What there is to say to a line of the room, if anything; nothing to what was said to us alone."""
    asked = re.fullmatch(r"(\S+): !roll (\d{1,2})d(\d{1,3})", text)
    if not asked:
        return None
    name, dice, sides = asked[1], int(asked[2]), int(asked[3])
    if dice == 0 or sides == 0:
        return f"{name}: there are no such dice"
    rolled = [random.randint(1, sides) for _ in range(dice)]
    return f"{name} rolled {' + '.join(map(str, rolled))} = {sum(rolled)}"


def main():
    addr, name = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "dice"
    room = subprocess.Popen(
        ["chat-repl", "-q", "--connect", addr, "--name", name, "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    for line in room.stdout:
        event = json.loads(line)
        said = event.get("from") == "server" and answer(event.get("line", ""))
        if said:
            # A line that begins with a slash is a command; two of them say one.
            room.stdin.write(said.replace("/", "//", 1) if said.startswith("/") else said)
            room.stdin.write("\n")
            room.stdin.flush()
    sys.exit(room.wait())


main()
