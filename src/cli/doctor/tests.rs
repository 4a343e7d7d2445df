use std::sync::Mutex;

use async_trait::async_trait;
use export_api::{
    ClaimRequest, ClaimToken, ExportJob, JobId, JobUpdate, JobUpdated, NextUri, PollableRequest,
    QueryStats, SnapshotId, SnapshotPatch, SnapshotStatus,
};
use futures::{StreamExt as _, stream, stream::BoxStream};
use serde_json::json;

use super::findings::*;
use crate::{
    ports::{
        Claimed, ControlPlane, ControlPlaneError, Fate, Folder, Footer, Page, Phase, QueryError,
        QueryId, Registered, Starburst, StarburstError, Statement, Storage, StorageError,
        StoredObject,
    },
    starburst::FunctionName,
};

/// A cluster, a job queue and a store that answer a doctor's questions and no others.
#[derive(Default)]
struct Ward {
    control_plane_error: Option<ControlPlaneError>,
    /// Part of a statement, and the error name it is answered with.
    query_errors: Vec<(&'static str, &'static str)>,
    list_error: Option<StorageError>,
    write_error: Option<StorageError>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl ControlPlane for Ward {
    async fn claim(&self, _: &ClaimRequest) -> Result<Claimed, ControlPlaneError> {
        panic!("a doctor claims nothing")
    }

    async fn pollable(&self, _: &PollableRequest) -> Result<Claimed, ControlPlaneError> {
        panic!("a doctor leases nothing")
    }

    async fn update_job(
        &self,
        _: &JobId,
        _: Option<&ClaimToken>,
        _: JobUpdate,
    ) -> Result<JobUpdated, ControlPlaneError> {
        panic!("a doctor changes nothing")
    }

    async fn snapshot_jobs(&self, _: &SnapshotId) -> Result<Vec<ExportJob>, ControlPlaneError> {
        panic!("a doctor knows no snapshot")
    }

    async fn snapshot_status(&self, _: &SnapshotId) -> Result<SnapshotStatus, ControlPlaneError> {
        panic!("a doctor knows no snapshot")
    }

    async fn update_snapshot(
        &self,
        _: &SnapshotId,
        _: &SnapshotPatch,
    ) -> Result<(), ControlPlaneError> {
        panic!("a doctor changes nothing")
    }

    async fn check(&self) -> Result<(), ControlPlaneError> {
        self.control_plane_error.clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Starburst for Ward {
    async fn register(&self, statement: &Statement) -> Result<Registered, StarburstError> {
        Ok(Registered {
            query_id: QueryId::new("q1"),
            next_uri: NextUri::new(statement.sql.clone()),
        })
    }

    /// A nextUri of this ward is the statement itself, and its first page the last.
    async fn follow(&self, next_uri: &NextUri) -> Result<Page, StarburstError> {
        let answer = self.ask(next_uri.expose());
        Ok(Page {
            next_uri: None,
            phase: Phase::Draining,
            has_data: answer.is_ok(),
            error: answer.err(),
            stats: QueryStats::default(),
        })
    }

    async fn cancel(&self, _: &QueryId, _: Option<&NextUri>) -> Result<(), StarburstError> {
        panic!("a doctor cancels nothing")
    }

    async fn look_up(&self, _: &QueryId) -> Result<Fate, StarburstError> {
        panic!("a doctor leaves no query behind")
    }

    async fn run(
        &self,
        statement: &Statement,
    ) -> Result<Vec<Vec<serde_json::Value>>, StarburstError> {
        match self.ask(&statement.sql) {
            Ok(()) => Ok(vec![vec![json!(5)]]),
            Err(error) => Err(StarburstError::Query(error)),
        }
    }
}

impl Ward {
    fn ask(&self, sql: &str) -> Result<(), QueryError> {
        self.asked.lock().unwrap().push(sql.to_owned());
        let error = self
            .query_errors
            .iter()
            .find(|(part, _)| sql.contains(part));
        match error {
            None => Ok(()),
            Some((_, name)) => Err(QueryError {
                name: (*name).to_owned(),
                error_type: "USER_ERROR".to_owned(),
                code: 6,
                message: "line 1:21: no".to_owned(),
                location: None,
            }),
        }
    }
}

#[async_trait]
impl Storage for Ward {
    fn list<'a>(&'a self, _: &'a Folder) -> BoxStream<'a, Result<StoredObject, StorageError>> {
        stream::iter(self.list_error.clone().map(Err)).boxed()
    }

    async fn footer(&self, _: &StoredObject) -> Result<Footer, StorageError> {
        panic!("a doctor reads nothing")
    }

    async fn delete(&self, _: &StoredObject) -> Result<(), StorageError> {
        panic!("a doctor deletes nothing")
    }

    async fn check_writable(&self, _: &Folder) -> Result<(), StorageError> {
        self.write_error.clone().map_or(Ok(()), Err)
    }
}

/// The lines a doctor writes of a ward.
async fn lines(ward: &Ward, bucket: Option<&str>) -> Vec<String> {
    let folder = bucket.map(|path| Folder::parse(path).unwrap());
    let patient = Patient {
        control_plane: Ok(ward),
        starburst: Ok(ward),
        storage: Ok(ward),
        unload_function: &FunctionName::default(),
        folder: folder.as_ref(),
    };
    let mut told = Vec::new();
    let findings = examine(&patient, |finding| told.push(finding.to_string())).await;
    assert_eq!(findings.len(), told.len());
    for (finding, line) in findings.iter().zip(&told) {
        assert_eq!(finding.is_failure(), line.starts_with("failed "), "{line}");
    }
    told
}

#[tokio::test]
async fn each_check_says_one_line() {
    assert_eq!(
        lines(&Ward::default(), Some("gs://bucket/a")).await,
        [
            "ok       control plane  answers and takes our credentials",
            "ok       starburst      takes our credentials, and a worker node ran a query",
            "ok       unload         io.unload is there",
            "ok       bucket list    gs://bucket/a/ can be listed; it is empty",
            "ok       bucket write   gs://bucket/a/ can be written to",
        ]
    );
}

#[tokio::test]
async fn without_a_bucket_the_doctor_says_how_to_check_one() {
    let lines = lines(&Ward::default(), None).await;
    assert_eq!(
        lines.last().unwrap(),
        "skipped  bucket         give --bucket gs://bucket/folder, or set EXPORT_BUCKET, to check listing and writing"
    );
}

#[tokio::test]
async fn one_failure_hides_no_other() {
    let denied = |action| StorageError::Denied {
        action,
        url: "gs://bucket/a/".to_owned(),
        cause: "403".to_owned(),
    };
    let ward = Ward {
        control_plane_error: Some(ControlPlaneError::Unauthorized {
            status: 401,
            message: String::new(),
        }),
        query_errors: vec![("EXPLAIN", "FUNCTION_NOT_FOUND")],
        list_error: Some(denied("list")),
        write_error: Some(denied("write")),
        ..Ward::default()
    };
    let lines = lines(&ward, Some("gs://bucket/a")).await;
    let starts: Vec<&str> = lines.iter().map(|line| &line[..6]).collect();
    assert_eq!(starts, ["failed", "ok    ", "failed", "failed", "failed"]);
    assert!(
        lines[0].contains("GRAPH_OLAP_INTERNAL_API_KEY"),
        "{lines:?}"
    );
    assert!(lines[2].contains("STARBURST_UNLOAD_FUNCTION"), "{lines:?}");
    assert!(lines[3].contains("grant"), "{lines:?}");
}

#[tokio::test]
async fn a_cluster_without_the_catalog_tpch_is_asked_another_question() {
    let ward = Ward {
        query_errors: vec![("tpch.", "CATALOG_NOT_FOUND")],
        ..Ward::default()
    };
    assert!(lines(&ward, None).await[1].starts_with("ok "));
    let without_nodes = Ward {
        query_errors: vec![
            ("tpch.", "CATALOG_NOT_FOUND"),
            ("UNNEST", "NO_NODES_AVAILABLE"),
        ],
        ..Ward::default()
    };
    let lines = lines(&without_nodes, None).await;
    assert!(lines[1].starts_with("failed "), "{lines:?}");
    assert!(lines[1].contains("NO_NODES_AVAILABLE"), "{lines:?}");
}

#[tokio::test]
async fn an_unload_is_planned_and_never_run() {
    let ward = Ward::default();
    lines(&ward, Some("gs://bucket/it's")).await;
    let asked = ward.asked.into_inner().unwrap();
    let unloads: Vec<&String> = asked.iter().filter(|sql| sql.contains("unload")).collect();
    assert_eq!(unloads.len(), 1);
    assert!(unloads[0].starts_with("EXPLAIN SELECT "), "{unloads:?}");
    assert!(unloads[0].contains("'gs://bucket/it''s/'"), "{unloads:?}");
}

#[tokio::test]
async fn a_client_that_cannot_be_built_is_a_finding_like_any_other() {
    let ward = Ward::default();
    let patient = Patient {
        control_plane: Err("no credential".to_owned()),
        starburst: Ok(&ward),
        storage: Ok(&ward),
        unload_function: &FunctionName::default(),
        folder: None,
    };
    let findings = examine(&patient, |_| ()).await;
    assert_eq!(
        findings[0].to_string(),
        "failed   control plane  no credential"
    );
    assert!(!findings[1].is_failure());
}
