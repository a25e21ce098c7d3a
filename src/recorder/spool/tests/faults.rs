//! T33: disks that are full, folders that cannot be used.

// Skipped cases say so, and children tell their parents.
#![allow(clippy::print_stdout)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use super::*;
use crate::error::{Error, ErrorKind};

fn refused(path: &Path) -> Error {
    let opened = SpoolFile::open(&Spool::at(path), SyncMode::Normal);
    let error = opened.expect_err("it is refused");
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(!format!("{error} {error:?}").contains(name), "{error}");
    error
}

#[test]
fn t33_folder_that_is_a_file_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("occupied");
    fs::write(&path, "a file").unwrap();
    for path in [path.clone(), path.join("below-it")] {
        let error = refused(&path);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("a file in the place"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    open(&path);
}

#[test]
fn settings_out_of_range_are_refused() {
    let spool = |edit: fn(Spool) -> Spool| edit(Spool::at("/nowhere"));
    for (settings, name) in [
        (Spool::at(""), "folder"),
        (spool(|it| it.max_bytes(1000)), "max_bytes"),
        (spool(|it| it.max_bytes(u64::MAX)), "max_bytes"),
        (spool(|it| it.drain_at_most(0)), "drain_at_most"),
    ] {
        let error = SpoolFile::open(&settings, SyncMode::Normal).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn t33_full_file_refuses_and_goes_on_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&[large(0, 1000), large(1, 1000)]).unwrap();
    let limit = |spool: &SpoolFile, pages: u32| {
        file::pragma(spool.db.as_ref().unwrap(), "max_page_count", pages).unwrap();
    };
    limit(&spool, 1);
    let before = spool.counts().entries;
    let error = loop {
        let first = spool.counts().entries as u32;
        match spool.append(&[large(first, 3000)]) {
            Ok(appended) => assert_eq!(appended.accepted, 1),
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    assert!(error.to_string().contains("full"), "{error}");
    // What is there goes out, which makes room.
    let all = drain(&mut spool, 1);
    assert!(all.len() as u64 >= before);
    spool.flush().unwrap();
    assert_eq!(spool.append(&[large(50, 3000)]).unwrap().accepted, 1);
    limit(&spool, 1 << 30);
    let many: Vec<_> = (100..200).map(|it| large(it, 3000)).collect();
    assert_eq!(spool.append(&many).unwrap().accepted, 100);
    assert_eq!(drain(&mut spool, 10).len(), 101);
}

const FOLDER: &str = "API_LOG_SPOOL_FAULT_FOLDER";

/// Not a test of its own: fills a spool until it cannot, empties it, and fills it again.
#[test]
#[ignore = "is run by the others"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let opened = SpoolFile::open(&Spool::at(folder).max_bytes(64 << 20), SyncMode::Full);
    let (mut spool, recovered) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            println!("\nrefused: {:?} {error}\n", error.kind());
            return;
        }
    };
    spool.flush().unwrap();
    println!("\nfound {}", recovered.entries);
    for round in 0..3 {
        let mut accepted = 0;
        let error = loop {
            let number = round * 100_000 + accepted;
            match spool.append(&[large(number, 3000)]) {
                Ok(_) => accepted += 1,
                Err(error) => break error,
            }
            assert!(accepted < 10_000);
        };
        println!(
            "\n{accepted} then {:?} {} {error}",
            error.kind(),
            error.is_retryable()
        );
        let all = drain(&mut spool, 200);
        assert_eq!(
            all.len() as u64,
            u64::from(accepted) + if round == 0 { recovered.entries } else { 0 }
        );
        spool.flush().unwrap();
        assert_eq!(spool.counts().damaged, 0);
    }
    spool.append(&entries(0..7)).unwrap();
    println!("\ndone");
}

fn run(command: &mut Command, folder: &Path) -> Output {
    command.env(FOLDER, folder).output().unwrap()
}

const CHILD: [&str; 4] = [
    "recorder::spool::tests::faults::child",
    "--exact",
    "--ignored",
    "--nocapture",
];

#[track_caller]
fn is_survived(output: &Output, expected: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(text.matches(expected).count(), 3, "{text}");
    assert!(text.contains("\ndone"), "{text}");
}

#[test]
fn t33_limit_on_the_size_of_files_is_survived_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    // In blocks of 512 bytes, or of 1024; the signal that comes with it would end any process.
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 9000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(CHILD);
    let output = run(&mut command, folder.path());
    is_survived(
        &output,
        "Unavailable true unavailable: the spool's disk does not",
    );
    assert_eq!(opened(folder.path()).1.entries, 7);
}

#[test]
fn t33_full_disk_is_survived_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=9m", "none"])
        .arg(folder.path())
        .output();
    if !mounted.is_ok_and(|it| it.status.success()) {
        println!("skipped: a file system of a small size can be mounted by root alone");
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = run(command.args(CHILD), &folder.path().join("spool"));
    let found = std::panic::catch_unwind(|| opened(&folder.path().join("spool")).1.entries);
    // A disk on which not even the folder can be made.
    let filled = fs::write(folder.path().join("filler"), vec![1; 10 << 20]);
    let error = SpoolFile::open(&Spool::at(folder.path().join("other")), SyncMode::Normal).err();
    assert!(
        Command::new("umount")
            .arg(folder.path())
            .status()
            .unwrap()
            .success()
    );
    is_survived(
        &output,
        "Unavailable true unavailable: the disk of the spool's folder is full",
    );
    assert_eq!(found.unwrap(), 7);
    assert!(filled.is_err());
    let error = error.unwrap();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true),
        "{error}"
    );
}

#[test]
fn t33_folder_that_may_not_be_written_is_refused_in_words_and_works_when_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    open(&path).append(&entries(0..7)).unwrap();
    let exe = folder.path().join("exe");
    if fs::hard_link(std::env::current_exe().unwrap(), &exe).is_err() {
        fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let run_as_nobody = |id: u32| {
        let mut command = Command::new(&exe);
        command.args(CHILD).uid(id).gid(id).env(FOLDER, &path);
        command.output()
    };
    let Ok(output) = run_as_nobody(65534) else {
        println!("skipped: only root may run a process as another user");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("refused: Configuration"), "{text}");
    assert!(text.contains("permission to write"), "{text}");
    assert_eq!(opened(&path).1.entries, 7);
}
