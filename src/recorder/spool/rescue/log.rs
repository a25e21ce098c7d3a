//! SQLite's write-ahead log, as <https://www.sqlite.org/fileformat2.html#walformat> has it, read past damage.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use crate::recorder::spool::fault::Fault;
use crate::recorder::spool::file::PAGE_BYTES;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const PAGE: usize = PAGE_BYTES as usize;

/// What a log holds.
#[derive(Default)]
pub(super) struct Log {
    /// Where the newest sound content of each page stands that was committed.
    pub(super) pages: HashMap<u32, u64>,
    /// Where the contents of frames stand that are damaged and have sound ones behind them, and the page that each names.
    pub(super) damaged: Vec<(u32, u64)>,
    /// How many pages the file has by the last commit.
    pub(super) file_pages: Option<u32>,
    /// Whether SQLite would stop before the last commit. It takes everything behind a damaged frame for the torn end of the log.
    pub(super) is_broken: bool,
}

type Sum = [u32; 2];

impl Log {
    /// Reads a log, if there is one.
    pub(super) fn read(path: &Path) -> Result<Self, Fault> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => return Err(cause.into()),
        };
        let mut reader = BufReader::with_capacity(1 << 17, file);
        let mut header = [0; HEADER];
        if !fill(&mut reader, &mut header)? {
            return Ok(Self::default());
        }
        let is_sound = is_header(&header);
        let mut walk = Walk {
            big_endian: is_sound.unwrap_or(false),
            salts: is_sound.is_some().then(|| two(&header[16..24])),
            before: two(&header[24..32]),
            log: Self::default(),
            since_commit: Vec::new(),
            damaged: Vec::new(),
        };
        let mut frame = vec![0; FRAME_HEADER + PAGE];
        let mut at = HEADER as u64;
        while fill(&mut reader, &mut frame)? {
            walk.take(&frame, at + FRAME_HEADER as u64);
            at += frame.len() as u64;
        }
        let mut log = walk.log;
        let has_commit = log.file_pages.is_some();
        log.is_broken = has_commit && (is_sound.is_none() || !log.damaged.is_empty());
        Ok(log)
    }
}

struct Walk {
    big_endian: bool,
    /// Unknown where the header is damaged: those of the first frame that is sound.
    salts: Option<Sum>,
    /// The checksum that stands in the frame before.
    before: Sum,
    log: Log,
    /// Sound frames that no commit has followed yet, and damaged ones that nothing sound has.
    since_commit: Vec<(u32, u64)>,
    damaged: Vec<(u32, u64)>,
}

impl Walk {
    fn take(&mut self, frame: &[u8], content: u64) {
        let (header, page) = frame.split_at(FRAME_HEADER);
        let [number, file_pages] = two(&header[..8]);
        let (salts, told) = (two(&header[8..16]), two(&header[16..24]));
        let found = sum(
            sum(self.before, &header[..8], self.big_endian),
            page,
            self.big_endian,
        );
        self.before = told;
        let is_ours = self.salts.is_none_or(|it| it == salts) && number > 0;
        if !(is_ours && found == told) {
            self.damaged.push((number, content));
            return;
        }
        self.salts = Some(salts);
        self.since_commit.push((number, content));
        if file_pages > 0 {
            self.log.file_pages = Some(file_pages);
            self.log.pages.extend(self.since_commit.drain(..));
            self.log.damaged.append(&mut self.damaged);
        }
    }
}

/// Tells the order of bytes of the checksums, if the header is sound.
fn is_header(header: &[u8; HEADER]) -> Option<bool> {
    let [magic, version] = two(&header[..8]);
    let [page_bytes, _] = two(&header[8..16]);
    let big_endian = match magic {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return None,
    };
    let is_sound = version == 3_007_000
        && page_bytes == PAGE_BYTES
        && sum([0; 2], &header[..24], big_endian) == two(&header[24..32]);
    is_sound.then_some(big_endian)
}

fn sum(before: Sum, bytes: &[u8], big_endian: bool) -> Sum {
    let word = |bytes: &[u8]| match *bytes {
        [a, b, c, d] if big_endian => u32::from_be_bytes([a, b, c, d]),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    };
    let [mut one, mut two] = before;
    for pair in bytes.chunks_exact(8) {
        one = one.wrapping_add(word(&pair[..4])).wrapping_add(two);
        two = two.wrapping_add(word(&pair[4..])).wrapping_add(one);
    }
    [one, two]
}

fn two(bytes: &[u8]) -> Sum {
    let number = |at: usize| {
        let word = bytes.get(at..at + 4).and_then(|it| it.first_chunk());
        word.map_or(0, |it| u32::from_be_bytes(*it))
    };
    [number(0), number(4)]
}

/// Fills the buffer; `false` where the file ends first.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<bool, Fault> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(cause) => Err(cause.into()),
    }
}
