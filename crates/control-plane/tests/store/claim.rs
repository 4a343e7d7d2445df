use std::{collections::HashSet, sync::Arc};

use export_api::JobStatus;
use tokio::sync::Barrier;

use crate::world::{World, entities, taker};

async fn a_claim_gives_the_oldest_jobs_first_each_with_a_lease_and_a_token(world: World) {
    world.snapshot("old", 3).await;
    world.pass_seconds(1);
    world.snapshot("new", 2).await;

    let first = world.claim("w1", 2).await;
    assert_eq!(entities(&first), ["Entity0", "Entity1"]);
    let second = world.claim("w2", 10).await;
    assert_eq!(entities(&second), ["Entity2", "Entity0", "Entity1"]);
    assert!(world.claim("w3", 10).await.is_empty());

    let job = &first[0];
    assert_eq!(job.status, JobStatus::Claimed);
    assert_eq!(job.attempt, Some(1));
    assert_eq!(job.max_attempts, Some(3));
    assert_eq!(job.claimed_by.as_deref(), Some("w1"));
    assert_eq!(job.lease_expires_at, Some(world.in_seconds(60)));
    assert_eq!(
        job.column_names.as_deref(),
        Some(["id".to_owned(), "na\"me, quoted".to_owned()].as_slice())
    );
    let tokens: HashSet<_> = first
        .iter()
        .chain(&second)
        .map(|job| &job.claim_token)
        .collect();
    assert_eq!(tokens.len(), 5, "each lease has a token of its own");
    let seen = world.job(&job.id).await;
    assert_eq!(
        seen.claim_token, None,
        "a token is shown to its holder only"
    );
}

async fn concurrent_claims_never_give_a_job_twice_and_leave_none(world: World) {
    const CLAIMERS: usize = 16;
    world.snapshot("many", 96).await;
    let barrier = Arc::new(Barrier::new(CLAIMERS));
    let claims = (0..CLAIMERS).map(|number| {
        let (store, barrier) = (world.store.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            let offer = store.claim(&taker(&format!("w{number}"), 6)).await;
            offer.unwrap().jobs
        })
    });
    let mut seen = HashSet::new();
    for claim in claims.collect::<Vec<_>>() {
        for job in claim.await.unwrap() {
            assert!(seen.insert(job.id.clone()), "{} was given twice", job.id);
        }
    }
    // A claimer may have met only jobs that others were just taking.
    for job in world.claim("last", 100).await {
        assert!(seen.insert(job.id.clone()), "{} was given twice", job.id);
    }
    assert_eq!(seen.len(), 96);
}

crate::conformance! {
    a_claim_gives_the_oldest_jobs_first_each_with_a_lease_and_a_token
    concurrent_claims_never_give_a_job_twice_and_leave_none
}
