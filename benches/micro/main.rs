//! What the worker itself computes: statements, pages, footers.
//!
//! Pages and footers come over a loopback socket, through the clients that read
//! them in production: the request is part of the figure.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic, and what it shares with others serves them all"
)]

#[path = "../figures/mod.rs"]
mod figures;
mod outside;
mod statements;

use std::time::Instant;

use figures::{Figures, Spread};

/// So many batches are measured, each of as many calls.
const BATCHES: usize = 30;

/// Microseconds per call, batch by batch.
pub async fn timed<F: Future<Output = ()>>(calls: u32, call: impl Fn() -> F) -> Spread {
    call().await;
    let mut batches = Vec::new();
    for _ in 0..BATCHES {
        let began = Instant::now();
        for _ in 0..calls {
            call().await;
        }
        batches.push(began.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    Spread::of(batches)
}

#[tokio::main]
async fn main() {
    // As the worker does: whoever comes first installs the one provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let title = format!("Microseconds per call, {BATCHES} batches");
    let mut table = Figures::new(&title, &["call", "min", "median", "max"]);
    statements::measure(&mut table).await;
    outside::pages(&mut table).await;
    outside::footers(&mut table).await;
    table.print();
}
