//! Whose processor time is used: by each kind of process, and by the whole machine.

use std::{collections::HashMap, fs, time::Duration};

/// Clock ticks per second, the unit of times in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;

/// Cores of this machine.
pub fn there_are() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processor time used so far, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// All workers together.
    pub workers: f64,
    pub control_plane: f64,
    /// The server and its connections.
    pub postgresql: f64,
    /// This process: the sandbox, and the little that the benchmark does.
    pub sandbox: f64,
    /// Everything that runs here, these and others.
    pub machine: f64,
}

impl Used {
    /// Up to now, by this process and its descendants.
    pub fn now() -> Self {
        let processes = all();
        let mut used = Self {
            machine: machine(),
            ..Self::default()
        };
        let ours = std::process::id();
        for (pid, process) in &processes {
            if !descends_from(&processes, *pid, ours) {
                continue;
            }
            match process.name.as_str() {
                "export-worker" => used.workers += process.seconds,
                // The kernel keeps fifteen characters.
                "export-control-" => used.control_plane += process.seconds,
                "postgres" => used.postgresql += process.seconds,
                _ if *pid == ours => used.sandbox += process.seconds,
                _ => {}
            }
        }
        used
    }

    /// Cores kept busy since `before`, over `span`.
    pub fn cores_since(self, before: Self, span: Duration) -> Self {
        let cores = |now: f64, before: f64| (now - before) / span.as_secs_f64();
        Self {
            workers: cores(self.workers, before.workers),
            control_plane: cores(self.control_plane, before.control_plane),
            postgresql: cores(self.postgresql, before.postgresql),
            sandbox: cores(self.sandbox, before.sandbox),
            machine: cores(self.machine, before.machine),
        }
    }
}

struct Process {
    name: String,
    parent: u32,
    seconds: f64,
}

fn all() -> HashMap<u32, Process> {
    let entries = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, read(pid)?))).collect()
}

/// `None`: it has ended meanwhile.
fn read(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold blanks.
    let (head, fields) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // User and system time; PostgreSQL's connections come and go, and what those used
    // that have gone is told of the process that waited for them.
    let own = if name == "postgres" { 11..15 } else { 11..13 };
    let ticks: f64 = fields[own]
        .iter()
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    Some(Process {
        name,
        parent: fields[1].parse().ok()?,
        seconds: ticks / TICKS,
    })
}

fn descends_from(processes: &HashMap<u32, Process>, mut pid: u32, ancestor: u32) -> bool {
    while pid != ancestor {
        match processes.get(&pid) {
            Some(process) if process.parent != 0 => pid = process.parent,
            _ => return false,
        }
    }
    true
}

/// Seconds that all cores together were not idle.
fn machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let line = stat.lines().next().unwrap();
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse().unwrap())
        .collect();
    // user, nice, system, (idle, iowait,) irq, softirq
    (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / TICKS
}
