use std::cell::RefCell;

use tokio::time::Instant;

use super::*;
use crate::ports::ControlPlaneError;

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
