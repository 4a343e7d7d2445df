//! `sandbox demo`: real exports through the real binaries, checked row by row.
//!
//! Store and Starburst stand-in run in this process; Control Plane and worker
//! are processes of the real binaries. Three snapshots are submitted: a graph, one
//! with a broken SELECT, one that is cancelled midway. In the end every Parquet
//! file is read back and compared with its SELECT, counted directly.

mod board;
mod control_plane;
mod graph;
mod options;
mod process;
mod progress;
mod shell;
mod table;
mod verify;
mod world;

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use export_api::API_KEY_HEADER;
use tokio::signal::unix::{SignalKind, signal};

use board::{Change, Entry};
use graph::CANCELLED_FOLDER;
use progress::Progress;
use shell::ShellFile;
use verify::{Findings, verify};
use world::World;

pub use options::Options;

/// How often the Control Plane is asked how things stand.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Exit code after Ctrl-C.
const EXIT_INTERRUPTED: u8 = 130;

/// Runs the demo. Whatever it started is gone in the end; the logs stay where
/// something failed.
pub async fn run(options: &Options) -> ExitCode {
    let folder = match tempfile::Builder::new().prefix("export-demo-").tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("demo: cannot create a folder for logs: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = tokio::select! {
        started = World::start(options, folder.path()) => match started {
            Ok(world) => play(options, world, folder.path()).await,
            Err(error) => Err(error),
        },
        () = interrupted() => Ok(Ended::Interrupted),
    };
    match ended {
        Ok(Ended::AsExpected) => ExitCode::SUCCESS,
        Ok(Ended::Interrupted) => {
            eprintln!("demo: interrupted, everything was stopped");
            ExitCode::from(EXIT_INTERRUPTED)
        }
        Err(error) => {
            eprintln!("demo: {error:#}");
            let logs = std::fs::read_dir(folder.path());
            if logs.is_ok_and(|mut logs| logs.next().is_some()) {
                eprintln!("demo: logs are in {}", folder.keep().display());
            }
            ExitCode::FAILURE
        }
    }
}

enum Ended {
    AsExpected,
    Interrupted,
}

/// Resolves on Ctrl-C and on SIGTERM.
pub async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => {
            if pressed.is_err() {
                std::future::pending::<()>().await;
            }
        }
        _ = terminate.recv() => (),
    }
}

/// Runs the demo in a world that stands, then takes the world down.
async fn play(options: &Options, mut world: World, folder: &Path) -> Result<Ended> {
    let played = tokio::select! {
        played = act(options, &mut world) => played.map(|()| Ended::AsExpected),
        () = interrupted() => Ok(Ended::Interrupted),
    };
    let played = match played {
        Ok(Ended::AsExpected) if options.keep => keep(options, &world, folder).await,
        played => played,
    };
    if !matches!(played, Ok(Ended::AsExpected)) || options.keep {
        eprintln!("demo: stopping; Ctrl-C again kills");
    }
    // Dropped halfway, the processes are killed.
    let stopped = tokio::select! {
        stopped = world.stop() => stopped,
        () = interrupted() => return Ok(Ended::Interrupted),
    };
    let ended = played?;
    stopped?;
    Ok(ended)
}

/// Leaves everything running until Ctrl-C, which is then how it should end.
async fn keep(options: &Options, world: &World, folder: &Path) -> Result<Ended> {
    let path = options
        .env_file
        .clone()
        .unwrap_or_else(|| folder.join("env"));
    let _file = ShellFile::write(&path, world)?;
    invite(world, folder, &path);
    interrupted().await;
    Ok(Ended::AsExpected)
}

async fn act(options: &Options, world: &mut World) -> Result<()> {
    let bucket = world.sandbox.bucket().to_owned();
    let mut entries = Vec::new();
    for planned in graph::planned(&bucket, options.seed) {
        let id = world.control_plane.create(&planned.snapshot).await?;
        entries.push(Entry::new(id, planned));
    }
    let mut progress = Progress::new();
    let watched = tokio::time::timeout(
        options.deadline(),
        watch(world, &mut entries, &mut progress),
    )
    .await;
    progress.end();
    println!("{}", table::table(&entries));
    for entry in &entries {
        for row in &entry.rows {
            if let Some(message) = &row.job.error_message {
                println!("{} {}: {message}", entry.planned.title, row.job.entity_name);
            }
        }
    }
    watched.with_context(|| format!("not over after {} s", options.timeout))??;

    let store = world.sandbox.object_store()?;
    let mut findings = Findings::default();
    for entry in &entries {
        verify(entry, &store, &bucket, options.scale, &mut findings).await?;
    }
    for query in world.sandbox.standin().queries() {
        if query.sql.contains(CANCELLED_FOLDER) {
            findings.cancelled_query(&query);
        }
    }
    for difference in &findings.differences {
        eprintln!("demo: {difference}");
    }
    if !findings.differences.is_empty() {
        bail!("{} differences", findings.differences.len());
    }
    println!(
        "read back {} rows of {} parquet files: each folder holds the rows its SELECT counts",
        table::grouped(findings.rows),
        findings.files
    );
    Ok(())
}

/// Watches until every snapshot is over; cancels the one that is to be cancelled.
async fn watch(world: &mut World, entries: &mut [Entry], progress: &mut Progress) -> Result<()> {
    loop {
        world.check()?;
        for snapshot in 0..entries.len() {
            let seen = world.control_plane.read(&entries[snapshot].id).await?;
            for job in entries[snapshot].observe(seen) {
                progress.show(entries, &Change { snapshot, job });
            }
            if entries[snapshot].is_to_be_cancelled() {
                world.control_plane.cancel(&entries[snapshot].id).await?;
            }
        }
        if entries.iter().all(Entry::is_over) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Prints what runs and what to try next.
fn invite(world: &World, logs: &Path, env_file: &Path) {
    let (store, bucket) = (world.sandbox.store_url(), world.sandbox.bucket());
    let objects = world.sandbox.store().directory().display();
    println!("\neverything is left running until Ctrl-C:");
    println!("  control plane  {}", world.control_plane_url);
    println!("  worker         {}", world.worker_url);
    println!("  starburst      {}", world.sandbox.starburst_url());
    println!("  object store   {store}, bucket {bucket}, in {objects}");
    println!("  logs           {}", logs.display());
    println!("\ntry, in another terminal:");
    println!("  . {}", shell::quoted(&env_file.display().to_string()));
    println!("  export-worker doctor --bucket gs://{bucket}/checks");
    println!("  export-worker count gs://{bucket}/demo/graph/nodes/Customer");
    println!("  curl -s $DEMO_WORKER_URL/metrics | grep export_worker_jobs_total");
    println!(
        "  curl -s $CONTROL_PLANE_URL/api/snapshots -H \"{API_KEY_HEADER}: $GRAPH_OLAP_INTERNAL_API_KEY\""
    );
}
