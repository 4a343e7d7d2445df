use sqlx::{Connection as _, Row as _};

use crate::world::World;
use export_control_plane::store::{StoreConfig, VIEW_STATEMENTS};
use secrecy::ExposeSecret as _;

const CLAIMABLE: &str = "SELECT seq FROM export_jobs WHERE status = 'pending' AND due_at <= 5
    ORDER BY due_at, seq LIMIT 10";
const POLLABLE: &str = "SELECT seq FROM export_jobs WHERE status = 'submitted' AND due_at <= 5
    ORDER BY due_at, seq LIMIT 10";

/// Claims and polls read their index in its order: no sort, no scan, however many jobs there are.
#[tokio::test]
async fn sqlite_reads_the_queue_by_its_index() {
    let world = World::sqlite().await;
    let StoreConfig::Sqlite { path } = &world.config else {
        unreachable!()
    };
    let url = format!("sqlite://{}", path.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for query in [CLAIMABLE, POLLABLE] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        assert_eq!(plan.len(), 1, "{plan:?}");
        assert!(
            plan[0].contains("USING COVERING INDEX export_jobs_due (status=? AND due_at<?)"),
            "{plan:?}"
        );
    }
}

#[tokio::test]
async fn postgresql_reads_the_queue_by_its_index_among_100000_jobs() {
    let world = World::postgres().await;
    world.snapshot("s", 1).await;
    let StoreConfig::Postgres { url, .. } = &world.config else {
        unreachable!()
    };
    let mut connection = sqlx::PgConnection::connect(url.expose_secret())
        .await
        .unwrap();
    for statement in [
        "INSERT INTO export_jobs (id, snapshot_id, job_type, entity_name, status, sql, column_names,
            gcs_path, destination, attempt, max_attempts, due_at, poll_count, cancel_requested,
            created_at, updated_at)
         SELECT 'job' || n, snapshot_id, 'edge', 'e' || n, status, sql, column_names, gcs_path,
            destination || n || '/', attempt, max_attempts, due_at, poll_count, cancel_requested,
            created_at, updated_at
         FROM export_jobs, generate_series(1, 100000) AS n",
        "ANALYZE export_jobs",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    for query in [CLAIMABLE, POLLABLE] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {query}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("using export_jobs_due"), "{plan}");
        assert!(
            !plan.contains("Sort") && !plan.contains("Seq Scan"),
            "{plan}"
        );
    }
    assert_eq!(world.claim("w", 10).await.len(), 10);
    assert_eq!(world.store.live_jobs().await.unwrap().pending, 99_991);
}

/// The indexes without an entry for what is over, and the one of a snapshot's own jobs.
const OF_THE_LIVING: [&str; 6] = [
    "export_jobs_due",
    "export_jobs_claimed",
    "export_jobs_submitted",
    "export_jobs_moved",
    "snapshots_unfinished",
    "export_jobs_of_snapshot (snapshot_id=?",
];

#[tokio::test]
async fn sqlite_looks_at_the_queue_past_everything_that_is_over() {
    let world = World::sqlite().await;
    let StoreConfig::Sqlite { path } = &world.config else {
        unreachable!()
    };
    let url = format!("sqlite://{}", path.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for query in VIEW_STATEMENTS {
        let query = query.replace("$1", "20");
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let reads = plan
            .iter()
            .filter(|step| step.starts_with("SCAN ") || step.starts_with("SEARCH "));
        for read in reads {
            let of_the_living = OF_THE_LIVING.iter().any(|index| read.contains(index))
                || ["SCAN moves", "SCAN CONSTANT ROW"].contains(&read.as_str());
            assert!(of_the_living, "{query}: {read}");
        }
    }
}

/// Nearly all of it is over, as after months.
#[tokio::test]
async fn postgresql_looks_at_the_queue_past_everything_that_is_over() {
    let world = World::postgres().await;
    for n in 0..30 {
        world.snapshot(&format!("s{n}"), 2).await;
    }
    let StoreConfig::Postgres { url, .. } = &world.config else {
        unreachable!()
    };
    let mut connection = sqlx::PgConnection::connect(url.expose_secret())
        .await
        .unwrap();
    for statement in [
        "INSERT INTO snapshots (id, status, remaining_jobs, request_digest, created_at, updated_at, completed_at)
         SELECT 'old' || n, 'ready', 0, '', 0, 0, 1 FROM generate_series(1, 10000) AS n",
        "INSERT INTO export_jobs (id, snapshot_id, job_type, entity_name, status, sql, column_names,
            gcs_path, destination, attempt, max_attempts, poll_count, cancel_requested,
            created_at, updated_at)
         SELECT 'job' || n, 'old' || (n % 10000 + 1), 'edge', 'e' || n, 'completed', 'SELECT 1', '[]',
            'gs://b/' || n, 'b/' || n || '/', 1, 3, 0, FALSE, 0, 0
         FROM generate_series(1, 100000) AS n",
        "ANALYZE",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    for query in VIEW_STATEMENTS {
        let query = query.replace("$1", "20");
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {query}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{query}\n{plan}");
        for index in ["snapshots_pkey", "export_jobs_pkey", "export_jobs_live"] {
            assert!(!plan.contains(index), "{query}\n{plan}");
        }
    }
    let seen = world.store.view(20).await.unwrap();
    assert_eq!((seen.live.pending, seen.first_snapshots.len()), (60, 20));
}
