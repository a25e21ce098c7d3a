use std::io::{self, BufRead, Chain, Cursor, Read};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};

/// Decodes `deflate`: the zlib format, and raw deflate as some old servers send it (RFC 9110 section 8.4.1.2).
pub(super) struct Deflate<R>(State<R>);

type Replayed<R> = Chain<Cursor<Vec<u8>>, R>;

enum State<R> {
    /// Nothing has been read.
    New(Option<R>),
    Zlib(ZlibDecoder<Replayed<R>>),
    Raw(DeflateDecoder<Replayed<R>>),
}

impl<R: BufRead> Deflate<R> {
    pub(super) fn new(source: R) -> Self {
        Self(State::New(Some(source)))
    }
}

/// Tells whether a stream begins as zlib does (RFC 1950 section 2.2). No raw deflate stream does, unless its padding is not zero.
fn is_zlib(head: &[u8]) -> bool {
    let &[method, flags] = head else {
        return true;
    };
    method & 0xf == 8 && method >> 4 <= 7 && u16::from_be_bytes([method, flags]) % 31 == 0
}

impl<R: BufRead> Read for Deflate<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let State::New(source) = &mut self.0 {
            let Some(mut source) = source.take() else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            let mut head = Vec::with_capacity(2);
            source.by_ref().take(2).read_to_end(&mut head)?;
            let is_zlib = is_zlib(&head);
            let replayed = Cursor::new(head).chain(source);
            self.0 = match is_zlib {
                true => State::Zlib(ZlibDecoder::new(replayed)),
                false => State::Raw(DeflateDecoder::new(replayed)),
            };
        }
        let (read, rest) = match &mut self.0 {
            State::New(_) => return Err(io::ErrorKind::InvalidData.into()),
            State::Zlib(decoder) => (decoder.read(out)?, decoder.get_mut()),
            State::Raw(decoder) => (decoder.read(out)?, decoder.get_mut()),
        };
        match read {
            0 if !out.is_empty() && !rest.fill_buf()?.is_empty() => {
                Err(io::ErrorKind::InvalidData.into())
            }
            read => Ok(read),
        }
    }
}
