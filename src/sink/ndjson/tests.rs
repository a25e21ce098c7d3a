use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::testing::{Random, sample};

fn parse(text: &[u8]) -> Vec<LogEntry> {
    let text = std::str::from_utf8(text).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A writer that takes so many bytes and then fails, until it is given more.
#[derive(Clone, Default)]
struct Limited(Arc<Mutex<(Vec<u8>, usize)>>);

impl Limited {
    fn allow(&self, bytes: usize) {
        self.0.lock().unwrap().1 += bytes;
    }

    fn taken(&self) -> Vec<u8> {
        self.0.lock().unwrap().0.clone()
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (taken, allowed) = &mut *self.0.lock().unwrap();
        let now = bytes.len().min(*allowed);
        if now == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        *allowed -= now;
        taken.extend(&bytes[..now]);
        Ok(now)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn entries_are_lines_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.ndjson");
    let sink = Ndjson::open(&path).unwrap();
    let entries = sample::variants(1);
    for batch in entries.chunks(5) {
        sink.write(batch).await.unwrap();
    }
    sink.flush().await.unwrap();
    assert!(parse(&std::fs::read(&path).unwrap()) == entries);
}

#[tokio::test]
async fn hostile_text_stays_on_its_line_and_is_escaped() {
    let writer = Limited::default();
    writer.allow(usize::MAX);
    let sink = Ndjson::new(writer.clone());
    let texts = sample::HOSTILE
        .iter()
        .copied()
        .chain(["\u{7f}\u{9b}31m\u{2029}"]);
    let entries: Vec<_> = (1..)
        .zip(texts)
        .map(|(number, text)| sample::everywhere(number, text))
        .collect();
    sink.write(&entries).await.unwrap();
    let written = writer.taken();
    assert!(parse(&written) == entries);
    let text = std::str::from_utf8(&written).unwrap();
    let naked = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
    assert!(text.lines().all(|line| !line.contains(naked)));
}

#[tokio::test]
async fn batch_that_comes_again_leaves_one_copy_even_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.ndjson");
    let entries = Random::new(1).entries(1, 60);
    let sink = Ndjson::open(&path).unwrap();
    sink.write(&entries[..40]).await.unwrap();
    sink.write(&entries[..40]).await.unwrap();
    drop(sink);
    let sink = Ndjson::open(&path).unwrap();
    sink.write(&entries[20..]).await.unwrap();
    let twice = [entries[0].clone(), entries[0].clone()];
    sink.write(&twice).await.unwrap();
    assert!(parse(&std::fs::read(&path).unwrap()) == entries);
}

#[tokio::test]
async fn failed_write_to_a_writer_is_finished_by_the_next() {
    let entries = Random::new(2).entries(1, 20);
    for allowed in [0, 1, 100, 3000] {
        let writer = Limited::default();
        writer.allow(allowed);
        let sink = Ndjson::new(writer.clone());
        let error = sink.write(&entries[..10]).await.unwrap_err();
        assert!(error.is_retryable());
        assert!(sink.write(&entries[..10]).await.is_err());
        writer.allow(usize::MAX / 2);
        sink.write(&entries[..10]).await.unwrap();
        sink.write(&entries[10..]).await.unwrap();
        assert!(parse(&writer.taken()) == entries);
    }
}

#[tokio::test]
async fn line_that_was_cut_short_is_removed_when_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.ndjson");
    let entries = [sample::exchange(1), sample::exchange(2)];
    let sink = Ndjson::open(&path).unwrap();
    sink.write(&entries).await.unwrap();
    drop(sink);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let sink = Ndjson::open(&path).unwrap();
        sink.write(&entries).await.unwrap();
        assert!(parse(&std::fs::read(&path).unwrap()) == entries, "{cut}");
    }
}

#[tokio::test]
async fn file_of_somebody_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for text in [
        "notes",
        "notes\n",
        "{\"id\":\"x\"}\n",
        "{\"a\":1}\n{\"id\":\"",
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Ndjson::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_is_a_retryable_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let sink = Ndjson::new(full.unwrap());
    let error = sink.write(&[sample::plain(1)]).await.unwrap_err();
    assert!(error.is_retryable());
}

#[test]
fn memory_of_ids_is_bounded() {
    let mut recent = Recent::default();
    recent.extend((0..Ndjson::REMEMBERED_IDS as u32 + 100).map(sample::id));
    assert_eq!(recent.ids.len(), Ndjson::REMEMBERED_IDS);
    assert_eq!(recent.order.len(), Ndjson::REMEMBERED_IDS);
    assert!(!recent.ids.contains(&sample::id(99)));
}
