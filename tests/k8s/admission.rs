//! `PodSecurity` admission bites: without that, Pods that pass it would prove nothing.

use super::{chart::NEEDED, cluster::Cluster};

#[tokio::test]
async fn a_privileged_pod_is_refused() {
    let cluster = Cluster::start().await;
    cluster.namespace("guarded").await;
    let pod = "apiVersion: v1
kind: Pod
metadata: {name: privileged}
spec:
  containers:
    - name: all-mighty
      image: example.com/any
      securityContext: {privileged: true}
";
    let refused = cluster.apply("guarded", pod).await.refusal();
    assert!(
        refused.contains(r#"violates PodSecurity "restricted:latest""#),
        "{refused}"
    );
    assert!(refused.contains("privileged"), "{refused}");
}

#[tokio::test]
async fn the_chart_with_one_guard_less_is_warned_of_and_makes_no_pod() {
    let cluster = Cluster::start().await;
    cluster.namespace("guarded").await;
    // Without the Pod of `helm test`, which would be refused on the spot.
    let rendered = cluster
        .rendered("guarded", &[&NEEDED[..], &["--no-hooks"]].concat())
        .await;
    let (right, wrong) = (
        "allowPrivilegeEscalation: false",
        "allowPrivilegeEscalation: true",
    );
    assert!(rendered.contains(right), "{rendered}");
    let said = cluster
        .apply("guarded", &rendered.replace(right, wrong))
        .await;
    assert!(said.warned(), "{}", said.complaint);
    said.well();
    let deployment = "deployment/release-export-worker";
    cluster
        .until("guarded", deployment, "condition=ReplicaFailure")
        .await;
    let reason = r#"{.status.conditions[?(@.type=="ReplicaFailure")].message}"#;
    let reason = cluster.read("guarded", deployment, reason).await;
    assert!(reason.contains("allowPrivilegeEscalation"), "{reason}");
    let pods = ["get", "pods", "-n", "guarded", "-o", "name"];
    assert_eq!(cluster.kubectl(&pods).await.well(), "");
}
