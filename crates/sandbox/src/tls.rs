//! The TLS provider of this process: *ring*, as the worker's.

/// Installs it, unless somebody has already. Every HTTP client needs one, also
/// a client that never speaks TLS.
pub fn install_provider() {
    // An error says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
