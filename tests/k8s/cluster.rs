//! A cluster of etcd, kube-apiserver and kube-controller-manager, and how tests speak to it.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    certificates::Certificates,
    command::{Said, program, run},
    parts::{
        api_server_arguments, controllers_arguments, etcd_arguments, free_ports, logged_up, start,
    },
    process::Process,
};

/// A cluster without nodes. Its processes end with it.
pub struct Cluster {
    pub certificates: Certificates,
    _controllers: Process,
    _api_server: Process,
    _etcd: Process,
    kubeconfig: PathBuf,
    directory: TempDir,
}

fn write_kubeconfig(directory: &Path, certificates: &Certificates, port: u16) {
    let kubeconfig = format!(
        "apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: admin}}}}]
clusters: [{{name: test, cluster: {{server: 'https://127.0.0.1:{port}', certificate-authority: {ca}}}}}]
users: [{{name: admin, user: {{client-certificate: {cert}, client-key: {key}}}}}]
",
        ca = certificates.path("ca.crt"),
        cert = certificates.path("admin.crt"),
        key = certificates.path("admin.key"),
    );
    let path = directory.join("kubeconfig");
    std::fs::write(&path, kubeconfig).unwrap();
    // Helm warns of one that others can read.
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

impl Cluster {
    /// Starts a cluster that knows the kinds of KEDA, the Prometheus operator,
    /// Google's managed Prometheus and the secrets store.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let certificates = Certificates::make(&path.join("certificates")).await;
        let kubeconfig = path.join("kubeconfig");
        let [client, peer, port, controllers] = free_ports();
        write_kubeconfig(path, &certificates, port);

        let arguments = etcd_arguments(path, client, peer);
        let etcd = start("etcd", &arguments, &kubeconfig);
        logged_up(&etcd, "ready to serve").await;
        let arguments = api_server_arguments(&certificates, client, port);
        let api_server = start("kube-apiserver", &arguments, &kubeconfig);
        logged_up(&api_server, "Serving securely").await;
        let arguments = controllers_arguments(&certificates, &kubeconfig, controllers);
        let controllers = start("kube-controller-manager", &arguments, &kubeconfig);
        logged_up(&controllers, "Serving securely").await;

        let cluster = Self {
            certificates,
            _controllers: controllers,
            _api_server: api_server,
            _etcd: etcd,
            kubeconfig,
            directory,
        };
        cluster.install_kinds().await;
        cluster
    }

    async fn install_kinds(&self) {
        // The namespaces are among the last that the API server makes for itself.
        for namespace in ["namespace/default", "namespace/kube-system"] {
            self.until("default", namespace, "create").await;
        }
        for folder in [".tools/kubernetes/crds", "tests/k8s/crds"] {
            let apply = ["apply", "--server-side", "--validate=strict", "-f", folder];
            self.kubectl(&apply).await.well();
        }
        let established = ["--for=condition=Established", "--timeout=60s", "--all"];
        self.kubectl(&[&["wait"], &established[..], &["crd"]].concat())
            .await
            .well();
    }

    /// Makes a namespace that refuses every Pod that is not "restricted", and warns of what would make one.
    pub async fn namespace(&self, name: &str) {
        let manifest = format!(
            "apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
"
        );
        self.apply(name, &manifest).await.well();
        // The controllers make them in every namespace; without an account no Pod is taken.
        // One at a time: of several that are not there yet, kubectl takes none.
        for made in ["serviceaccount/default", "configmap/kube-root-ca.crt"] {
            self.until(name, made, "create").await;
        }
    }

    /// Applies manifests as strictly as the API server can.
    pub async fn apply(&self, namespace: &str, manifests: &str) -> Said {
        let apply = ["apply", "--server-side", "--validate=strict", "-f", "-"];
        let arguments = [&apply[..], &["-n", namespace]].concat();
        let kubectl = program("kubernetes/bin/kubectl");
        run(&kubectl, &arguments, &self.variables(), manifests).await
    }

    pub async fn kubectl(&self, arguments: &[&str]) -> Said {
        let kubectl = program("kubernetes/bin/kubectl");
        run(&kubectl, arguments, &self.variables(), "").await
    }

    pub async fn helm(&self, arguments: &[&str]) -> Said {
        run(&program("bin/helm"), arguments, &self.variables(), "").await
    }

    /// Waits until an object is as kubectl's `--for` says.
    pub async fn until(&self, namespace: &str, object: &str, condition: &str) {
        let condition = format!("--for={condition}");
        let arguments = [
            "wait",
            &condition,
            "--timeout=120s",
            "-n",
            namespace,
            object,
        ];
        let said = self.kubectl(&arguments).await;
        if !said.success {
            let object = ["get", "-o", "yaml", "-n", namespace, object];
            let stands = self.kubectl(&object).await.output;
            panic!("{}{}\n{stands}", said.output, said.complaint);
        }
    }

    /// Reads one thing of one object.
    pub async fn read(&self, namespace: &str, object: &str, path: &str) -> String {
        let output = format!("jsonpath={path}");
        let arguments = ["get", "-n", namespace, object, "-o", &output];
        self.kubectl(&arguments).await.well()
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    fn variables(&self) -> [(&'static str, &Path); 2] {
        // Both keep what they know of a cluster in the home directory.
        let home = self.directory.path();
        [("KUBECONFIG", &self.kubeconfig), ("HOME", home)]
    }
}
