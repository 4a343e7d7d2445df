use sqlx::{Connection as _, PgConnection};

use export_control_plane::store::{Store, StoreConfig};

use crate::world::World;

/// A database whose own defaults would break the queue, as some operators set them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_databases_defaults_do_not_change_how_transactions_run() {
    let world = World::postgres().await;
    let StoreConfig::Postgres { url, .. } = &world.config else {
        unreachable!()
    };
    let mut connection = PgConnection::connect(secrecy::ExposeSecret::expose_secret(url))
        .await
        .unwrap();
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
    let draft = crate::world::draft("s", 1);
    let snapshot = store.create_snapshot(&draft).await.unwrap().snapshot;
    assert_eq!(
        store.snapshot(&snapshot.id).await.unwrap().snapshot.id,
        snapshot.id
    );
}
