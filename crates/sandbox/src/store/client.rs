use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use object_store::{
    ObjectStore,
    gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder},
};

/// A Google Cloud Storage client for one bucket of a store at `url`, as any
/// program would make it for an emulator: without credentials.
pub fn client(url: &str, bucket: &str) -> object_store::Result<GoogleCloudStorage> {
    crate::tls::install_provider();
    // A service account with OAuth switched off: also puts and deletes then go
    // out without asking Google for a token.
    let account = serde_json::json!({
        "gcs_base_url": url,
        "disable_oauth": true,
        "client_email": "",
        "private_key": "",
        "private_key_id": "",
    });
    GoogleCloudStorageBuilder::new()
        .with_service_account_key(account.to_string())
        .with_bucket_name(bucket)
        .build()
}

/// Clients of a store at `url`, one per bucket, made when it is first asked for.
pub(crate) fn clients(url: String) -> impl Fn(&str) -> Arc<dyn ObjectStore> + Send + Sync {
    let by_bucket: Mutex<HashMap<String, Arc<dyn ObjectStore>>> = Mutex::default();
    move |bucket| {
        let mut by_bucket = by_bucket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = by_bucket.get(bucket) {
            return Arc::clone(known);
        }
        #[allow(
            clippy::expect_used,
            reason = "fails on a URL or an account that is none; both are ours"
        )]
        let made: Arc<dyn ObjectStore> = Arc::new(client(&url, bucket).expect("a store client"));
        by_bucket.insert(bucket.to_owned(), Arc::clone(&made));
        made
    }
}
