//! What a cluster's parts prove themselves with, made anew for each cluster.

use std::path::{Path, PathBuf};

use super::command::run;

/// Every name that a client reaches a server of the cluster by.
const NAMES: &str = "subjectAltName=IP:127.0.0.1,DNS:localhost,\
    DNS:keda-operator.keda.svc,DNS:keda-metrics-apiserver.keda.svc";

/// A folder of certificates and keys: `ca`, and by it `tls` (all servers),
/// `admin` (a user who may do everything) and `front-proxy` (the API server
/// towards the API servers behind it); `sa.key` signs the service accounts' tokens.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    pub async fn make(folder: &Path) -> Self {
        std::fs::create_dir(folder).unwrap();
        let made = Self {
            folder: folder.to_owned(),
        };
        made.certificate("ca", "/CN=ca", &["-addext", "keyUsage=keyCertSign"])
            .await;
        made.signed("tls", "/CN=server").await;
        made.signed("admin", "/O=system:masters/CN=admin").await;
        made.signed("front-proxy", "/CN=front-proxy").await;
        let key = made.path("sa.key");
        openssl(&["genrsa", "-out", &key, "2048"]).await;
        made
    }

    /// The folder, for programs that look for `ca.crt`, `tls.crt` and `tls.key` in it.
    pub fn folder(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder())
    }

    async fn signed(&self, name: &str, subject: &str) {
        let (authority, key) = (self.path("ca.crt"), self.path("ca.key"));
        self.certificate(
            name,
            subject,
            &[
                "-CA",
                &authority,
                "-CAkey",
                &key,
                "-addext",
                NAMES,
                "-addext",
                "basicConstraints=critical,CA:false",
                "-addext",
                "extendedKeyUsage=serverAuth,clientAuth",
            ],
        )
        .await;
    }

    async fn certificate(&self, name: &str, subject: &str, more: &[&str]) {
        let (certificate, key) = (
            self.path(&format!("{name}.crt")),
            self.path(&format!("{name}.key")),
        );
        let mut arguments = vec![
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-noenc",
            "-days",
            "1",
            "-subj",
            subject,
            "-out",
            &certificate,
            "-keyout",
            &key,
        ];
        arguments.extend(more);
        openssl(&arguments).await;
    }
}

async fn openssl(arguments: &[&str]) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let variables = [("PATH", Path::new(&path))];
    run(Path::new("openssl"), arguments, &variables, "")
        .await
        .well();
}
