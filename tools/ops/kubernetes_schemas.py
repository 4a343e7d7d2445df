#!/usr/bin/env python3
"""Lays out JSON schemas for kubeconform, so that it needs no network.

FOLDER/VERSION/deployment-apps-v1.json     of Kubernetes' own objects, strict
FOLDER/GROUP/scaledobject_v1alpha1.json    of custom resources, as strict as a server's field validation
"""

import argparse
import json
import pathlib

import yaml


def main() -> None:
    """Reads the command line, writes every schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--package", type=pathlib.Path, required=True, help="kubernetes_validate, unpacked")
    parser.add_argument("--version", action="append", default=[], help="of Kubernetes, such as 1.36")
    parser.add_argument("definitions", type=pathlib.Path, nargs="*", help="files of CustomResourceDefinitions")
    arguments = parser.parse_args()
    for version in arguments.version:
        source = arguments.package / "kubernetes-json-schema" / f"v{version}.0-local-strict"
        write_kubernetes(source, arguments.folder / f"v{version}.0")
    for file in arguments.definitions:
        for definition in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader):
            write_custom(definition, arguments.folder)


def write_kubernetes(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copies one version's schemas; their references become files beside them."""
    target.mkdir(parents=True)
    for file in source.glob("*.json"):
        schema = json.loads(file.read_text())
        schema.pop("$id", None)
        text = json.dumps(schema).replace("/api/_definitions.json", "_definitions.json")
        (target / file.name).write_text(text)


def write_custom(definition: dict, folder: pathlib.Path) -> None:
    """Writes the schema of each version of a CustomResourceDefinition."""
    spec = definition["spec"]
    target = folder / spec["group"]
    target.mkdir(parents=True, exist_ok=True)
    for version in spec["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        name = f"{spec['names']['kind'].lower()}_{version['name']}.json"
        (target / name).write_text(json.dumps(schema))


def strict(schema: dict) -> dict:
    """A structural schema as JSON schema: fields that are not named are refused."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    result = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key != "nullable"}
    if "properties" in schema:
        result["properties"] = {name: strict(field) for name, field in schema["properties"].items()}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = strict(schema[key])
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
    return result


if __name__ == "__main__":
    main()
