use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;

use crate::{
    config::{Access, Config},
    http::App,
    store::Store,
};

/// How long to leave alone what was not there.
const AGAIN: Duration = Duration::from_secs(1);

/// How far the start of this process is.
pub(crate) enum Opening {
    /// Something is not there yet; what, and why.
    Waiting(String),
    /// The API is served.
    Open(Arc<App>),
}

/// What a start needs from outside.
pub(crate) struct Opened {
    pub(crate) store: Store,
    /// The key every request must carry; nothing where everybody may come in.
    pub(crate) key: Option<SecretString>,
}

/// Reads the key and opens the store, again and again until both are there: whoever
/// starts everything at once need not start it in order. Says in the log and to
/// `/readyz` what is not there, once for each change.
pub(crate) async fn open(config: &Config, told: &watch::Sender<Opening>) -> Opened {
    let mut last = String::new();
    loop {
        match attempt(config).await {
            Ok(opened) => return opened,
            Err(reason) => {
                if reason != last {
                    tracing::warn!(reason, "not ready; trying again every second");
                    told.send_replace(Opening::Waiting(reason.clone()));
                    last = reason;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn attempt(config: &Config) -> Result<Opened, String> {
    let key = key(&config.access)?;
    let store = Store::open(&config.store, config.clock.clone())
        .await
        .map_err(|error| error.to_string())?;
    let tables = async {
        if config.migrate {
            store.migrate().await?;
        }
        store.check_tables().await
    };
    if let Err(error) = tables.await {
        store.close().await;
        return Err(error.to_string());
    }
    Ok(Opened { store, key })
}

fn key(access: &Access) -> Result<Option<SecretString>, String> {
    let Access::Key(secret) = access else {
        return Ok(None);
    };
    let key = secret.read().map_err(|error| error.to_string())?;
    if http::HeaderValue::from_str(key.expose_secret()).is_err() {
        return Err("the API key has characters in it that no HTTP header can carry".to_owned());
    }
    Ok(Some(key))
}
