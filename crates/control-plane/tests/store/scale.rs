use sqlx::{Connection as _, Row as _};

use crate::world::World;
use export_control_plane::store::StoreConfig;
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
