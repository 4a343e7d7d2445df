//! What the kernel says of a process, from `/proc`.

use std::{fs, time::Duration};

/// Clock ticks per second, the unit of times in `/proc`: the same on every Linux.
const TICKS: u64 = 100;

/// A line of `/proc/<pid>/status` that tells kibibytes, in MiB.
fn mebibytes(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<f64>().unwrap() / 1024.0
}

/// Resident memory, in MiB.
pub fn resident(pid: u32) -> f64 {
    mebibytes(pid, "VmRSS:")
}

/// The most memory that ever was resident, in MiB.
pub fn most_resident(pid: u32) -> f64 {
    mebibytes(pid, "VmHWM:")
}

/// Processor time used so far, of all threads, user and system.
pub fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may hold blanks; utime and stime are the 14th and 15th.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}

/// Percent of a core it used for `span`, since it had used `before` in all.
pub fn percent_of_a_core(pid: u32, before: Duration, span: Duration) -> f64 {
    let used = processor_time(pid).saturating_sub(before);
    used.as_secs_f64() / span.as_secs_f64() * 100.0
}
