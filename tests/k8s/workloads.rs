//! What the controllers make of a release: Pods, their accounts, what guards them.

use serde_json::Value;

use super::{
    chart::{CHART, NEEDED},
    cluster::Cluster,
};

/// The Pods of a namespace.
async fn pods(cluster: &Cluster, namespace: &str) -> Vec<Value> {
    let list = ["get", "pods", "-n", namespace, "-o", "json"];
    let list = cluster.kubectl(&list).await.well();
    let list: Value = serde_json::from_str(&list).unwrap();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn submitter_and_poller_have_pods_accounts_and_budgets_of_their_own() {
    let cluster = Cluster::start().await;
    cluster.namespace("split").await;
    let install = ["install", "release", CHART, "-n", "split"];
    let values = [
        "--set",
        "mode=split",
        "--set",
        "submitter.replicas=2",
        "--set",
        "poller.replicas=3",
    ];
    cluster
        .helm(&[&install[..], &NEEDED, &values].concat())
        .await
        .without_warning();
    for (part, replicas) in [("submitter", 2), ("poller", 3)] {
        let name = format!("release-export-worker-{part}");
        let deployment = format!("deployment/{name}");
        let made = format!("jsonpath={{.status.replicas}}={replicas}");
        cluster.until("split", &deployment, &made).await;
        // A budget whose selector takes the other's Pods, too, would expect more.
        let expected = format!("jsonpath={{.status.expectedPods}}={replicas}");
        let budget = format!("poddisruptionbudget/{name}");
        cluster.until("split", &budget, &expected).await;
    }
    let pods = pods(&cluster, "split").await;
    assert_eq!(pods.len(), 5);
    for pod in pods {
        let spec = &pod["spec"];
        assert_eq!(spec["serviceAccountName"], "release-export-worker", "{pod}");
        // It asks nothing of Kubernetes, so that it needs no token.
        assert_eq!(spec["automountServiceAccountToken"], false, "{pod}");
        assert_eq!(pod["status"]["phase"], "Pending", "{pod}");
    }
}
