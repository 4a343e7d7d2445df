//! The parts of a cluster as processes of the test, and what they are started with.

use std::{collections::HashMap, net::TcpListener, path::Path};

use super::{certificates::Certificates, command::program, process::Process};

/// Ports that nobody listened at a moment ago.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    // All are held until the last is known: no port is given twice.
    let held = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// Starts a part of the cluster, as who may do everything in it.
pub fn start(name: &str, arguments: &[String], kubeconfig: &Path) -> Process {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let variables = [
        ("KUBECONFIG", kubeconfig.to_str().unwrap()),
        // Read by KEDA: where it is, and that it is to look after every namespace.
        ("POD_NAMESPACE", "keda"),
        ("KEDA_CLUSTER_OBJECT_NAMESPACE", "keda"),
        ("WATCH_NAMESPACE", ""),
    ];
    let variables: HashMap<String, String> = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let binary = program(&format!("kubernetes/bin/{name}"));
    Process::start(name, &binary, &arguments, &variables)
}

/// Waits until the log of a part says that it is up.
pub async fn logged_up(part: &Process, up: &str) {
    let said = |line: &serde_json::Value| line["msg"].as_str().is_some_and(|msg| msg.contains(up));
    part.logged(up, said).await;
}

pub fn etcd_arguments(directory: &Path, client: u16, peer: u16) -> Vec<String> {
    let (client, peer) = (
        format!("http://127.0.0.1:{client}"),
        format!("http://127.0.0.1:{peer}"),
    );
    vec![
        format!("--data-dir={}", directory.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // What a test keeps need not outlive the machine.
        "--unsafe-no-fsync".to_owned(),
    ]
}

pub fn api_server_arguments(certificates: &Certificates, etcd: u16, port: u16) -> Vec<String> {
    let file = |flag: &str, name: &str| format!("--{flag}={}", certificates.path(name));
    vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        // So that it is PodSecurity that refuses a privileged Pod.
        "--allow-privileged=true".to_owned(),
        "--logging-format=json".to_owned(),
        file("tls-cert-file", "tls.crt"),
        file("tls-private-key-file", "tls.key"),
        file("client-ca-file", "ca.crt"),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        file("service-account-key-file", "sa.key"),
        file("service-account-signing-key-file", "sa.key"),
        // How it proves itself to the API servers behind it: KEDA's metrics.
        file("requestheader-client-ca-file", "ca.crt"),
        "--requestheader-allowed-names=front-proxy".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        file("proxy-client-cert-file", "front-proxy.crt"),
        file("proxy-client-key-file", "front-proxy.key"),
    ]
}

pub fn controllers_arguments(
    certificates: &Certificates,
    kubeconfig: &Path,
    port: u16,
) -> Vec<String> {
    let kubeconfig = kubeconfig.display();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", certificates.folder()),
        "--leader-elect=false".to_owned(),
        "--logging-format=json".to_owned(),
        format!(
            "--service-account-private-key-file={}",
            certificates.path("sa.key")
        ),
        format!("--root-ca-file={}", certificates.path("ca.crt")),
        // In place of 15 s: how often the autoscaler asks KEDA.
        "--horizontal-pod-autoscaler-sync-period=1s".to_owned(),
    ]
}
