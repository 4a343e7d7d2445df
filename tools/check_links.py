#!/usr/bin/env python3
"""Checks the links between this repository's Markdown files: that what they name exists and that
the heading after a `#` is there; and that each folder's README.md links to the documents beside it.
Looks at nothing outside the repository, so it needs no network.

Exit code 1 and one line per broken link, else 0.
"""

import pathlib
import re
import subprocess
import sys
from urllib.parse import unquote

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
INLINE = re.compile(r"\]\(\s*(<[^>]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+[\"'(].*?[\"')])?\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:\s*(<[^>]*>|\S+)")
REFERENCE = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
HTML = re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=[\"']([^\"']+)[\"']", re.IGNORECASE)
ANCHOR = re.compile(r"<[a-z0-9]+\b[^>]*?\b(?:id|name)=[\"']([^\"']+)[\"']", re.IGNORECASE)
OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)


def prose(text):
    """The lines of a document with their numbers, without code blocks and comments."""
    text = COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)
    fence = None
    for number, line in enumerate(text.split("\n"), start=1):
        mark = FENCE.match(line)
        if fence is None and mark:
            fence = mark.group(1)
        elif fence is not None:
            if mark and mark.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
        else:
            yield number, line


def slug(heading):
    """The anchor GitHub gives a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"<[^>]+>", "", text).replace("`", "")
    text = re.sub(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", text)
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def anchors(text):
    """Every anchor of a document."""
    found = set()
    for _, line in prose(text):
        found.update(ANCHOR.findall(line))
        heading = HEADING.match(line)
        if heading:
            base = slug(heading.group(2))
            candidate, count = base, 0
            while candidate in found:
                count += 1
                candidate = f"{base}-{count}"
            found.add(candidate)
    return found


def links(text):
    """Every link of a document as (line, target); a reference without its definition as (line, None, name)."""
    lines = [(number, CODE.sub("", line)) for number, line in prose(text)]
    defined = {}
    for _, line in lines:
        definition = DEFINITION.match(line)
        if definition:
            defined[definition.group(1).lower()] = definition.group(2).strip("<>")
    for number, line in lines:
        definition = DEFINITION.match(line)
        if definition:
            yield number, definition.group(2).strip("<>"), None
            continue
        for target in INLINE.findall(line):
            yield number, target.strip("<>"), None
        for target in HTML.findall(line):
            yield number, target, None
        for label, name in REFERENCE.findall(line):
            name = name or label
            if name.lower() not in defined:
                yield number, None, name


def broken(root, files):
    """One line for each broken link among the Markdown files of `files`, paths relative to `root`."""
    present = {pathlib.PurePosixPath(file) for file in files}
    folders = {parent for file in present for parent in file.parents}
    headings = {}
    # By folder: the documents beside a README.md that no link of it has named yet.
    unlisted = {
        readme.parent: {path for path in present if path.suffix == ".md" and path.parent == readme.parent} - {readme}
        for readme in present
        if readme.name == "README.md" and readme.parent.parts
    }

    def anchors_of(path):
        if path not in headings:
            headings[path] = anchors((root / path).read_text(encoding="utf-8"))
        return headings[path]

    for file in sorted(path for path in present if path.suffix == ".md"):
        for number, target, undefined in links((root / file).read_text(encoding="utf-8")):
            if undefined is not None:
                yield f"{file}:{number}: [{undefined}] is defined nowhere"
                continue
            if OUTSIDE.match(target):
                continue
            path, _, anchor = target.partition("#")
            path = unquote(path.partition("?")[0])
            anchor = unquote(anchor)
            if path.startswith("/"):
                parts = path.strip("/").split("/")
            else:
                parts = [*file.parent.parts, *path.split("/")] if path else list(file.parts)
            resolved, escaped = [], False
            for part in parts:
                if part == "..":
                    escaped = escaped or not resolved
                    resolved = resolved[:-1]
                elif part not in ("", "."):
                    resolved.append(part)
            aim = pathlib.PurePosixPath(*resolved)
            if file.name == "README.md" and file.parent.parts:
                unlisted[file.parent].discard(aim)
            if escaped:
                yield f"{file}:{number}: {target} leads out of the repository"
            elif aim not in present and aim not in folders:
                yield f"{file}:{number}: {target} does not exist"
            elif anchor and aim.suffix == ".md" and anchor not in anchors_of(aim):
                yield f"{file}:{number}: {target}: {aim} has no heading #{anchor}"
    for folder, left in sorted(unlisted.items()):
        for path in sorted(left):
            yield f"{path}: {folder}/README.md does not list it"


def main():
    """Checks what git knows or would add."""
    root = pathlib.Path(__file__).resolve().parent.parent
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [file for file in listed.stdout.split("\0") if file and (root / file).exists()]
    problems = list(broken(root, files))
    for problem in problems:
        print(problem, file=sys.stderr)
    documents = sum(file.endswith(".md") for file in files)
    if problems:
        print(f"error: {len(problems)} broken links in {documents} documents", file=sys.stderr)
        return 1
    print(f"links of {documents} documents are sound")
    return 0


if __name__ == "__main__":
    sys.exit(main())
