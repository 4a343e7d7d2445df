use std::{
    cell::RefCell,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

use super::*;
use crate::ports::ControlPlaneError;

fn job(id: &str) -> ExportJob {
    serde_json::from_value(serde_json::json!({
        "id": id, "snapshot_id": "s", "job_type": "node", "entity_name": "E", "status": "pending",
    }))
    .unwrap()
}

fn jobs(ids: &[&str]) -> Vec<ExportJob> {
    ids.iter().map(|id| job(id)).collect()
}

/// A queue that hands out these batches, then nothing.
struct Queue {
    batches: Mutex<Vec<Vec<ExportJob>>>,
    limits: Mutex<Vec<u32>>,
}

impl Queue {
    fn of(batches: Vec<Vec<ExportJob>>) -> Self {
        Self {
            batches: Mutex::new(batches),
            limits: Mutex::default(),
        }
    }

    async fn fetch(&self, limit: u32) -> Batch {
        self.limits.lock().unwrap().push(limit);
        let mut batches = self.batches.lock().unwrap();
        if batches.is_empty() {
            return Batch {
                jobs: Vec::new(),
                pause: Some(Duration::from_secs(10)),
            };
        }
        Batch {
            jobs: batches.remove(0),
            pause: None,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_ends_delays_no_other() {
    let queue = Queue::of(vec![jobs(&["poisonous", "a"]), jobs(&["b"]), jobs(&["c"])]);
    let done = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::new(Notify::new());
    let work = |job: ExportJob| {
        let (done, all) = (Arc::clone(&done), Arc::clone(&all));
        async move {
            if job.id.as_str() == "poisonous" {
                std::future::pending::<()>().await;
            }
            let mut done = done.lock().unwrap();
            done.push(job.id.to_string());
            if done.len() == 3 {
                all.notify_one();
            }
        }
    };
    let stopping = CancellationToken::new();
    let started = Instant::now();
    tokio::select! {
        ended = feed(2, 10, &stopping, |limit| queue.fetch(limit), work) => panic!("{ended:?}"),
        () = all.notified() => {}
    }
    assert_eq!(*done.lock().unwrap(), ["a", "b", "c"]);
    assert_eq!(
        started.elapsed(),
        Duration::ZERO,
        "nothing waited for anything"
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_jobs_are_under_way_than_there_are_places() {
    let many: Vec<Vec<ExportJob>> = (0..10).map(|_| jobs(&["a", "b"])).collect();
    let queue = Queue::of(many);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let work = |_| {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let stopping = CancellationToken::new();
    let fed = feed(3, 10, &stopping, |limit| queue.fetch(limit), work);
    assert!(timeout(Duration::from_secs(60), fed).await.is_err());
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert!(
        queue
            .limits
            .lock()
            .unwrap()
            .iter()
            .all(|limit| (1..=3).contains(limit))
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_is_followed_at_once_and_an_empty_one_by_a_pause() {
    let queue = Queue::of(vec![jobs(&["a"]), jobs(&["b"])]);
    let stopping = CancellationToken::new();
    let fed = feed(8, 1, &stopping, |limit| queue.fetch(limit), |_| async {});
    assert!(timeout(Duration::from_secs(8), fed).await.is_err());
    // Two batches, the empty answer, and then the pause of 10 seconds and more.
    assert_eq!(queue.limits.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_pause_and_waits_for_what_is_under_way() {
    let queue = Queue::of(vec![jobs(&["slow"])]);
    let stopping = CancellationToken::new();
    let started = Instant::now();
    let work = |_| sleep(Duration::from_secs(30));
    let fed = feed(8, 10, &stopping, |limit| queue.fetch(limit), work);
    let stop = async {
        sleep(Duration::from_secs(5)).await;
        stopping.cancel();
    };
    let (ended, ()) = tokio::join!(fed, stop);
    ended.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_work_on_a_job_ends_the_loop_with_its_words() {
    let queue = Queue::of(vec![jobs(&["a"])]);
    let stopping = CancellationToken::new();
    let work = |_| async { panic!("a broken invariant") };
    let ended = feed(8, 10, &stopping, |limit| queue.fetch(limit), work).await;
    assert_eq!(
        ended.unwrap_err().to_string(),
        "work on a job panicked: a broken invariant"
    );
}

const PAUSE: Duration = Duration::from_secs(10);

fn busy(retry_after: Option<Duration>) -> ControlPlaneError {
    ControlPlaneError::Busy {
        status: 503,
        retry_after,
        message: String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_pause_after_a_failed_look_at_once() {
    let stopping = CancellationToken::new();
    let began = Instant::now();
    let look = |_| async { Batch::failed(&busy(None), PAUSE) };
    let (fed, ()) = tokio::join!(feed(1, 1, &stopping, look, |_| async {}), async {
        stopping.cancel();
    });
    fed.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_next_look_comes_after_as_long_as_the_other_side_asked() {
    let stopping = CancellationToken::new();
    let looks = RefCell::new(Vec::new());
    let look = |_| async {
        looks.borrow_mut().push(Instant::now());
        // Shorter than the pause, and longer.
        let asked = match looks.borrow().len() {
            1 => Duration::from_secs(3),
            2 => Duration::from_secs(42),
            _ => {
                stopping.cancel();
                Duration::ZERO
            }
        };
        Batch::failed(&busy(Some(asked)), PAUSE)
    };
    feed(1, 1, &stopping, look, |_| async {}).await.unwrap();
    let looks = looks.into_inner();
    let waits: Vec<_> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 2);
    assert!(waits[0] >= PAUSE && waits[0] < PAUSE * 2, "{waits:?}");
    assert!(waits[1] >= Duration::from_secs(42), "{waits:?}");
}
