//! What a process costs, by `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long to wait for all threads of a process to sleep.
const REST: Duration = Duration::from_millis(200);

/// How often it is looked whether they do: longer than the scheduler takes to account for one.
const TICK: Duration = Duration::from_millis(5);

/// Memory has settled when two readings so far apart agree within one per cent.
const BETWEEN_READINGS: Duration = Duration::from_secs(1);

/// How long it may take to settle.
const SETTLING: Duration = Duration::from_secs(60);

/// What tokio calls its threads, those of its pool for blocking work as well.
const POOLED: &str = "tokio-rt-worker";

/// A process of ours that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pid: u32,
}

/// What a process has in memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) total: u64,
    /// Heap and stacks; the rest is mapped files, above all the program itself.
    pub(crate) anonymous: u64,
}

/// The CPU time of each thread since it began. Finer than the clock ticks of `/proc/PID/stat`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTimes {
    threads: BTreeMap<u32, Thread>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Thread {
    name: String,
    on_cpu: Duration,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// What it has in memory now.
    pub(crate) fn resident(self) -> Result<Resident> {
        let status = self.read("status")?;
        let kib =
            |field| status_field(&status, field).with_context(|| format!("no {field} in /proc/{}/status", self.pid));
        Ok(Resident { total: kib("VmRSS")? * 1024, anonymous: kib("RssAnon")? * 1024 })
    }

    /// The CPU time of each of its threads. Exact once they sleep.
    pub(crate) fn cpu_times(self) -> Result<CpuTimes> {
        let mut threads = BTreeMap::new();
        let tasks = format!("/proc/{}/task", self.pid);
        for task in fs::read_dir(&tasks).with_context(|| format!("reading {tasks}"))? {
            let task = task?.file_name();
            let Some(id) = task.to_str().and_then(|id| id.parse().ok()) else { continue };
            let read = |file| self.read(&format!("task/{id}/{file}"));
            // A thread that ends at this moment is no longer there; `CpuTimes::since` then misses it.
            let (Ok(schedstat), Ok(name)) = (read("schedstat"), read("comm")) else { continue };
            let on_cpu = on_cpu(&schedstat).with_context(|| format!("schedstat of thread {id}: {schedstat:?}"))?;
            threads.insert(id, Thread { name: name.trim_end().to_owned(), on_cpu });
        }
        Ok(CpuTimes { threads })
    }

    /// The same once nothing runs, or, in a process that always does something, after a while: the
    /// time of a thread that runs is counted only when it stops or the clock ticks.
    pub(crate) fn cpu_times_at_rest(self) -> Result<CpuTimes> {
        let begun = Instant::now();
        let mut last = self.cpu_times()?;
        while begun.elapsed() < REST {
            thread::sleep(TICK);
            let now = self.cpu_times()?;
            if now == last {
                break;
            }
            last = now;
        }
        Ok(last)
    }

    /// Waits until its memory stays the same, serving `idle` meanwhile.
    ///
    /// # Errors
    /// If it still changes after a minute.
    pub(crate) fn settled(self, mut idle: impl FnMut(Duration) -> Result<()>) -> Result<Resident> {
        let begun = Instant::now();
        let mut last = self.resident()?;
        while begun.elapsed() < SETTLING {
            idle(BETWEEN_READINGS)?;
            let now = self.resident()?;
            if now.total.abs_diff(last.total) * 100 <= last.total {
                return Ok(now);
            }
            last = now;
        }
        bail!("the memory of process {} still changes after {} s", self.pid, SETTLING.as_secs())
    }

    /// How many files and sockets it has open.
    pub(crate) fn open_files(self) -> Result<usize> {
        let folder = format!("/proc/{}/fd", self.pid);
        Ok(fs::read_dir(&folder).with_context(|| format!("reading {folder}"))?.count())
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }
}

impl CpuTimes {
    /// Of all threads there are.
    pub(crate) fn total(&self) -> Duration {
        self.threads.values().map(|thread| thread.on_cpu).sum()
    }

    /// What each thread used since then, summed by the threads' names.
    ///
    /// # Errors
    /// If a thread has ended meanwhile that may have worked: what it used is not known any more. One of the runtime's
    /// pool for blocking work ends when it has had nothing to do for ten seconds.
    pub(crate) fn since(&self, earlier: &Self) -> Result<CpuUse> {
        let ended = |(id, thread): &(&_, &Thread)| thread.name != POOLED && !self.threads.contains_key(*id);
        let ended = earlier.threads.iter().find(ended);
        ensure!(ended.is_none(), "the thread {:?} ended while it was measured", ended.map(|(_, thread)| &thread.name));
        let mut by_name = BTreeMap::new();
        for (id, thread) in &self.threads {
            let before = earlier.threads.get(id).map_or(Duration::ZERO, |thread| thread.on_cpu);
            *by_name.entry(thread.name.clone()).or_default() += thread.on_cpu.saturating_sub(before);
        }
        Ok(CpuUse { by_name })
    }
}

