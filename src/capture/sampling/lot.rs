use http::{HeaderMap, HeaderName};

use crate::capture::correlation::{TRACEPARENT, TraceParent, is_safe_request_id};
use crate::entry::EntryId;

const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The most members of a `tracestate` (W3C Trace Context, section 3.3.1.1).
const MAX_MEMBERS: usize = 32;

/// What of a request decides whether it is of the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lot {
    /// `None` where the request tells nothing.
    told: Option<u64>,
    is_trace_sampled: bool,
}

impl Lot {
    /// How many lots there are.
    pub(super) const COUNT: u64 = 1 << 56;

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let parent = sole(headers, &TRACEPARENT).and_then(TraceParent::read);
        let told = match &parent {
            Some(parent) => explicit(headers).or_else(|| last_bytes(parent.trace_id)),
            None => request_id(headers).map(|id| hashed(id.as_bytes())),
        };
        Self {
            told,
            is_trace_sampled: parent.is_some_and(|parent| parent.is_sampled),
        }
    }

    pub(super) fn bits(self, id: EntryId) -> u64 {
        self.told.unwrap_or_else(|| Self::own_bits(id))
    }

    pub(super) fn own_bits(id: EntryId) -> u64 {
        hashed(&id.to_ascii())
    }

    pub(super) fn is_trace_sampled(self) -> bool {
        self.is_trace_sampled
    }
}

/// Returns the only value of a field.
fn sole<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    std::str::from_utf8(value.as_bytes()).ok()
}

/// Returns the client's request id as [`client_request_id`](crate::capture::client_request_id) does of the fields.
fn request_id(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| std::str::from_utf8(headers.get(name)?.as_bytes()).ok();
    let id = text("x-request-id").or_else(|| text("request-id"))?;
    is_safe_request_id(id).then_some(id)
}

/// Reads `rv`, 14 digits of lower-case hexadecimal, of OpenTelemetry's member `ot`.
fn explicit(headers: &HeaderMap) -> Option<u64> {
    let states = headers.get_all(TRACESTATE).iter();
    let states = states.filter_map(|state| std::str::from_utf8(state.as_bytes()).ok());
    let mut members = states.flat_map(|state| state.split(',')).take(MAX_MEMBERS);
    let ours = members.find_map(|member| member.trim().strip_prefix("ot="))?;
    let digits = ours.split(';').find_map(|it| it.strip_prefix("rv:"))?;
    (digits.len() == 14).then(|| hex(digits)).flatten()
}

/// Reads the last seven bytes of a trace id.
fn last_bytes(trace_id: &str) -> Option<u64> {
    hex(trace_id.get(trace_id.len().checked_sub(14)?..)?)
}

fn hex(digits: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hex = digits.bytes().all(is_digit);
    is_hex
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

/// FNV-1a, whose upper bits hardly depend on the last bytes, mixed by MurmurHash3's `fmix64`; the upper 56 bits.
fn hashed(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, step);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (hash ^ (hash >> 33)) >> 8
}
