//! Everything that is there, of every kind the API server knows.

use std::collections::BTreeSet;

use super::cluster::Cluster;

impl Cluster {
    /// Every object of a namespace and of the cluster itself, as `kind/name`.
    /// Events are left out: they tell of what is gone, too.
    pub async fn objects(&self, namespace: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for namespaced in ["true", "false"] {
            let scope = format!("--namespaced={namespaced}");
            let kinds = ["api-resources", "--verbs=list", "-o", "name", &scope];
            let kinds = self.kubectl(&kinds).await.well();
            let kinds: Vec<&str> = kinds
                .lines()
                .filter(|kind| !kind.starts_with("events") && !kind.ends_with(".metrics.k8s.io"))
                .collect();
            assert!(kinds.len() > 10, "{kinds:?}");
            let get = ["get", &kinds.join(","), "-n", namespace, "-o", "name"];
            let names = self.kubectl(&get).await.well();
            found.extend(names.lines().map(str::to_owned));
        }
        found
    }

    /// Waits until nothing is there but what was there `before`.
    pub async fn until_only(&self, namespace: &str, before: &BTreeSet<String>) {
        // What the controllers remove after its owner is waited for.
        for object in self.objects(namespace).await.difference(before) {
            self.until(namespace, object, "delete").await;
        }
        let more: Vec<String> = self
            .objects(namespace)
            .await
            .difference(before)
            .cloned()
            .collect();
        assert!(more.is_empty(), "left behind: {more:?}");
    }
}
