#!/usr/bin/env python3
"""Prints what the crates that are linked into chat-repl want to be told of: who made them, their licences.

    scripts/packaging/third-party.py > THIRD-PARTY

Texts that several crates share word for word stand there once. Exits with 1 where a crate brings neither
a text nor the name of one.
"""

import json
import pathlib
import subprocess
import sys

# The text of a crate that brings none is that of its licence, as SPDX names it.
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")


def metadata(*args):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", *args]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def linked(graph):
    """The packages that the program is made of, itself, what builds and what tests them left out."""
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    seen, ahead = set(), [graph["resolve"]["root"]]
    while ahead:
        for dep in nodes[ahead.pop()]["deps"]:
            normal = any(kind["kind"] is None for kind in dep["dep_kinds"])
            if normal and dep["pkg"] not in seen:
                seen.add(dep["pkg"])
                ahead.append(dep["pkg"])
    packages = [package for package in graph["packages"] if package["id"] in seen]
    return sorted(packages, key=lambda package: (package["name"], package["version"]))


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(folder.iterdir())
    named = [file for file in files if file.is_file() and file.name.upper().startswith(NAMES)]
    return [file.read_text("utf-8", "replace").strip() for file in named]


def main():
    host = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    host = next(line.split(": ")[1] for line in host.splitlines() if line.startswith("host: "))
    shared, untold = {}, []
    print("chat-repl is linked with these crates, each under the licence beside it.\n")
    for package in linked(metadata("--filter-platform", host)):
        told = f"{package['name']} {package['version']}"
        print(f"{told}: {package['license'] or 'see below'}")
        for author in package["authors"]:
            print(f"    {author}")
        found = texts(package)
        if not found and not package["license"]:
            untold.append(told)
        for text in found:
            shared.setdefault(text, []).append(told)
    for text, owners in shared.items():
        print(f"\n{'-' * 78}\nOf {', '.join(owners)}:\n\n{text}")
    for told in untold:
        print(f"error: {told} says nothing of its licence: ask who made it", file=sys.stderr)
    return 1 if untold else 0


if __name__ == "__main__":
    sys.exit(main())
