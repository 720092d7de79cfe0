# List the recipes
default:
    @just --list --unsorted

# Build the program
[group('build')]
build:
    cargo build --release --locked

# Install the program for this user
[group('build')]
install:
    cargo install --locked --path .

# Make a Debian package of the program, its manual, completions, examples and unit: target/debian/*.deb
[group('build')]
deb:
    @cargo deb --version >/dev/null 2>&1 || { echo "error: there is no cargo-deb: cargo install --locked cargo-deb@3.8.0" >&2; exit 1; }
    scripts/packaging/deb.sh

# Install a Debian package of the program, try what it brings, and purge it again: as root, or in a container
[group('check')]
try-deb FILE:
    scripts/packaging/try-deb.sh {{ FILE }}

# Check licences, advisories, duplicates and sources of all that the program depends on
[group('check')]
deny *ARGS:
    @cargo deny --version >/dev/null 2>&1 || { echo "error: there is no cargo-deny: cargo install --locked cargo-deny@0.20.2" >&2; exit 1; }
    cargo deny --locked check {{ ARGS }}

# Check that what is published builds by itself
[group('check')]
package:
    cargo package --locked

# Run every test: unit, integration, documentation
[group('check')]
test *ARGS:
    cargo test --locked {{ ARGS }}

# Check that the source is formatted
[group('check')]
fmt-check:
    cargo fmt --all --check

# Lint everything that compiles, warnings being errors
[group('check')]
lint:
    cargo clippy --locked --all-targets -- -D warnings

# Build the documentation, private items too, warnings being errors
[group('check')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Feed what reads from outside with broken input, each part for so many seconds
[group('check')]
fuzz SECONDS='600':
    CHAT_REPL_FUZZ={{ SECONDS }} cargo test --locked --test integration fuzz:: -- --nocapture

# Check everything that a change must pass
[group('check')]
ci: fmt-check lint doc test

# Tag a version, after checking that it can be released: pushes nothing, and asks before it tags
[group('work')]
release VERSION:
    scripts/packaging/release.sh {{ VERSION }}

# Format the source
[group('work')]
fmt:
    cargo fmt --all

# Race against peers, side by side: all races, or those named (`just bench pipe --runs 9`)
[group('work')]
bench *ARGS:
    cargo bench --locked --bench races -- {{ ARGS }}

# Measure the speed of the parts
[group('work')]
bench-parts *ARGS:
    cargo bench --locked --bench parts {{ ARGS }}

# Measure what long transcripts take, beside jq and Python
[group('work')]
bench-transcripts *EVENTS: build
    python3 benches/transcripts.py "${CARGO_TARGET_DIR:-{{ justfile_directory() }}/target}/release/chat-repl" {{ EVENTS }}

# Play a short conversation, to see what the program does
[group('work')]
demo: build
    PATH="${CARGO_TARGET_DIR:-{{ justfile_directory() }}/target}/release:$PATH" scripts/demo.sh

# Draw the picture in the README anew, from the conversation that it shows
[group('work')]
picture: build
    "${CARGO_TARGET_DIR:-{{ justfile_directory() }}/target}/release/chat-repl" show scripts/session.json --title 'chat-repl --connect 127.0.0.1' -o docs/session.svg
