use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use http::{HeaderMap, HeaderValue};

use super::*;
use crate::capture::Codings;
use crate::clock::Timestamp;

mod encode;

use encode::{WAYS, brotli, gzip, zlib, zstd};

const LIMIT: usize = 64 * 1024;

fn kept(codings: &'static str, bytes: &[u8], cut: Option<CutReason>, limit: usize) -> Coded {
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", HeaderValue::from_static(codings));
    Coded {
        bytes: bytes.to_vec(),
        cut,
        codings: Codings::of(&headers).unwrap(),
        limit,
    }
}

fn whole(codings: &'static str, bytes: &[u8]) -> Result<Decoded, WithheldReason> {
    decode(&kept(codings, bytes, None, LIMIT))
}

fn unfinished(codings: &'static str, bytes: &[u8]) -> Result<Decoded, WithheldReason> {
    decode(&kept(codings, bytes, Some(CutReason::Unfinished), LIMIT))
}

fn all(bytes: &[u8]) -> Result<Decoded, WithheldReason> {
    let bytes = bytes.to_vec();
    Ok(Decoded { bytes, cut: None })
}

/// Some JSON that neither compresses to nothing nor not at all.
fn document(rows: u32) -> Vec<u8> {
    let row = |number: u32| {
        let odd = number.wrapping_mul(2_654_435_761);
        format!(r#"{{"id":"{odd:08x}","name":"Jane {}"}}"#, odd % 97)
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!("[{}]", rows.join(",")).into_bytes()
}

#[test]
fn t10_every_coding_is_undone_to_the_same_bytes() {
    for (name, code) in WAYS {
        for rows in [0, 1, 300] {
            let document = document(rows);
            assert_eq!(whole(name, &code(&document)), all(&document), "{name}");
        }
        assert_eq!(whole(name, &code(b"")), all(b""), "{name} of nothing");
    }
    assert_eq!(whole("X-GZIP", &gzip(b"{}")), all(b"{}"));
    assert_eq!(whole("identity", b"{}"), all(b"{}"));
}

#[test]
fn t10_codings_in_a_row_are_undone_from_the_last_to_the_first() {
    let document = document(100);
    for (first, code_first) in WAYS {
        for (second, code_second) in WAYS {
            let names: &'static str = format!("{first}, {second}").leak();
            let coded = code_second(&code_first(&document));
            assert_eq!(whole(names, &coded), all(&document), "{names}");
        }
    }
    let thrice = brotli(&zstd(&gzip(&document)));
    assert_eq!(whole("gzip, identity, zstd, br", &thrice), all(&document));
    assert_eq!(
        whole("zstd, gzip, br", &thrice),
        Err(WithheldReason::Malformed)
    );
}

#[test]
fn t10_body_that_is_cut_at_any_byte_is_malformed_where_it_should_be_whole_and_else_a_prefix() {
    let document = document(40);
    let mut nested = WAYS.map(|(name, code)| (name, code(&document))).to_vec();
    nested.push(("gzip, br", brotli(&gzip(&document))));
    nested.push(("br, gzip", gzip(&brotli(&document))));
    nested.push(("zstd, deflate", zlib(&zstd(&document))));
    for (names, coded) in nested {
        let mut longest = 0;
        for end in 0..coded.len() {
            let part = &coded[..end];
            if end > 0 {
                let reason = whole(names, part);
                assert_eq!(reason, Err(WithheldReason::Malformed), "{names} {end}");
            }
            let prefix = unfinished(names, part).unwrap();
            assert_eq!(prefix.cut, Some(CutReason::Unfinished));
            assert!(document.starts_with(&prefix.bytes), "{names} {end}");
            longest = longest.max(prefix.bytes.len());
        }
        assert!(longest > document.len() / 2, "{names} gives {longest}");
    }
}

#[test]
fn cut_zstd_frame_gives_the_blocks_that_are_there() {
    let document = document(12_000);
    let coded = zstd(&document);
    let part = &coded[..coded.len() / 2];
    let cut = decode(&kept("zstd", part, Some(CutReason::Limit), 1 << 20)).unwrap();
    assert!(cut.bytes.len() >= 128 * 1024, "{}", cut.bytes.len());
    assert!(document.starts_with(&cut.bytes));
}

#[test]
fn t10_broken_streams_are_malformed_whether_cut_or_not() {
    let document = document(40);
    for (name, code) in WAYS {
        let coded = code(&document);
        let with_garbage = [&coded[..], b"garbage after the end"].concat();
        let doubled = [&coded[..], &[0]].concat();
        for broken in [&with_garbage, &doubled, &b"{\"password\":1}".to_vec()] {
            let malformed = Err(WithheldReason::Malformed);
            assert_eq!(whole(name, broken), malformed, "{name} {broken:?}");
        }
        assert_eq!(
            unfinished(name, &with_garbage),
            Err(WithheldReason::Malformed),
            "{name}"
        );
    }
    for (name, code, tail) in [
        ("gzip", gzip as fn(&[u8]) -> Vec<u8>, 8),
        ("deflate", zlib, 4),
        ("zstd", zstd, 4),
    ] {
        let mut coded = code(&document);
        let at = coded.len() - tail;
        coded[at] ^= 1;
        assert_eq!(
            whole(name, &coded),
            Err(WithheldReason::Malformed),
            "checksum of {name}"
        );
    }
}

#[test]
fn no_byte_that_is_changed_makes_a_decoder_panic_or_give_more_than_the_limit() {
    let document = document(30);
    for (name, code) in WAYS {
        let coded = code(&document);
        for at in 0..coded.len() {
            for bit in [1, 0x10, 0x80] {
                let mut bytes = coded.clone();
                bytes[at] ^= bit;
                for cut in [None, Some(CutReason::Unfinished)] {
                    if let Ok(decoded) = decode(&kept(name, &bytes, cut, 1000)) {
                        assert!(decoded.bytes.len() <= 1000, "{name} {at}");
                    }
                }
            }
        }
    }
}

#[test]
fn members_and_frames_in_a_row_are_one_body() {
    let (first, second) = (document(3), document(5));
    let both = [&first[..], &second].concat();
    let members = [gzip(&first), gzip(b""), gzip(&second)].concat();
    assert_eq!(whole("gzip", &members), all(&both));
    let skippable = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'a', b'b', b'c'];
    let frames = [&zstd(&first)[..], &skippable, &zstd(&second)].concat();
    assert_eq!(whole("zstd", &frames), all(&both));
    let cut = unfinished("zstd", &frames[..frames.len() - 1]).unwrap();
    assert!(both.starts_with(&cut.bytes) && cut.bytes.len() >= first.len());
    let endless_skip = [0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(whole("zstd", &endless_skip), Err(WithheldReason::Malformed));
}

#[test]
fn body_past_the_limit_is_cut_there() {
    let document = document(3_000);
    for (name, code) in WAYS {
        let coded = code(&document);
        for limit in [1, 1000, 64 * 1024, 100_000] {
            let decoded = decode(&kept(name, &coded, None, limit)).unwrap();
            assert_eq!(decoded.bytes, document[..limit], "{name}");
            assert_eq!(decoded.cut, Some(CutReason::Limit), "{name}");
        }
        let exact = decode(&kept(name, &coded, None, document.len())).unwrap();
        assert_eq!(exact.bytes.capacity(), document.len(), "{name}");
        assert_eq!((exact.bytes.len(), exact.cut), (document.len(), None));
    }
}

/// Makes a gigabyte of zeros, of brotli sixteen megabytes, and keeps what capture would.
fn bomb(kind: &str) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut bytes = match kind {
        "br" => {
            // Of the lowest quality: it takes a while to begin.
            let mut encoder = ::brotli::CompressorWriter::new(Vec::new(), 1 << 16, 1, 24);
            (0..16).for_each(|_| encoder.write_all(&zeros).unwrap());
            encoder.into_inner()
        }
        "zstd" => {
            // Blocks of one byte that is repeated 128 KiB times.
            let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3];
            let block = ((128_u32 << 10 << 3) | (1 << 1)).to_le_bytes();
            let block = [block[0], block[1], block[2], 0];
            [&frame[..], &block.repeat(8192), &[1, 0, 0]].concat()
        }
        _ => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&zeros).unwrap();
            encoder.flush().unwrap();
            let megabytes = encoder.get_ref().repeat(1024);
            let head: &[u8] = match kind {
                "gzip" => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
                "zlib" => &[0x78, 0x9c],
                _ => &[],
            };
            [head, &megabytes].concat()
        }
    };
    bytes.truncate(LIMIT);
    bytes
}

