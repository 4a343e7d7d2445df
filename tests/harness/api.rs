//! The Control Plane as its callers see it.

use export_api::{
    API_KEY_HEADER, CreatedSnapshot, Envelope, JobType, NewJob, NewSnapshot, SnapshotId,
    SnapshotWithJobs,
};
use reqwest::{Client, Response};
use serde_json::Value;

pub const KEY: &str = "a key for tests";

/// A caller of the reference Control Plane.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    base: String,
}

impl Caller {
    pub fn new(base: &str) -> Self {
        Self {
            client: Client::new(),
            base: base.to_owned(),
        }
    }

    pub async fn try_submit(&self, jobs: Vec<NewJob>) -> Response {
        self.post(&snapshot_of(jobs)).await
    }

    pub async fn submit(&self, jobs: Vec<NewJob>) -> SnapshotId {
        self.submit_snapshot(&snapshot_of(jobs)).await
    }

    async fn post(&self, snapshot: &NewSnapshot) -> Response {
        self.client
            .post(format!("{}/api/snapshots", self.base))
            .header(API_KEY_HEADER, KEY)
            .json(snapshot)
            .send()
            .await
            .unwrap()
    }

    pub async fn submit_snapshot(&self, snapshot: &NewSnapshot) -> SnapshotId {
        let answer = self.post(snapshot).await;
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status}: {body}");
        let created: Envelope<CreatedSnapshot> = serde_json::from_str(&body).unwrap();
        created.data.snapshot.id
    }

    pub async fn snapshot(&self, id: &SnapshotId) -> SnapshotWithJobs {
        let answer = self
            .client
            .get(format!("{}/api/snapshots/{id}", self.base))
            .header(API_KEY_HEADER, KEY)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
        answer
            .json::<Envelope<SnapshotWithJobs>>()
            .await
            .unwrap()
            .data
    }

    pub async fn cancel(&self, id: &SnapshotId) {
        self.client
            .post(format!("{}/api/snapshots/{id}/cancel", self.base))
            .header(API_KEY_HEADER, KEY)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }

    pub async fn pending_count(&self) -> u64 {
        let answer: Value = self
            .client
            .get(format!("{}/api/export-jobs/pending-count", self.base))
            .header(API_KEY_HEADER, KEY)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        answer["pendingCount"].as_u64().unwrap()
    }
}

fn snapshot_of(jobs: Vec<NewJob>) -> NewSnapshot {
    NewSnapshot {
        name: None,
        jobs,
        max_attempts: None,
    }
}

/// A job of the bucket `exports` that exports `sql` to `folder`.
pub fn node(entity: &str, columns: &[&str], sql: &str, folder: &str) -> NewJob {
    NewJob {
        job_type: JobType::Node,
        entity_name: entity.to_owned(),
        sql: sql.to_owned(),
        column_names: columns.iter().map(|name| (*name).to_owned()).collect(),
        gcs_path: format!("gs://exports/{folder}"),
        starburst_catalog: None,
        starburst_role: None,
    }
}

/// Every row of the smallest table.
pub fn regions(entity: &str, folder: &str) -> NewJob {
    node(
        entity,
        &["regionkey", "name"],
        "SELECT regionkey, name FROM region",
        folder,
    )
}
