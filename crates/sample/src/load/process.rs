//! This process as the kernel sees it.

use std::{fs, path::Path, time::Duration};

use procfs::{Current, Meminfo, process::Process};

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// CPU time used since the process started, by all its threads.
    pub(super) cpu: Option<Duration>,
    pub(super) resident_bytes: Option<u64>,
}

pub(super) fn read() -> Reading {
    let Ok(process) = Process::myself() else {
        return Reading::default();
    };
    Reading {
        cpu: process
            .stat()
            .ok()
            .map(|stat| Duration::from_secs_f64((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)),
        resident_bytes: process.statm().ok().map(|statm| statm.resident * procfs::page_size()),
    }
}

/// What this process may use at most: the limit of its control group where there is one, else the machine's memory.
pub(super) fn memory_limit_bytes() -> Option<u64> {
    let machine = Meminfo::current().ok().map(|memory| memory.mem_total);
    let group = Process::myself().and_then(|process| process.cgroups()).ok().and_then(|groups| {
        let own = groups.into_iter().find(|group| group.hierarchy == 0)?;
        group_limit(Path::new("/sys/fs/cgroup"), &own.pathname)
    });
    machine.into_iter().chain(group).min()
}

/// The smallest `memory.max` (control groups v2) from the group up to the root: a parent's limit binds its children.
fn group_limit(root: &Path, group: &str) -> Option<u64> {
    let own = root.join(group.trim_start_matches('/'));
    own.ancestors()
        .take_while(|folder| folder.starts_with(root))
        .filter_map(|folder| fs::read_to_string(folder.join("memory.max")).ok())
        // A group without a limit says "max".
        .filter_map(|text| text.trim().parse().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_read() {
        let reading = read();
        assert!(reading.cpu.is_some());
        let limit = memory_limit_bytes().unwrap();
        assert!((1..limit).contains(&reading.resident_bytes.unwrap()));
    }

    #[test]
    fn the_tightest_limit_up_the_tree_counts() {
        let root = std::env::temp_dir().join(format!("sample-cgroup-{}", std::process::id()));
        let group = root.join("fleet/one");
        fs::create_dir_all(&group).unwrap();
        fs::write(root.join("fleet/memory.max"), "1000\n").unwrap();
        fs::write(group.join("memory.max"), "max\n").unwrap();
        let found = [group_limit(&root, "/fleet/one"), group_limit(&root, "/other")];
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [Some(1000), None]);
    }
}
