#!/usr/bin/env bash
# Two ends greet each other; then what they said is shown, and played back to a new host.
#
#     scripts/demo.sh [FILE]
#
# The transcript is left in FILE, demo.json where none is given.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
transcript=${1:-demo.json}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n# %s\n' "$*"; }

# Starts a host on a free port. Its notices can be read from descriptor 3, its address is in `addr`,
# its process id in `host`.
start_host() {
    local script=$scripts/greeting-host.chat notice
    # The bash of macOS can wait only for what `&` has started.
    mkfifo "$work/told"
    chat-repl --listen 127.0.0.1:0 --script "$script" "$@" 2>"$work/told" >/dev/null &
    host=$!
    exec 3<"$work/told"
    rm "$work/told"
    IFS= read -r notice <&3 || true
    printf '%s\n' "$notice"
    addr=${notice#-- listening on }
    if [[ $addr == "$notice" ]]; then end_host; fi
}

# Tells the rest of what the host has to tell, and fails if the host did.
end_host() {
    cat <&3
    wait "$host"
}

say 'a host listens, and keeps the transcript'
start_host --save "$transcript"

say 'a guest joins; this is what it hears'
chat-repl --connect "$addr" --script "$scripts/greeting-guest.chat"

say 'the host again'
end_host

say "what was said, as it stands in $transcript"
chat-repl show "$transcript"

say 'the same conversation, played to a new host'
start_host
chat-repl --connect "$addr" --replay "$transcript" >/dev/null
end_host