/// CPU time used, by the names of threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuUse {
    by_name: BTreeMap<String, Duration>,
}

impl CpuUse {
    /// Of all threads, in microseconds.
    pub(crate) fn micros(&self) -> f64 {
        self.by_name.values().sum::<Duration>().as_secs_f64() * 1e6
    }

    /// Of the threads of this name, in microseconds.
    pub(crate) fn micros_of(&self, name: &str) -> f64 {
        self.by_name.get(name).map_or(0.0, |used| used.as_secs_f64() * 1e6)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (name, used) in &other.by_name {
            *self.by_name.entry(name.clone()).or_default() += *used;
        }
    }
}

/// CPUs that this process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// How many processes wanted a CPU in the last minute, on average.
pub(crate) fn load() -> Result<f64> {
    let averages = fs::read_to_string("/proc/loadavg").context("reading /proc/loadavg")?;
    first_average(&averages).with_context(|| format!("/proc/loadavg: {averages:?}"))
}

/// What all TCP sockets of this machine hold in the system's memory, in bytes.
pub(crate) fn socket_memory() -> Result<u64> {
    let statistics = fs::read_to_string("/proc/net/sockstat").context("reading /proc/net/sockstat")?;
    let pages = tcp_pages(&statistics).with_context(|| format!("/proc/net/sockstat: {statistics:?}"))?;
    Ok(pages * PAGE)
}

/// What `sockstat` counts in, on every machine that this has run on.
const PAGE: u64 = 4096;

fn tcp_pages(statistics: &str) -> Option<u64> {
    let tcp = statistics.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    tcp.split_whitespace().skip_while(|word| *word != "mem").nth(1)?.parse().ok()
}

fn first_average(averages: &str) -> Option<f64> {
    averages.split_whitespace().next()?.parse().ok()
}

/// A field of `/proc/PID/status` that is given in kB (which means KiB there).
fn status_field(status: &str, field: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

/// The first field of a `schedstat`: nanoseconds spent on a CPU.
fn on_cpu(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\thub\nVmPeak:\t  500000 kB\nVmRSS:\t   15432 kB\nRssAnon:\t    4321 kB\nThreads:\t5\n";

    #[test]
    fn memory_is_read_from_status() {
        assert_eq!(status_field(STATUS, "VmRSS"), Some(15_432));
        assert_eq!(status_field(STATUS, "RssAnon"), Some(4_321));
        assert_eq!(status_field(STATUS, "Vm"), None);
        assert_eq!(status_field(STATUS, "Threads"), None, "it is not in kB");
        assert_eq!(status_field("", "VmRSS"), None);
    }

    #[test]
    fn cpu_is_the_first_field_of_schedstat() {
        assert_eq!(on_cpu("170124 945472 2\n"), Some(Duration::from_nanos(170_124)));
        assert_eq!(on_cpu(""), None);
        assert_eq!(on_cpu("x 1 2"), None);
    }

    #[test]
    fn the_load_is_the_average_of_the_last_minute() {
        assert_eq!(first_average("8.47 6.01 5.30 3/321 4242\n"), Some(8.47));
        assert_eq!(first_average(""), None);
    }

    #[test]
    fn the_memory_of_sockets_is_counted_in_pages() {
        let statistics = "sockets: used 54\nTCP: inuse 27 orphan 4 tw 2118 alloc 28 mem 17\nUDP: inuse 0 mem 3\n";
        assert_eq!(tcp_pages(statistics), Some(17));
        assert_eq!(tcp_pages("UDP: inuse 0 mem 3\n"), None);
    }

    fn times(threads: &[(u32, &str, u64)]) -> CpuTimes {
        let thread = |name: &str, micros| Thread { name: name.to_owned(), on_cpu: Duration::from_micros(micros) };
        CpuTimes { threads: threads.iter().map(|(id, name, micros)| (*id, thread(name, *micros))).collect() }
    }

    #[test]
    fn what_was_used_is_summed_by_name() {
        let before = times(&[(1, "hub", 100), (2, "worker", 50)]);
        let after = times(&[(1, "hub", 110), (2, "worker", 80), (3, "worker", 7)]);
        let used = after.since(&before).expect("no thread ended");
        assert_eq!(used.micros_of("worker").round(), 37.0);
        assert_eq!(used.micros().round(), 47.0);
    }

    #[test]
    fn a_thread_that_ended_is_not_passed_over() {
        let before = times(&[(1, "hub", 100), (2, "worker", 50)]);
        assert!(times(&[(1, "hub", 100)]).since(&before).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_files_and_threads() {
        let this = Process::new(std::process::id());
        let resident = this.resident().expect("status");
        assert!(resident.total >= resident.anonymous && resident.anonymous > 0);
        assert!(this.open_files().expect("fd") > 0);
        assert!(!this.cpu_times().expect("tasks").threads.is_empty());
    }
}
