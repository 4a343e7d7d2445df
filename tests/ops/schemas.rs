//! Schemas of Kubernetes' own objects and of custom resources, as kubeconform applies them.

use super::tool::{output, tool};

/// The oldest version of Kubernetes that the chart takes, and the one helm is told it speaks to.
const VERSIONS: [&str; 2] = ["1.27.0", "1.36.0"];

/// Where schemas lie. Those of `tests/ops/schemas` are our own, of what no registry has at a sensible size.
const LOCATIONS: [&str; 3] = [
    ".tools/schemas/{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json",
    ".tools/schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json",
    "tests/ops/schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json",
];

/// Fails unless every object of these named YAML streams is one that each version of Kubernetes
/// takes, with no field it does not know. No network is asked.
pub fn assert_valid(streams: impl IntoIterator<Item = (String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, manifests) in streams {
        assert!(manifests.contains("\nkind: "), "{name} has no objects");
        std::fs::write(folder.path().join(name).with_extension("yaml"), manifests).unwrap();
    }
    for version in VERSIONS {
        let mut command = tool("kubeconform");
        command.args(["-strict", "-summary", "-kubernetes-version", version]);
        for location in LOCATIONS {
            command.args(["-schema-location", location]);
        }
        let said = output(command.arg(folder.path()));
        assert!(
            said.contains("Skipped: 0") && !said.contains("Summary: 0 resources"),
            "{said}"
        );
    }
}
