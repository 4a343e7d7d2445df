use anyhow::{Context, Result, bail};
use export_api::{
    API_KEY_HEADER, CreatedSnapshot, Envelope, NewSnapshot, SnapshotId, SnapshotWithJobs,
};
use serde::de::DeserializeOwned;

/// The side of the Control Plane that people use.
pub(super) struct ControlPlane {
    client: reqwest::Client,
    url: String,
    key: String,
}

impl ControlPlane {
    pub(super) fn new(client: reqwest::Client, url: String, key: String) -> Self {
        Self { client, url, key }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        what: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<T> {
        let answer = request
            .header(API_KEY_HEADER, &self.key)
            .send()
            .await
            .with_context(|| format!("control plane did not answer: {what}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("control plane answered {status}: {what}: {text}");
        }
        let envelope: Envelope<T> = serde_json::from_str(&text)
            .with_context(|| format!("control plane answered something else: {what}: {text}"))?;
        Ok(envelope.data)
    }

    /// Submits a snapshot.
    pub(super) async fn create(&self, snapshot: &NewSnapshot) -> Result<SnapshotId> {
        let request = self
            .client
            .post(format!("{}/api/snapshots", self.url))
            .json(snapshot);
        let created: CreatedSnapshot = self.call("create a snapshot", request).await?;
        Ok(created.snapshot.id)
    }

    /// Reads a snapshot with its jobs.
    pub(super) async fn read(&self, id: &SnapshotId) -> Result<SnapshotWithJobs> {
        let request = self.client.get(format!("{}/api/snapshots/{id}", self.url));
        self.call("read a snapshot", request).await
    }

    /// Cancels a snapshot.
    pub(super) async fn cancel(&self, id: &SnapshotId) -> Result<()> {
        let request = self
            .client
            .post(format!("{}/api/snapshots/{id}/cancel", self.url));
        let _: serde_json::Value = self.call("cancel a snapshot", request).await?;
        Ok(())
    }
}
