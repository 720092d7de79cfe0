#!/usr/bin/env bash
# Makes the Debian package, and prints where it is. `cargo deb` is to be there: `just deb` says how.
#
#     scripts/packaging/deb.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

release=${CARGO_TARGET_DIR:-target}/release
stage=$release/deb
program=$release/chat-repl

cargo build --release --locked
rm -rf "$stage"
mkdir -p "$stage"
"$program" man "$stage/man"
for shell in bash zsh fish; do "$program" completions "$shell" >"$stage/completions.$shell"; done
scripts/packaging/third-party.py >"$stage/THIRD-PARTY"

# The format of copyright that Debian's machines read; the text of the Apache licence is on every Debian.
{
    printf '%s\n' \
        'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/' \
        'Upstream-Name: chat-repl' \
        'Comment: The crates that the program is linked with, who made them, and their' \
        ' licences are in /usr/share/doc/chat-repl/THIRD-PARTY.gz.' \
        '' 'Files: *' 'Copyright: 2026, the chat-repl authors' 'License: Expat or Apache-2.0' '' 'License: Expat'
    # Without the title and the line of copyright.
    sed -e '1,4d' -e 's/^$/./' -e 's/^/ /' LICENSE-MIT
    printf '%s\n' '' 'License: Apache-2.0' \
        ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.'
} >"$stage/copyright"

version=$("$program" --version | cut -d' ' -f2)
day=$(git log -1 --format=%cD 2>/dev/null || date -R)
printf 'chat-repl (%s-1) unstable; urgency=medium\n\n  * What is new is in changelog.gz.\n\n -- %s  %s\n' \
    "$version" "$(sed -n 's/^maintainer = "\([^"]*\)".*/\1/p' Cargo.toml)" "$day" >"$stage/changelog.Debian"

# cargo-deb compresses only what stands in the tree.
gzip -9n "$stage"/man/* "$stage/THIRD-PARTY" "$stage/changelog.Debian"

cargo deb --locked --no-build
