//! One conformance suite for both stores: what the queue promises, it promises on
//! SQLite and on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::assigning_clones,
    clippy::needless_pass_by_value,
    reason = "all of this is test"
)]

mod cancel;
mod claim;
mod create;
mod finalise;
mod lease;
mod long_poll;
mod pollable;
mod postgres;
mod scale;
mod update;
mod view;
mod world;

/// Makes each case a test on each store.
macro_rules! conformance {
    ($($case:ident)+) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    super::$case(crate::world::World::sqlite().await).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    super::$case(crate::world::World::postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use conformance;
