use futures::{FutureExt as _, future::join_all};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};

use export_control_plane::store::{Store, StoreConfig};

use crate::world::{World, draft};

/// A connection of its own to the world's database.
async fn connection(world: &World) -> PgConnection {
    let StoreConfig::Postgres { url, .. } = &world.config else {
        unreachable!()
    };
    PgConnection::connect(url.read().unwrap().expose_secret())
        .await
        .unwrap()
}

/// A database whose own defaults would break the queue, as some operators set them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_databases_defaults_do_not_change_how_transactions_run() {
    let world = World::postgres().await;
    let mut connection = connection(&world).await;
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "statement_timeout = 0",
    ] {
        let database: String = sqlx::query_scalar("SELECT current_database()")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let statement = format!("ALTER DATABASE {database} SET {setting}");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let store = Store::open(&world.config, world.clock.clone())
        .await
        .unwrap();
    let draft = draft("s", 1);
    let snapshot = store.create_snapshot(&draft).await.unwrap().snapshot;
    assert_eq!(
        store.snapshot(&snapshot.id).await.unwrap().snapshot.id,
        snapshot.id
    );
}

/// An upgrade: the new version's migration adds a column while replicas of the old one work.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_column_that_a_later_version_adds_disturbs_no_replica_at_work() {
    let world = World::postgres().await;
    world.snapshot("s", 4).await;
    let job = world.submitted_one("w").await;
    world.job(&job.id).await;
    world
        .tamper("ALTER TABLE export_jobs ADD COLUMN of_a_later_version TEXT")
        .await;
    world
        .tamper("ALTER TABLE snapshots ADD COLUMN of_a_later_version TEXT")
        .await;
    for _ in 0..3 {
        let job = world.submitted_one("w").await;
        world.job(&job.id).await;
        world.update(&job, world.completed(1, 1)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn creations_that_wait_for_each_other_leave_connections_to_the_others() {
    let world = World::postgres().await;
    let mut other_replica = connection(&world).await;
    // The lock every creation takes.
    sqlx::query("SELECT pg_advisory_lock(7310868735422459250)")
        .execute(&mut other_replica)
        .await
        .unwrap();
    let drafts: Vec<_> = (0..30).map(|n| draft(&format!("s{n}"), 1)).collect();
    let mut creations = Box::pin(join_all(
        drafts
            .iter()
            .map(|draft| world.store.create_snapshot(draft)),
    ));
    assert!(creations.as_mut().now_or_never().is_none());

    assert_eq!(world.store.live_jobs().await.unwrap().pending, 0);

    sqlx::query("SELECT pg_advisory_unlock(7310868735422459250)")
        .execute(&mut other_replica)
        .await
        .unwrap();
    for created in creations.await {
        created.unwrap();
    }
}
