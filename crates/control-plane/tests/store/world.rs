use chrono::{DateTime, TimeDelta, Utc};
use export_api::{
    ClaimToken, ExportJob, JobId, JobStatus, JobType, JobUpdate, JobUpdated, NewJob, NextUri,
    SnapshotId, SnapshotStatus, WireTime,
};
use export_control_plane::{
    clock::Clock,
    destination::Destination,
    store::{Draft, Store, StoreConfig, StoreError, Taker},
    testing::Postgres,
};
use sqlx::Connection as _;

/// A store of its own and a clock that stands.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) config: StoreConfig,
    _directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = StoreConfig::Sqlite {
            path: directory.path().join("queue.db"),
        };
        Self::open(config, directory).await
    }

    pub(crate) async fn postgres() -> Self {
        let postgres = match Postgres::shared() {
            Ok(postgres) => postgres,
            Err(error) => panic!("{error}"),
        };
        let config = StoreConfig::Postgres {
            url: postgres.create_database().await.unwrap().into(),
            max_connections: 12,
        };
        Self::open(config, tempfile::tempdir().unwrap()).await
    }

    async fn open(config: StoreConfig, directory: tempfile::TempDir) -> Self {
        let clock = Clock::standing_at("2026-11-22T03:05:07Z".parse().unwrap());
        let store = Store::open(&config, clock.clone()).await.unwrap();
        store.migrate().await.unwrap();
        Self {
            store,
            clock,
            config,
            _directory: directory,
        }
    }

    /// Changes the database behind the store's back.
    pub(crate) async fn tamper(&self, sql: &'static str) {
        match &self.config {
            StoreConfig::Sqlite { path } => {
                let url = format!("sqlite://{}", path.display());
                let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            StoreConfig::Postgres { url, .. } => {
                let url = secrecy::ExposeSecret::expose_secret(url);
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.clock.set(self.now() + TimeDelta::seconds(seconds));
    }

    pub(crate) fn in_seconds(&self, seconds: i64) -> WireTime {
        WireTime(self.now() + TimeDelta::seconds(seconds))
    }

    /// Makes a snapshot with so many node jobs, in a folder of its own.
    pub(crate) async fn snapshot(&self, folder: &str, jobs: usize) -> SnapshotId {
        let draft = draft(folder, jobs);
        self.store
            .create_snapshot(&draft)
            .await
            .unwrap()
            .snapshot
            .id
    }

    pub(crate) async fn claim(&self, worker: &str, limit: u32) -> Vec<ExportJob> {
        self.store.claim(&taker(worker, limit)).await.unwrap().jobs
    }

    pub(crate) async fn claim_one(&self, worker: &str) -> ExportJob {
        let mut jobs = self.claim(worker, 1).await;
        assert_eq!(jobs.len(), 1, "no job to claim");
        jobs.remove(0)
    }

    pub(crate) async fn poll(&self, worker: &str, limit: u32) -> Vec<ExportJob> {
        let offer = self.store.lease_pollable(&taker(worker, limit)).await;
        offer.unwrap().jobs
    }

    pub(crate) async fn update(
        &self,
        job: &ExportJob,
        update: JobUpdate,
    ) -> Result<JobUpdated, StoreError> {
        self.store
            .update_job(&job.id, job.claim_token.as_ref(), &update)
            .await
            .map(|updated| updated.answer)
    }

    /// A job whose query was just registered, still under the submitter's lease.
    pub(crate) async fn submitted_one(&self, worker: &str) -> ExportJob {
        let job = self.claim_one(worker).await;
        self.update(&job, self.submitted()).await.unwrap();
        job
    }

    pub(crate) fn submitted(&self) -> JobUpdate {
        JobUpdate::Submitted {
            query_id: "20261122_030507_00042_abcde".to_owned(),
            next_uri: NextUri::new("http://starburst/v1/statement/queued/q/y1/1"),
            next_poll_at: self.in_seconds(2),
            poll_count: 0,
            submitted_at: self.in_seconds(0),
        }
    }

    pub(crate) fn running(&self, in_seconds: i64) -> JobUpdate {
        JobUpdate::Running {
            next_uri: NextUri::new("http://starburst/v1/statement/executing/q/y2/2"),
            next_poll_at: self.in_seconds(in_seconds),
            poll_count: 1,
        }
    }

    pub(crate) fn completed(&self, row_count: u64, size_bytes: u64) -> JobUpdate {
        JobUpdate::Completed {
            row_count,
            size_bytes,
            files: 3,
            completed_at: self.in_seconds(0),
            stats: None,
        }
    }

    pub(crate) fn failed(&self, message: &str) -> JobUpdate {
        JobUpdate::Failed {
            error_message: message.to_owned(),
            completed_at: self.in_seconds(0),
        }
    }

    pub(crate) fn cancelled(&self) -> JobUpdate {
        JobUpdate::Cancelled {
            completed_at: self.in_seconds(0),
        }
    }

    pub(crate) async fn job(&self, id: &JobId) -> ExportJob {
        self.store.job(id).await.unwrap()
    }

    pub(crate) async fn status(&self, job: &ExportJob) -> JobStatus {
        self.job(&job.id).await.status
    }

    pub(crate) async fn snapshot_status(&self, id: &SnapshotId) -> SnapshotStatus {
        self.store.snapshot_status(id).await.unwrap()
    }
}

pub(crate) fn taker(worker: &str, limit: u32) -> Taker {
    Taker {
        worker_id: worker.to_owned(),
        limit,
        lease_seconds: 60,
    }
}

pub(crate) fn give_back(message: &str, retry_after_seconds: u32, interrupted: bool) -> JobUpdate {
    JobUpdate::GiveBack {
        error_message: message.to_owned(),
        retry_after_seconds,
        interrupted,
    }
}

pub(crate) fn draft(folder: &str, jobs: usize) -> Draft {
    let jobs = (0..jobs)
        .map(|number| {
            let gcs_path = format!("gs://bucket/{folder}/{number}");
            let destination = Destination::parse(&gcs_path).unwrap();
            let job = NewJob {
                job_type: JobType::Node,
                entity_name: format!("Entity{number}"),
                sql: "SELECT id FROM t".to_owned(),
                column_names: vec!["id".to_owned(), "na\"me, quoted".to_owned()],
                gcs_path,
                starburst_catalog: Some("tpch".to_owned()),
                starburst_role: None,
            };
            (job, destination)
        })
        .collect();
    Draft {
        name: Some(folder.to_owned()),
        jobs,
        max_attempts: 3,
        idempotency_key: None,
        digest: folder.to_owned(),
    }
}

pub(crate) fn entities(jobs: &[ExportJob]) -> Vec<&str> {
    jobs.iter().map(|job| job.entity_name.as_str()).collect()
}

pub(crate) fn stale(job: &ExportJob) -> ExportJob {
    ExportJob {
        claim_token: Some(ClaimToken::new("somebody else's")),
        ..job.clone()
    }
}

#[track_caller]
pub(crate) fn assert_lease_lost<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::LeaseLost { .. })),
        "expected a lost lease, got {result:?}"
    );
}

#[track_caller]
pub(crate) fn assert_no_such_step<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::InvalidTransition { .. })),
        "expected a refused step, got {result:?}"
    );
}
