//! Everything that is there, of every kind the API server knows.

use std::collections::BTreeSet;

use super::cluster::Cluster;

impl Cluster {
    /// Every object of a namespace, and what helm made that is in none, as `kind/name`.
    /// Events are left out: they tell of what is gone, too.
    pub async fn objects(&self, namespace: &str) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = self
            .listed("true", &["-n", namespace])
            .await
            .into_iter()
            .collect();
        // Helm gives this label to all that it makes.
        let helms = ["-l", "app.kubernetes.io/managed-by=Helm"];
        found.extend(self.listed("false", &helms).await);
        found
    }

    async fn listed(&self, namespaced: &str, which: &[&str]) -> Vec<String> {
        let scope = format!("--namespaced={namespaced}");
        let kinds = ["api-resources", "--verbs=list", "-o", "name", &scope];
        let kinds = self.kubectl(&kinds).await.well();
        let kinds: Vec<&str> = kinds
            .lines()
            .filter(|kind| !kind.starts_with("events") && !kind.ends_with(".metrics.k8s.io"))
            .collect();
        assert!(kinds.len() > 10, "{kinds:?}");
        let kinds = kinds.join(",");
        let get = ["get", &kinds, "-o", "name"];
        let names = self.kubectl(&[&get[..], which].concat()).await.well();
        names.lines().map(str::to_owned).collect()
    }

    /// Waits until nothing is there but what was there `before` and the volumes of
    /// the Control Plane's queue, which outlive a release: they hold data. Those are deleted then.
    pub async fn until_only(&self, namespace: &str, before: &BTreeSet<String>) {
        let volume = |object: &&String| object.starts_with("persistentvolumeclaim/queue-");
        let left = self.objects(namespace).await;
        let (volumes, left): (Vec<_>, Vec<_>) = left.difference(before).partition(volume);
        // What the controllers remove after its owner is waited for.
        for object in left {
            self.until(namespace, object, "delete").await;
        }
        for object in volumes {
            let delete = ["delete", object, "-n", namespace, "--timeout=60s"];
            self.kubectl(&delete).await.well();
        }
        let left = self.objects(namespace).await;
        let left: Vec<_> = left.difference(before).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}