#[test]
fn t24_bomb_of_every_coding_is_withheld_as_one() {
    for (kind, name) in [
        ("gzip", "gzip"),
        ("zlib", "deflate"),
        ("raw", "deflate"),
        ("br", "br"),
        ("zstd", "zstd"),
    ] {
        let bytes = bomb(kind);
        for cut in [None, Some(CutReason::Limit)] {
            for limit in [100, LIMIT, 1 << 24] {
                let decoded = decode(&kept(name, &bytes, cut, limit));
                assert_eq!(decoded, Err(WithheldReason::Expands), "{kind} {limit}");
            }
        }
    }
}

#[test]
fn t24_bomb_inside_another_coding_is_withheld_as_one() {
    for (kind, inner) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd")] {
        let bomb = bomb(kind);
        for (name, code) in WAYS {
            let names: &'static str = format!("{inner}, {name}").leak();
            let coded = code(&bomb);
            assert_eq!(
                unfinished(names, &coded),
                Err(WithheldReason::Expands),
                "{names}"
            );
        }
    }
    // The outer coding alone swells what the inner one would make small again.
    let swollen = gzip(&gzip(&vec![0; 4 << 20]));
    assert_eq!(whole("gzip, gzip", &swollen), Err(WithheldReason::Expands));
}

#[test]
fn t24_only_as_many_codings_are_undone_as_the_header_says() {
    let document = document(600);
    let coded = gzip(&gzip(&gzip(&document)));
    let same = whole("gzip, gzip", &coded).unwrap();
    assert_eq!(same.bytes, gzip(&document));
}

