use std::path::PathBuf;

use thiserror::Error;

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// A PEM file of certificate authorities to trust beside the machine's own.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate. For laboratories.
    pub accept_invalid: bool,
}

/// A TLS set-up that cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The file of certificate authorities is not there, or may not be read.
    #[error("certificate authorities at {}: {cause}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The client could not be built.
    #[error("the http client could not be built: {0}")]
    Client(String),
}

impl TlsSettings {
    pub(super) fn apply(
        &self,
        mut builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, TlsError> {
        // Whoever came first has installed the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if let Some(path) = &self.ca_file {
            let unusable = |cause: String| TlsError::CaFile {
                path: path.clone(),
                cause,
            };
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unusable(super::describe(&error)))?;
            if authorities.is_empty() {
                return Err(unusable("no certificate in it".to_owned()));
            }
            builder = builder.tls_certs_merge(authorities);
        }
        Ok(builder.tls_danger_accept_invalid_certs(self.accept_invalid))
    }
}
