//! A disk that is small enough to be filled.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk of its own.
pub(crate) struct Disk {
    /// Dropped last.
    folder: tempfile::TempDir,
}

impl Disk {
    /// Makes one, where this user may.
    pub(crate) fn new(mib: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]);
        let output = mount.arg(folder.path()).output().ok()?;
        if output.status.success() {
            return Some(Self { folder });
        }
        println!("no small disk: {}", String::from_utf8_lossy(&output.stderr));
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    pub(crate) fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    pub(crate) fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        mount
            .args(["-o", &format!("remount,{how}")])
            .arg(self.path());
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whatever still has a file open there keeps it until it closes.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
