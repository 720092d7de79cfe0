#!/usr/bin/env bash
# Installs a Debian package of chat-repl, tries what it brought, and purges it again, as root.
#
#     scripts/packaging/try-deb.sh FILE.deb
#
# Fails at the first thing that is not as it should be. Where chat-repl is installed already, nothing is touched.
set -euo pipefail

deb=$1
work=$(mktemp -d)
listener=

say() { printf -- '-- %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
holds() { grep -qF -- "$2" <<<"$1" || fail "no \`$2\` in: $1"; }

leave() {
    [[ -z $listener ]] || kill "$listener" 2>/dev/null || true
    rm -rf "$work"
}
trap leave EXIT

((EUID == 0)) || fail 'only root can install packages: run it by sudo, or in a container'
! dpkg -s chat-repl >/dev/null 2>&1 || fail 'chat-repl is installed: remove it first, or try elsewhere'

mapfile -t files < <(dpkg -c "$deb" | sed -n 's/^-.* \.\(\/[^ ]*\).*/\1/p')
dpkg -i "$deb" >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log" >&2; fail "dpkg -i $deb"; }

say 'the program runs'
holds "$(/usr/bin/chat-repl --version)" 'chat-repl '
/usr/bin/chat-repl -q --listen "unix:$work/chat.sock" </dev/null >"$work/heard" &
listener=$!
printf 'hello\n' | /usr/bin/chat-repl -q --connect "unix:$work/chat.sock" --retry 10s
wait "$listener"
listener=
holds "$(cat "$work/heard")" hello

# Images of containers leave manual pages out (path-exclude in dpkg.cfg.d): those are read from the package.
dpkg-deb -x "$deb" "$work/tree"
if command -v man >/dev/null; then
    say 'man chat-repl'
    pages=/usr/share/man
    [[ -e $pages/man1/chat-repl.1.gz ]] || pages=$work/tree/usr/share/man
    for page in "$work"/tree/usr/share/man/man1/*.gz; do
        name=$(basename "$page" .1.gz)
        text=$(MANROFFOPT=-ww MANWIDTH=80 man -M "$pages" "$name" 2>&1)
        holds "$text" 'SYNOPSIS'
        ! grep -q 'warning' <<<"$text" || fail "man $name: $text"
    done
fi

say 'completions'
bash -c 'source /usr/share/bash-completion/completions/chat-repl && complete -p chat-repl' >/dev/null
[[ -s /usr/share/zsh/vendor-completions/_chat-repl ]] || fail 'none for zsh'
[[ -s /usr/share/fish/vendor_completions.d/chat-repl.fish ]] || fail 'none for fish'

unit=$(dpkg -L chat-repl | grep '/chat-room\.service$') || fail 'no unit of systemd'
if command -v systemd-analyze >/dev/null; then
    say 'the unit'
    systemd-analyze verify "$unit" >"$work/unit.log" 2>&1 || fail "$(cat "$work/unit.log")"
    ! grep -q chat-room "$work/unit.log" || fail "$(cat "$work/unit.log")"
fi
! find /etc/systemd -name 'chat-room*' | grep -q . || fail 'the unit was enabled'

say 'purging leaves nothing'
dpkg --purge chat-repl >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log" >&2; fail 'dpkg --purge'; }
for file in "${files[@]}"; do [[ ! -e $file ]] || fail "$file is left"; done
for folder in /usr/share/doc/chat-repl /var/lib/systemd/deb-systemd-helper-enabled/chat-room.service.dsh-also; do
    [[ ! -e $folder ]] || fail "$folder is left"
done
say "${#files[@]} files came and went"
