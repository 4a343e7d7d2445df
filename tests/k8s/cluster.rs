//! etcd, kube-apiserver and kube-controller-manager as processes of the test.

use std::{
    collections::HashMap,
    fs::Permissions,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    certificates::Certificates,
    command::{Said, program, run},
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
        ("POD_NAMESPACE", "keda"),
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

fn etcd_arguments(directory: &Path, client: u16, peer: u16) -> Vec<String> {
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

fn api_server_arguments(certificates: &Certificates, etcd: u16, port: u16) -> Vec<String> {
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

fn controllers_arguments(certificates: &Certificates, kubeconfig: &Path, port: u16) -> Vec<String> {
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
        let wait = ["wait", "--for=create", "--timeout=60s"];
        self.kubectl(&[&wait[..], &["namespace/default", "namespace/kube-system"]].concat())
            .await
            .well();
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
        // The controllers make it in every namespace; without it no Pod is taken.
        let account = ["wait", "--for=create", "--timeout=60s", "-n", name];
        let made = ["serviceaccount/default", "configmap/kube-root-ca.crt"];
        self.kubectl(&[&account[..], &made].concat()).await.well();
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
