//! When to ask for a query again: 2, 3, 5, 8, 13, 21, 34, 55, 89, then every 90 seconds.

use chrono::{DateTime, TimeDelta, Utc};

/// Fibonacci numbers from 2, in seconds, cut at 90.
const DELAYS: [u32; 10] = [2, 3, 5, 8, 13, 21, 34, 55, 89, 90];

/// How long to wait after a query was asked for `poll_count` times, in seconds.
pub fn delay_seconds(poll_count: u32) -> u32 {
    usize::try_from(poll_count)
        .ok()
        .and_then(|index| DELAYS.get(index))
        .copied()
        .unwrap_or(90)
}

/// When to ask again, after `poll_count` polls.
pub fn next_poll_at(now: DateTime<Utc>, poll_count: u32) -> DateTime<Utc> {
    now + TimeDelta::seconds(delay_seconds(poll_count).into())
}

/// When a query is due, derived from times alone: for Control Planes that do
/// not keep the schedule. The delay after an ask is the one that the series has
/// at the query's age then.
pub fn derived_due(submitted_at: DateTime<Utc>, last_asked_at: DateTime<Utc>) -> DateTime<Utc> {
    let age = (last_asked_at - submitted_at).num_seconds().max(0);
    let mut polls = 0;
    let mut due = i64::from(delay_seconds(0));
    while due <= age {
        polls += 1;
        if polls >= 9 {
            break;
        }
        due += i64::from(delay_seconds(polls));
    }
    next_poll_at(last_asked_at, polls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delays_are_fibonacci_numbers_up_to_ninety_seconds() {
        let delays: Vec<u32> = (0..12).map(delay_seconds).collect();
        assert_eq!(delays, [2, 3, 5, 8, 13, 21, 34, 55, 89, 90, 90, 90]);
        assert_eq!(delay_seconds(u32::MAX), 90);
    }

    #[test]
    fn a_due_time_derived_from_the_age_of_a_query_follows_the_same_series() {
        let submitted = DateTime::UNIX_EPOCH;
        let mut asked = submitted;
        let mut waits = Vec::new();
        for _ in 0..12 {
            let due = derived_due(submitted, asked);
            waits.push((due - asked).num_seconds());
            asked = due;
        }
        assert_eq!(waits, [2, 3, 5, 8, 13, 21, 34, 55, 89, 90, 90, 90]);
    }
}
