use super::*;
use crate::entry::CutReason;

/// What the parsers of this folder look for, and what lies between.
const PIECES: &str = "a|password|token|code|state|value|name|=|&|;|:|://|@|/|\\|?|#|%|%4|%40|%253D|+| |\t|\n|\r\n|\"|'|`|{|}|[|]|,|<|>|--b|\
    \r\n--b\r\n|--b--|Content-Disposition: form-data; name=\"a\"|; filename*=utf-8''x|\\u0041|\\ud83d|\\\"|\u{feff}|é|😀|\0|\u{200b}|\
    eyJhIjoxfQ|eyJhbGciOiJub25lIn0.e30.|Bearer |Negotiate |http:|https:|1|-|.5e3|true|null|4111111111111111|\
    61bd73de-ce28-4a1b-8c3d-0123456789ab|{\"name\":\"pin\",\"value\":|{\"value\":1,\"name\":\"pin\"}|[[\"token\",|{token}|*|sid|<a>|</a>|<pin>|<a b='|/>|<!--|-->|<![CDATA[|]]>|&amp;|&#|<?a|<!DOCTYPE|data: |event: |id|\u{1e}|query|mutation{|a(pin:|\"\"\"|...|$a|\n\n|\r\r|,a,b|%u0041|\0\0|\u{feff}<";
const TYPES: [&str; 13] = [
    "application/json",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
    "application/xml",
    "text/event-stream",
    "application/graphql",
    "text/csv",
    "application/json-seq",
    "multipart/mixed; boundary=b",
    "application/json; charset=utf-16",
    "",
];
const FIELDS: [&str; 11] = [
    ":path",
    ":route",
    ":authority",
    "authorization",
    "cookie",
    "set-cookie",
    "x-any",
    "www-authenticate",
    "sec-websocket-protocol",
    "x-api-key",
    "permissions-policy",
];

/// Xorshift, so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn bytes(&mut self, pieces: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.below(24) {
            match self.below(12) {
                0 => bytes.push(u8::try_from(self.below(256)).unwrap()),
                _ => bytes.extend_from_slice(pieces[self.below(pieces.len())].as_bytes()),
            }
        }
        bytes
    }

    fn body(&mut self, pieces: &[&str]) -> CapturedBody {
        let bytes = self.bytes(pieces);
        CapturedBody {
            bytes_seen: bytes.len() as u64,
            kept: match self.below(3) {
                0 => Kept::All(bytes),
                _ => Kept::Prefix(bytes, CutReason::Limit),
            },
        }
    }
}

#[test]
fn no_bytes_in_any_place_make_the_masker_panic() {
    let pieces: Vec<_> = PIECES.split('|').collect();
    let mut random = Random(0x5eed);
    let mut masker = Masker::new(&Rules::default()).unwrap();
    for _ in 0..1500 {
        let mut captured = Sample::new().captured();
        let mut fields = Fields::default();
        fields.push(
            "content-type",
            TYPES[random.below(TYPES.len())].as_bytes(),
            false,
        );
        for _ in 0..4 {
            let name = FIELDS[random.below(FIELDS.len())];
            fields.push(name, &random.bytes(&pieces), false);
        }
        captured.request = fields;
        captured.request_body = random.body(&pieces);
        captured.response_body = random.body(&pieces);
        let entry = masker.exchange(captured).entry;
        assert!(serde_json::to_string(&entry).is_ok());
    }
}
