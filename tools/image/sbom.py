"""Writes the bill of materials of one binary, in CycloneDX: every crate that cargo compiles into it,
with its version, its checksum in Cargo.lock, its licence and what it depends on.

Needs nothing but cargo and Python 3.11. The same sources give the same bytes.

usage: sbom.py PACKAGE TARGET CREATED
    PACKAGE   a package of this workspace
    TARGET    a target of Rust's, as x86_64-unknown-linux-musl
    CREATED   time of the commit, as 2026-01-02T03:04:05Z
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINE = re.compile(r"(?P<depth>\d+)(?P<name>\S+) v(?P<version>\S+)(?P<rest>[^|]*)\|(?P<licence>[^|]*)\|(?P<repository>.*)")


def tree(package, target):
    """Each crate once for each crate that needs it, by depth. What only builds or tests is left out."""
    command = ["cargo", "tree", "--locked", "--package", package, "--target", target, "--edges", "normal",
               "--prefix", "depth", "--format", "{p}|{l}|{r}"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def checksums():
    """SHA-256 of each crate from a registry, by name and version."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(crate["name"], crate["version"]): crate.get("checksum") for crate in lock["package"]}


def component(name, version, licence, repository, checksum):
    """One crate."""
    purl = f"pkg:cargo/{name}@{version}"
    found = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if licence:
        # Before SPDX had a word for it, crates wrote a slash.
        found["licenses"] = [{"expression": licence.replace("/", " OR ").replace("  ", " ")}]
    if repository:
        found["externalReferences"] = [{"type": "vcs", "url": repository}]
    return found


def bill(package, target, created):
    """The whole of it."""
    locked = checksums()
    components, needs, above = {}, {}, []
    for line in tree(package, target):
        crate = LINE.fullmatch(line.removesuffix(" (*)"))
        if crate is None:
            raise SystemExit(f"error: cargo tree printed a line that is not understood: {line}")
        name, version, depth = crate["name"], crate["version"], int(crate["depth"])
        made = component(name, version, crate["licence"], crate["repository"], locked[name, version])
        reference = made["bom-ref"]
        components[reference] = made
        needs.setdefault(reference, set())
        del above[depth:]
        if above:
            needs[above[-1]].add(reference)
        above.append(reference)
    root = next(iter(components))
    main = components.pop(root) | {"type": "application"}
    contents = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": created, "lifecycles": [{"phase": "build"}], "component": main,
                     "properties": [{"name": "cargo:target", "value": target}]},
        "components": sorted(components.values(), key=lambda crate: crate["bom-ref"]),
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)],
    }
    # A number that is this content's own, not this run's.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(contents, sort_keys=True))
    return contents | {"serialNumber": f"urn:uuid:{serial}"}


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    json.dump(bill(*sys.argv[1:]), sys.stdout, indent=1)
    print()
