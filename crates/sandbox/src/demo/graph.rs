use export_api::{JobType, NewJob, NewSnapshot};

/// What is to become of a snapshot of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    /// Every job completes, and the snapshot is ready.
    Ready,
    /// One job fails because of its SQL, the others complete, the snapshot is failed.
    OneBroken,
    /// It is cancelled while its queries run: nothing completes.
    Cancelled,
}

/// One of the snapshots the demo submits.
pub(super) struct Planned {
    pub(super) title: &'static str,
    pub(super) expectation: Expectation,
    pub(super) snapshot: NewSnapshot,
}

/// The folder of the snapshot that is cancelled: its queries are made long.
pub(super) const CANCELLED_FOLDER: &str = "demo/cancelled-midway";
/// The entity whose SQL names a column there is not.
pub(super) const BROKEN_ENTITY: &str = "BROKEN";

/// An entity: what it is, its name, its SELECT, its columns.
type Entity = (JobType, &'static str, &'static str, &'static [&'static str]);

/// The customer–order–part graph of TPC-H.
const GRAPH: [Entity; 7] = [
    (
        JobType::Node,
        "Customer",
        "SELECT custkey AS id, name, nationkey, acctbal, mktsegment FROM customer",
        &["id", "name", "nationkey", "acctbal", "mktsegment"],
    ),
    (
        JobType::Node,
        "Order",
        "SELECT orderkey AS id, orderstatus, totalprice, orderdate FROM orders",
        &["id", "orderstatus", "totalprice", "orderdate"],
    ),
    (
        JobType::Node,
        "Part",
        "SELECT partkey AS id, name, brand, size, retailprice FROM part",
        &["id", "name", "brand", "size", "retailprice"],
    ),
    (
        JobType::Node,
        "Supplier",
        "SELECT suppkey AS id, name, nationkey, acctbal FROM supplier",
        &["id", "name", "nationkey", "acctbal"],
    ),
    (
        JobType::Edge,
        "PLACED",
        "SELECT custkey AS source, orderkey AS target, orderdate FROM orders",
        &["source", "target", "orderdate"],
    ),
    (
        JobType::Edge,
        "CONTAINS",
        "SELECT orderkey AS source, partkey AS target, quantity, extendedprice FROM lineitem",
        &["source", "target", "quantity", "extendedprice"],
    ),
    (
        JobType::Edge,
        "SUPPLIED_BY",
        "SELECT partkey AS source, suppkey AS target, supplycost FROM partsupp",
        &["source", "target", "supplycost"],
    ),
];

const ONE_BROKEN: [Entity; 3] = [
    (
        JobType::Node,
        "Nation",
        "SELECT nationkey AS id, name FROM nation",
        &["id", "name"],
    ),
    (
        JobType::Edge,
        BROKEN_ENTITY,
        "SELECT custkey AS source, no_such_column AS target FROM customer",
        &["source", "target"],
    ),
    (
        JobType::Edge,
        "LIVES_IN",
        "SELECT custkey AS source, nationkey AS target FROM customer",
        &["source", "target"],
    ),
];

const CANCELLED: [Entity; 2] = [
    (
        JobType::Node,
        "LineItem",
        "SELECT orderkey, linenumber, shipdate FROM lineitem",
        &["orderkey", "linenumber", "shipdate"],
    ),
    (
        JobType::Edge,
        "BOUGHT",
        "SELECT o.custkey AS source, l.partkey AS target FROM orders o \
         JOIN lineitem l ON l.orderkey = o.orderkey",
        &["source", "target"],
    ),
];

fn snapshot(name: &str, bucket: &str, folder: &str, entities: &[Entity]) -> NewSnapshot {
    let jobs = entities
        .iter()
        .map(|(job_type, entity, sql, columns)| NewJob {
            job_type: job_type.clone(),
            entity_name: (*entity).to_owned(),
            sql: (*sql).to_owned(),
            column_names: columns.iter().map(|&column| column.to_owned()).collect(),
            gcs_path: format!("gs://{bucket}/{folder}/{job_type}s/{entity}"),
            starburst_catalog: None,
            starburst_role: None,
        })
        .collect();
    NewSnapshot {
        name: Some(name.to_owned()),
        jobs,
        max_attempts: None,
    }
}

/// The three snapshots of the demo, their jobs in the order given, all with
/// destinations in `bucket`.
///
/// The seed moves the order in which the jobs are submitted, and so the order
/// in which they run.
pub(super) fn planned(bucket: &str, seed: u64) -> Vec<Planned> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut plan = |title, expectation, folder, entities: &[Entity]| {
        let mut entities = entities.to_vec();
        random.shuffle(&mut entities);
        Planned {
            title,
            expectation,
            snapshot: snapshot(title, bucket, folder, &entities),
        }
    };
    vec![
        plan("graph", Expectation::Ready, "demo/graph", &GRAPH),
        plan(
            "one broken",
            Expectation::OneBroken,
            "demo/one-broken",
            &ONE_BROKEN,
        ),
        plan(
            "cancelled",
            Expectation::Cancelled,
            CANCELLED_FOLDER,
            &CANCELLED,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tpch;

    #[test]
    fn every_select_runs_but_the_broken_one() {
        for planned in planned("exports", 1) {
            for job in planned.snapshot.jobs {
                let counted = tpch::count(0.001, &job.sql);
                assert_eq!(
                    counted.is_ok_and(|rows| rows > 0),
                    job.entity_name != BROKEN_ENTITY,
                    "{}",
                    job.entity_name
                );
            }
        }
    }

    #[test]
    fn destinations_lie_apart() {
        let folders: Vec<String> = planned("exports", 1)
            .into_iter()
            .flat_map(|planned| planned.snapshot.jobs)
            .map(|job| format!("{}/", job.gcs_path))
            .collect();
        for (a, one) in folders.iter().enumerate() {
            for (b, other) in folders.iter().enumerate() {
                assert!(a == b || !one.starts_with(other), "{one} {other}");
            }
        }
    }
}
