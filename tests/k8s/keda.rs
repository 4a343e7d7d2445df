//! KEDA beside the cluster: its operator, and its adapter, which the API server
//! asks for the metrics that the horizontal pod autoscaler goes by.

use std::path::Path;

use super::{
    cluster::Cluster,
    command::run,
    parts::{free_ports, logged_up, start},
    process::Process,
};

/// Both end with this.
pub struct Keda {
    _adapter: Process,
    _operator: Process,
}

impl Keda {
    /// Starts it and waits until the cluster takes metrics from it.
    pub async fn start(cluster: &Cluster) -> Self {
        cluster.namespace("keda").await;
        let [metrics, adapter, prometheus] = free_ports();
        let certificates = &cluster.certificates;
        let folder = certificates.folder();

        let arguments = [
            format!("--cert-dir={folder}"),
            format!("--metrics-service-bind-address=127.0.0.1:{metrics}"),
            "--health-probe-bind-address=0".to_owned(),
            "--enable-prometheus-metrics=false".to_owned(),
        ];
        let operator = start("keda-operator", &arguments, cluster.kubeconfig());
        logged_up(&operator, "Starting workers").await;

        let kubeconfig = cluster.kubeconfig().display();
        let arguments = [
            format!("--secure-port={adapter}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={prometheus}"),
            format!("--cert-dir={folder}"),
            format!("--tls-cert-file={}", certificates.path("tls.crt")),
            format!("--tls-private-key-file={}", certificates.path("tls.key")),
            format!("--client-ca-file={}", certificates.path("ca.crt")),
            format!("--lister-kubeconfig={kubeconfig}"),
            format!("--authentication-kubeconfig={kubeconfig}"),
            format!("--authorization-kubeconfig={kubeconfig}"),
            format!("--metrics-service-address=127.0.0.1:{metrics}"),
            "--metrics-service-grpc-authority=keda-operator.keda.svc".to_owned(),
        ];
        let running = Self {
            _adapter: start("keda-adapter", &arguments, cluster.kubeconfig()),
            _operator: operator,
        };
        register(cluster, adapter).await;
        running
    }
}

/// Tells the API server where the metrics are: on this machine, as no Pod runs.
async fn register(cluster: &Cluster, port: u16) {
    let authority = cluster.certificates.path("ca.crt");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let authority = run(
        Path::new("openssl"),
        &["base64", "-A", "-in", &authority],
        &[("PATH", Path::new(&path))],
        "",
    )
    .await
    .well();
    let manifests = format!(
        "apiVersion: v1
kind: Service
metadata: {{name: keda-metrics-apiserver, namespace: keda}}
spec: {{type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1beta1.external.metrics.k8s.io}}
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: {authority}
  service: {{name: keda-metrics-apiserver, namespace: keda, port: {port}}}
"
    );
    cluster.apply("keda", &manifests).await.well();
    let service = "apiservice/v1beta1.external.metrics.k8s.io";
    cluster.until("keda", service, "condition=Available").await;
}
