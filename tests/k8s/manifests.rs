//! What the chart and the overlays render, applied as strictly as the API server can.

use serde_json::Value;

use super::{
    chart::{NEEDED, matrix, overlays},
    cluster::Cluster,
};

/// Applies manifests in a namespace where every Pod must be "restricted", and
/// waits until each Deployment and `StatefulSet` has made its Pods. How many.
async fn pods_of(cluster: &Cluster, namespace: &str, manifests: &str) -> usize {
    cluster.namespace(namespace).await;
    make_what_is_named(cluster, namespace, manifests).await;
    cluster.apply(namespace, manifests).await.without_warning();
    let list = ["get", "deployments,statefulsets", "-o", "json"];
    let list = cluster
        .kubectl(&[&list[..], &["-n", namespace]].concat())
        .await
        .well();
    let list: Value = serde_json::from_str(&list).unwrap();
    let mut pods = 0;
    for item in list["items"].as_array().unwrap() {
        let replicas = &item["spec"]["replicas"];
        let object = format!(
            "{}/{}",
            item["kind"].as_str().unwrap(),
            item["metadata"]["name"].as_str().unwrap()
        );
        let all_made = format!("jsonpath={{.status.replicas}}={replicas}");
        cluster.until(namespace, &object, &all_made).await;
        pods += usize::try_from(replicas.as_u64().unwrap()).unwrap();
    }
    pods
}

/// Makes what is the cluster's and not the release's, where it is named: without
/// their priority class and service account no Pods are taken.
async fn make_what_is_named(cluster: &Cluster, namespace: &str, manifests: &str) {
    let named = |field: &str| {
        let value = |line: &str| line.trim().strip_prefix(field).map(str::to_owned);
        manifests.lines().filter_map(value).collect::<Vec<_>>()
    };
    for name in named("priorityClassName: ") {
        let class = format!(
            "apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {{name: {name}}}
value: 1000
"
        );
        cluster.apply(namespace, &class).await.well();
    }
    let accounts = named("serviceAccountName: ");
    if !manifests.contains("kind: ServiceAccount\n") {
        for name in accounts {
            let account =
                format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}");
            cluster.apply(namespace, &account).await.well();
        }
    }
}

#[tokio::test]
async fn every_values_file_of_the_matrix_is_applied_strictly_and_makes_restricted_pods() {
    let cluster = Cluster::start().await;
    for values in matrix() {
        let name = values.file_stem().unwrap().to_str().unwrap();
        let rendered = cluster
            .rendered(name, &["-f", values.to_str().unwrap()])
            .await;
        let pods = pods_of(&cluster, name, &rendered).await;
        let kinds = rendered.matches("\nkind: ").count();
        println!("{name}: {kinds} objects, {pods} pods");
        assert!(pods > 0, "{name} makes no pod");
    }
}

#[tokio::test]
async fn every_overlay_is_applied_strictly_and_makes_restricted_pods() {
    let cluster = Cluster::start().await;
    for overlay in overlays() {
        let name = overlay.file_name().unwrap().to_str().unwrap();
        let kustomize = ["kustomize", overlay.to_str().unwrap()];
        let built = cluster.kubectl(&kustomize).await.well();
        let pods = pods_of(&cluster, &namespace_of(&built, name), &built).await;
        let kinds = built.matches("\nkind: ").count();
        println!("{name}: {kinds} objects, {pods} pods");
        assert!(pods > 0, "{name} makes no pod");
    }
}

/// The namespace that an overlay names, or else its own name.
fn namespace_of(built: &str, name: &str) -> String {
    let named = built
        .lines()
        .find_map(|line| line.strip_prefix("  namespace: "));
    named.unwrap_or(name).to_owned()
}

#[tokio::test]
async fn a_field_that_no_kind_has_is_refused() {
    let cluster = Cluster::start().await;
    cluster.namespace("strict").await;
    let keda = [
        "--set",
        "worker.autoscaling.keda.enabled=true",
        "--set",
        "controlPlane.apiKey.secretName=export-keys",
    ];
    let rendered = cluster
        .rendered("strict", &[&NEEDED[..], &keda].concat())
        .await;
    for (right, wrong) in [
        ("  revisionHistoryLimit:", "  revisionHistoryLimits:"),
        ("  maxReplicaCount:", "  maxReplicasCount:"),
    ] {
        assert!(rendered.contains(right), "{rendered}");
        let refused = cluster
            .apply("strict", &rendered.replace(right, wrong))
            .await
            .refusal();
        let field = wrong.trim().trim_end_matches(':');
        assert!(refused.contains(field), "{refused}");
    }
}
