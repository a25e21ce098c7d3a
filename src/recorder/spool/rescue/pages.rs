//! The pages of a file that SQLite may not be able to read.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::log::Log;
use crate::recorder::spool::fault::Fault;
use crate::recorder::spool::file::PAGE_BYTES;

pub(super) const PAGE: usize = PAGE_BYTES as usize;

/// A file with its log.
pub(super) struct Pages {
    file: Option<File>,
    log_file: Option<File>,
    pub(super) log: Log,
    /// How many pages there may be.
    pub(super) count: u32,
    /// Pages whose content is of the past.
    free: HashSet<u32>,
}

impl Pages {
    pub(super) fn open(file: &Path, log: &Path) -> Result<Self, Fault> {
        let found = Log::read(log)?;
        let file = File::open(file).ok();
        let length = match &file {
            Some(file) => file.metadata()?.len(),
            None => 0,
        };
        let in_file = u32::try_from(length.div_ceil(u64::from(PAGE_BYTES))).unwrap_or(u32::MAX);
        let in_log = found.pages.keys().max().copied().unwrap_or(0);
        let mut pages = Self {
            file,
            log_file: File::open(log).ok(),
            count: found.file_pages.unwrap_or_else(|| in_file.max(in_log)),
            log: found,
            free: HashSet::new(),
        };
        pages.free = pages.find_free().unwrap_or_default();
        Ok(pages)
    }

    /// Reads the newest content of a page; what the file does not have, or the disk does not read, is zero.
    pub(super) fn read(&mut self, number: u32, page: &mut [u8; PAGE]) {
        page.fill(0);
        if let Some(at) = self.log.pages.get(&number) {
            read_at(self.log_file.as_mut(), *at, page);
        } else if let Some(before) = number.checked_sub(1) {
            let at = u64::from(before) * u64::from(PAGE_BYTES);
            read_at(self.file.as_mut(), at, page);
        }
    }

    /// Reads what stands in the log.
    pub(super) fn read_log(&mut self, at: u64, page: &mut [u8; PAGE]) {
        page.fill(0);
        read_at(self.log_file.as_mut(), at, page);
    }

    pub(super) fn is_free(&self, number: u32) -> bool {
        self.free.contains(&number)
    }

    /// Follows the list of free pages; `None` where it does not add up.
    fn find_free(&mut self) -> Option<HashSet<u32>> {
        let mut page = Box::new([0; PAGE]);
        self.read(1, &mut page);
        let (mut trunk, count) = (number(&*page, 32)?, number(&*page, 36)?);
        let mut free = HashSet::new();
        while trunk != 0 {
            if trunk > self.count || !free.insert(trunk) {
                return None;
            }
            self.read(trunk, &mut page);
            let leaves = number(&*page, 4)? as usize;
            for leaf in 0..leaves {
                let leaf = number(&*page, 8 + 4 * leaf)?;
                if leaf > self.count || !free.insert(leaf) {
                    return None;
                }
            }
            trunk = number(&*page, 0)?;
        }
        (free.len() == count as usize).then_some(free)
    }
}

/// Reads as much as there is.
fn read_at(file: Option<&mut File>, at: u64, page: &mut [u8]) {
    let Some(file) = file else { return };
    if file.seek(SeekFrom::Start(at)).is_err() {
        return;
    }
    let mut rest = page;
    while !rest.is_empty() {
        match file.read(rest) {
            Ok(0) | Err(_) => return,
            Ok(read) => rest = &mut rest[read..],
        }
    }
}

pub(super) fn number(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*page.get(at..)?.first_chunk()?))
}