#[test]
fn t24_frame_that_asks_for_a_large_window_is_refused() {
    let frame = |exponent: u8| {
        let head = [0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3];
        [&head[..], &[3 << 3 | 1, 0, 0], b"{ }"].concat()
    };
    assert_eq!(whole("zstd", &frame(13)), all(b"{ }"), "8 MiB");
    for exponent in [14, 20, 31] {
        let decoded = whole("zstd", &frame(exponent));
        assert_eq!(decoded, Err(WithheldReason::Malformed), "{exponent}");
    }
    let one_segment = [
        0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0,
    ];
    assert_eq!(whole("zstd", &one_segment), Err(WithheldReason::Malformed));
}

#[test]
fn highly_repetitive_text_up_to_the_harmless_size_is_decoded() {
    let text = b"{\"password\":\"canary\"}\n".repeat(2_900);
    for (name, code) in WAYS {
        assert_eq!(whole(name, &code(&text)), all(&text), "{name}");
    }
}

/// A clock that moves on by itself, the more the more often it is looked at.
struct Running(Mutex<Duration>, Duration);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn monotonic(&self) -> Duration {
        let mut now = self.0.lock().unwrap();
        *now += self.1;
        *now
    }
}

#[test]
fn t24_what_takes_too_long_is_cut_where_it_has_come_to() {
    let document = document(4_000);
    let late = |step| Running(Mutex::default(), step);
    for (name, code) in WAYS {
        let coded = kept(name, &code(&document), None, 1 << 20);
        let quick = decode_by(&coded, &late(Duration::from_micros(10))).unwrap();
        assert_eq!((quick.bytes.len(), quick.cut), (document.len(), None));
        let slow = decode_by(&coded, &late(Duration::from_millis(6))).unwrap();
        assert_eq!(slow.cut, Some(CutReason::Limit), "{name}");
        assert!(slow.bytes.len() < document.len(), "{name}");
        assert!(document.starts_with(&slow.bytes), "{name}");
    }
}

#[test]
fn t24_empty_members_without_end_stop_with_the_time() {
    let members = gzip(b"").repeat(50_000);
    let coded = kept("gzip", &members, None, 1 << 24);
    let clock = Running(Mutex::default(), Duration::from_millis(1));
    let decoded = decode_by(&coded, &clock).unwrap();
    assert_eq!(
        (decoded.bytes.len(), decoded.cut),
        (0, Some(CutReason::Limit))
    );
}
