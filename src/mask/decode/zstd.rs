use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::meter::Meter;

/// The largest window that a sender may ask for (RFC 9659).
const MAX_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// An empty last block, and room for a checksum: makes the decoder give out the window of a frame whose rest is missing.
const EMPTY_LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

const ONE_BLOCK: BlockDecodingStrategy = BlockDecodingStrategy::UptoBlocks(1);

/// Decodes `zstd`: frames, and among them skippable ones, without dictionaries.
///
/// The decoder holds back a whole window until the frame's end, so the ratio is looked at here, block by block.
pub(super) struct Zstd<'m, R> {
    source: R,
    meter: &'m Meter<'m>,
    decoder: FrameDecoder,
    /// `None` between frames.
    frame: Option<Frame>,
    /// The bytes of frames before.
    yielded: u64,
}

struct Frame {
    window: u64,
    given: u64,
    rest_is_missing: bool,
}

impl<'m, R: BufRead> Zstd<'m, R> {
    pub(super) fn new(source: R, meter: &'m Meter<'m>) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW_BYTES);
        Self {
            source,
            meter,
            decoder,
            frame: None,
            yielded: 0,
        }
    }

    /// Begins the next frame, or skips it.
    fn begin(&mut self) -> io::Result<()> {
        use FrameDecoderError::ReadFrameHeaderError as Header;
        let mut head = Noted::new(&mut self.source);
        match self.decoder.init(&mut head) {
            Ok(()) => {
                let window = head.window().unwrap_or_else(|| self.decoder.content_size());
                self.frame = Some(Frame {
                    window,
                    given: 0,
                    rest_is_missing: false,
                });
                Ok(())
            }
            Err(Header(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let mut skipped = self.source.by_ref().take(u64::from(length));
                match io::copy(&mut skipped, &mut io::sink())? < u64::from(length) {
                    true => Err(io::ErrorKind::UnexpectedEof.into()),
                    false => Ok(()),
                }
            }
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

impl Frame {
    /// Decodes one block; where there is none because the rest is missing, ends the frame.
    fn advance(
        &mut self,
        decoder: &mut FrameDecoder,
        source: impl Read,
        meter: &Meter<'_>,
    ) -> Result<(), FrameDecoderError> {
        match decoder.decode_blocks(source, ONE_BLOCK) {
            Err(_) if meter.rest_is_missing() => {
                self.rest_is_missing = true;
                decoder.decode_blocks(&EMPTY_LAST_BLOCK[..], ONE_BLOCK)?;
            }
            decoded => drop(decoded?),
        }
        Ok(())
    }

    /// Returns the bytes that have been decoded, as far as the decoder tells.
    fn decoded(&self, decoder: &FrameDecoder) -> u64 {
        let held = match decoder.can_collect() as u64 {
            ready if ready > 0 && !decoder.is_finished() => ready + self.window,
            ready => ready,
        };
        self.given + held
    }

    /// Tells whether a frame that has ended is what it says of itself.
    fn is_sound(&self, decoder: &FrameDecoder) -> bool {
        let told = decoder.get_checksum_from_data();
        let size = decoder.content_size();
        (told.is_none() || told == decoder.get_calculated_checksum())
            && (size == 0 || size == self.given)
    }
}

impl<R: BufRead> Read for Zstd<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(frame) = &mut self.frame else {
                if self.source.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.begin()?;
                continue;
            };
            let decoder = &mut self.decoder;
            if decoder.can_collect() > 0 {
                let given = decoder.read(out)?;
                frame.given += given as u64;
                return Ok(given);
            }
            if !decoder.is_finished() {
                let advanced = frame.advance(decoder, &mut self.source, self.meter);
                advanced.map_err(io::Error::other)?;
                self.meter.yielded(self.yielded + frame.decoded(decoder))?;
                continue;
            }
            if frame.rest_is_missing {
                return Ok(0);
            }
            if !frame.is_sound(decoder) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.yielded += frame.given;
            self.frame = None;
        }
    }
}

/// Reads on, and keeps the first bytes that were read.
struct Noted<R> {
    source: R,
    first: [u8; 6],
    count: usize,
}

impl<R> Noted<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            first: [0; 6],
            count: 0,
        }
    }

    /// Returns the window of a frame's header (RFC 8878 section 3.1.1.1.2), unless the frame is one segment: then it is its content's size.
    fn window(&self) -> Option<u64> {
        let [.., descriptor, window] = self.first;
        let is_one_segment = descriptor & 0x20 != 0;
        let base = 1_u64 << (10 + u64::from(window >> 3));
        (!is_one_segment).then_some(base + base / 8 * u64::from(window & 7))
    }
}

impl<R: Read> Read for Noted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        for &byte in &out[..read] {
            if let Some(slot) = self.first.get_mut(self.count) {
                *slot = byte;
                self.count += 1;
            }
        }
        Ok(read)
    }
}
