//! The daemon: both loops and the admin server, from start to the end of a shutdown.

pub mod clients;
mod gate;

use std::{io, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{
    clients::{Clients, ClientsError, Patience, Wiring},
    gate::Gate,
};
use crate::{
    attempt::{InFlight, Settings, Shutdown, StartedSnapshots, World},
    clock::Clock,
    config::Config,
    dry_run,
    feed::Panicked,
    poller::Poller,
    submitter::Submitter,
    telemetry::{Events, Loop, Metrics, Readiness, admin},
};

/// After the grace period jobs are handed over; that takes a request each, no longer.
const HAND_OVER: Duration = Duration::from_secs(5);

/// The worker could not start, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A client could not be built.
    #[error(transparent)]
    Clients(#[from] ClientsError),
    /// The metrics could not be declared.
    #[error("metrics cannot be declared: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The admin server ended.
    #[error("the admin server ended: {0}")]
    Admin(String),
    /// A loop panicked.
    #[error("the {} stopped: {cause}", .which.as_str())]
    Loop {
        /// Which loop.
        which: Loop,
        /// What it said.
        cause: String,
    },
}

type Loops = JoinSet<(Loop, Result<(), Panicked>)>;

/// Runs the worker until `shutdown` is cancelled, then drains it.
///
/// It claims nothing before the outside was reached once; a shutdown that comes
/// before ends it at once. The order of a later shutdown: unready, no new
/// claims, what is under way gets the grace period to come to an end, what is
/// left is handed over, and last the admin server goes. A loop that panics ends
/// the worker with an error, for Kubernetes to start it again.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), WorkerError> {
    let metrics = Metrics::new()?;
    // Jobs are handed over to the very end; dropping the loops cuts the rest.
    let abort = CancellationToken::new();
    let wiring = Wiring::new(Patience::Daemon, &metrics, &abort)?;
    let readiness = Readiness::waiting_for(gate::awaited());
    let admin_stop = CancellationToken::new();
    let admin = admin::serve(
        listener,
        Arc::clone(&metrics),
        readiness.clone(),
        admin_stop.clone(),
    );
    let mut admin = tokio::spawn(admin);

    let gate = Gate::new(&config, &wiring, &metrics, &readiness);
    let passed = tokio::select! {
        biased;
        () = shutdown.cancelled() => Ok(None),
        passed = gate.pass() => passed.map(Some).map_err(WorkerError::from),
        ended = &mut admin => Err(WorkerError::Admin(why_ended(ended))),
    };
    let outcome = match passed {
        Ok(Some(clients)) => {
            let events = Events::new(Arc::clone(&metrics));
            work(
                &config, clients, events, &gate, &mut admin, &shutdown, &readiness,
            )
            .await
        }
        Ok(None) => {
            readiness.withdraw("shutting down");
            tracing::info!("shutting down before anything was begun");
            Ok(())
        }
        Err(error) => Err(error),
    };
    admin_stop.cancel();
    if !admin.is_finished() {
        // However the admin server ends now, the work is done.
        let _ = admin.await;
    }
    tracing::info!("stopped");
    outcome
}

/// Runs the loops until `shutdown` is cancelled, and drains them.
async fn work(
    config: &Config,
    clients: Clients,
    events: Events,
    gate: &Gate<'_>,
    admin: &mut JoinHandle<io::Result<()>>,
    shutdown: &CancellationToken,
    readiness: &Readiness,
) -> Result<(), WorkerError> {
    let phases = Shutdown::default();
    let mut loops = start(config, clients, events.clone(), &phases);
    let outcome = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        failed = all_ended(&mut loops, &events) => failed,
        ended = admin => Err(WorkerError::Admin(why_ended(ended))),
        never = gate.watch() => match never {},
    };

    readiness.withdraw("shutting down");
    phases.stopping.cancel();
    let grace = config.loops.shutdown_grace;
    tracing::info!(grace_seconds = grace.as_secs(), "shutting down");
    let drained = drain(&mut loops, &events, &phases, grace).await;
    loops.shutdown().await;
    outcome.and(drained)
}

fn roles(config: &Config) -> impl Iterator<Item = Loop> {
    let role = config.loops.role;
    let submitter = role.submits().then_some(Loop::Submitter);
    let poller = role.polls().then_some(Loop::Poller);
    submitter.into_iter().chain(poller)
}

fn start(config: &Config, clients: Clients, events: Events, phases: &Shutdown) -> Loops {
    let pace = &config.loops;
    let world = Arc::new(World {
        control_plane: clients.control_plane,
        starburst: clients.starburst,
        storage: clients.storage,
        clock: Clock::System,
        events,
        settings: Settings {
            strategy: config.export.strategy,
            unload_function: config.export.unload_function.clone(),
            settle: config.export.settle,
            lease: pace.lease,
            count_concurrency: config.storage.count_concurrency,
        },
        started_snapshots: StartedSnapshots::default(),
        in_flight: InFlight::default(),
    });
    let mut loops = JoinSet::new();
    for which in roles(config) {
        let (world, phases) = (Arc::clone(&world), phases.clone());
        let pace = pace.clone();
        loops.spawn(async move {
            let running = async {
                match which {
                    _ if pace.dry_run => {
                        dry_run::run(which, &pace, &world, &phases).await;
                        Ok(())
                    }
                    Loop::Submitter => Submitter::from(&pace).run(world, phases).await,
                    Loop::Poller => Poller::from(&pace).run(world, phases).await,
                }
            };
            let ended = AssertUnwindSafe(running).catch_unwind().await;
            (which, ended.unwrap_or_else(|panic| Err(panic.into())))
        });
    }
    loops
}

/// Waits until every loop has ended; fails as soon as one panicked.
async fn all_ended(loops: &mut Loops, events: &Events) -> Result<(), WorkerError> {
    while let Some(ended) = loops.join_next().await {
        // A loop catches its own panics, so that only an abort is left: no failure.
        if let Ok((which, Err(panicked))) = ended {
            let cause = panicked.to_string();
            events.panicked(which, &cause);
            return Err(WorkerError::Loop { which, cause });
        }
    }
    Ok(())
}

/// Lets what is under way come to an end within `grace`, and hands over the rest.
async fn drain(
    loops: &mut Loops,
    events: &Events,
    phases: &Shutdown,
    grace: Duration,
) -> Result<(), WorkerError> {
    if let Ok(ended) = timeout(grace, all_ended(loops, events)).await {
        return ended;
    }
    tracing::warn!("grace is over; handing over what is left");
    phases.aborting.cancel();
    timeout(HAND_OVER, all_ended(loops, events))
        .await
        .unwrap_or_else(|_| {
            tracing::warn!("not every job could be handed over; their leases will run out");
            Ok(())
        })
}

fn why_ended(ended: Result<io::Result<()>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "without a reason".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    }
}
