#!/usr/bin/env bash
# Checks that a version can be released, says what it is about to do, and tags it. Nothing is pushed.
#
#     scripts/packaging/release.sh VERSION
#
# --yes behind it: do not ask.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

version=${1:?VERSION, such as 0.1.0}
tag=v$version
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "\`$version\` is no version: write it as 0.1.0"

# All that is wrong is told at once.
faults=()
[[ -z $(git status --porcelain) ]] || faults+=('the work tree has changes: commit or stash them')
! git rev-parse -q --verify "refs/tags/$tag" >/dev/null || faults+=("the tag $tag is there already: choose another version")
grep -qx "version = \"$version\"" Cargo.toml || faults+=("Cargo.toml has another version: write version = \"$version\", and run cargo check")
grep -qE "^## \[${version//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md ||
    faults+=("CHANGELOG.md has no section of it: write ## [$version] - $(date +%F) below [Unreleased]")
if ((${#faults[@]})); then
    for fault in "${faults[@]}"; do printf 'error: %s\n' "$fault" >&2; done
    exit 1
fi

cat <<TOLD
To release $version, this:
  1. runs all checks and tests (just ci)
  2. packages the crate and builds what was packaged (just package)
  3. tags $(git rev-parse --short HEAD) as $tag, with its section of CHANGELOG.md as the message
It pushes and publishes nothing.
TOLD
if [[ ${2-} != --yes ]]; then
    read -r -p 'Go on? [y/N] ' answer || answer=
    [[ $answer == [yY]* ]] || fail 'nothing was done: answer y to go on'
fi

just ci
just package
awk -v head="## [$version]" 'index($0, head) == 1 { on = 1; next } on && /^## \[/ { exit } on' CHANGELOG.md |
    git tag -a "$tag" --cleanup=whitespace -F -
cat <<TOLD
$tag is tagged. What is left to do:
  git push origin $tag
  cargo publish --locked
  just deb
TOLD
