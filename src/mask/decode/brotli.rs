use std::io::{self, BufRead, Read};

use brotli_decompressor::{
    BrotliDecoderHasMoreOutput, BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc,
};

/// Decodes `br`, without the large windows that RFC 7932 does not know.
pub(super) struct Brotli<R> {
    source: R,
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    has_ended: bool,
}

impl<R: BufRead> Brotli<R> {
    pub(super) fn new(source: R) -> Self {
        let alloc = StandardAlloc::default;
        Self {
            source,
            state: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())),
            has_ended: false,
        }
    }
}

impl<R: BufRead> Read for Brotli<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            // Before it gives out what it has, it would take more.
            let input = match BrotliDecoderHasMoreOutput(&self.state) {
                true => &[],
                false => self.source.fill_buf()?,
            };
            match (self.has_ended, input.is_empty()) {
                (true, true) => return Ok(0),
                (true, false) => return Err(io::ErrorKind::InvalidData.into()),
                (false, _) => {}
            }
            let (mut unread, mut read) = (input.len(), 0);
            let (mut room, mut written, mut total) = (out.len(), 0, 0);
            let result = BrotliDecompressStream(
                &mut unread,
                &mut read,
                input,
                &mut room,
                &mut written,
                out,
                &mut total,
                &mut self.state,
            );
            self.source.consume(read);
            match result {
                BrotliResult::ResultSuccess => self.has_ended = true,
                BrotliResult::ResultFailure => return Err(io::ErrorKind::InvalidData.into()),
                _ if read == 0 && written == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }
}
