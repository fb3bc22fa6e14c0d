//! What this process has used so far, as Linux tells it (proc(5)); elsewhere nothing is known.

use std::fs;

/// Processor time and memory of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// Of all threads, in user and system mode, in steps of 10 ms.
    pub cpu_ms: u64,
    /// Of the calling thread alone.
    pub thread_us: u64,
    /// Resident now.
    pub resident_kib: u64,
    /// The most that was ever resident.
    pub peak_kib: u64,
}

impl Usage {
    /// Processor time since an earlier reading, in microseconds.
    pub fn cpu_us_since(&self, earlier: &Self) -> u64 {
        self.cpu_ms.saturating_sub(earlier.cpu_ms) * 1_000
    }

    pub fn thread_us_since(&self, earlier: &Self) -> u64 {
        self.thread_us.saturating_sub(earlier.thread_us)
    }
}

/// A reading; what cannot be read is 0.
pub fn usage() -> Usage {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let schedule = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Usage {
        cpu_ms: ticks(&stat) * 10,
        thread_us: first_number(&schedule) / 1_000,
        resident_kib: line(&status, "VmRSS:"),
        peak_kib: line(&status, "VmHWM:"),
    }
}

/// User and system time: fields 14 and 15, counted from behind the command's name, which may hold anything.
fn ticks(stat: &str) -> u64 {
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after.split_whitespace().collect();
    let number = |at: usize| fields.get(at).map_or(0, |f| first_number(f));
    number(11) + number(12)
}

fn line(status: &str, key: &str) -> u64 {
    let found = status.lines().find_map(|l| l.strip_prefix(key));
    found.map_or(0, first_number)
}

fn first_number(text: &str) -> u64 {
    let word = text.split_whitespace().next().unwrap_or("");
    word.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_where_proc_5_says_they_are() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 1 1";
        assert_eq!(ticks(stat), 300);
        assert_eq!(line("VmPeak:\t 9 kB\nVmHWM:\t  1234 kB\n", "VmHWM:"), 1_234);
    }
}
