use std::io;

use serde::Serialize;

use crate::capture::Json;
use crate::contain::contain;

/// The most bytes that are kept of a value as JSON.
pub(super) const MAX_JSON_BYTES: usize = 64 * 1024;
/// The most bytes that are counted of a longer one, so that a huge value does not hold the request up.
const MAX_COUNTED_BYTES: u64 = 1024 * 1024;

/// Keeps what is written while it is short enough, and goes on counting for a while.
#[derive(Default)]
struct Bounded {
    kept: Vec<u8>,
    seen: u64,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.seen += bytes.len() as u64;
        if self.seen > MAX_COUNTED_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.seen <= MAX_JSON_BYTES as u64 {
            self.kept.extend_from_slice(bytes);
        } else {
            self.kept = Vec::new();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a value of the application's as JSON. A `Serialize` that panics does not reach the caller.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> Json {
    let mut bounded = Bounded::default();
    let written = contain(|| serde_json::to_writer(&mut bounded, value));
    let is_written = matches!(written, Some(Ok(())));
    match (bounded.seen, is_written) {
        (seen, _) if seen > MAX_COUNTED_BYTES => Json::TooLarge(None),
        (_, false) => Json::Unserializable,
        (seen, true) if seen > MAX_JSON_BYTES as u64 => Json::TooLarge(Some(seen)),
        (_, true) => match String::from_utf8(bounded.kept) {
            Ok(text) => Json::Text(text.into_boxed_str()),
            Err(_) => Json::Unserializable,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Endless;

    impl Serialize for Endless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(std::iter::repeat("again"))
        }
    }

    struct Fails;

    impl Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("told to"))
        }
    }

    struct Panics;

    impl Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("told to")
        }
    }

    /// What panics again when it is dropped.
    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("again");
        }
    }

    struct Throws;

    impl Serialize for Throws {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            std::panic::panic_any(Grenade)
        }
    }

    #[test]
    fn value_is_kept_up_to_the_bound_and_counted_past_it() {
        let kept = |length: usize| json(&"a".repeat(length - 2));
        assert!(
            matches!(kept(MAX_JSON_BYTES), Json::Text(text) if text.len() == MAX_JSON_BYTES),
            "exactly the bound"
        );
        assert!(matches!(
            kept(MAX_JSON_BYTES + 1),
            Json::TooLarge(Some(65_537))
        ));
        assert!(matches!(kept(2_000_000), Json::TooLarge(None)));
    }

    #[test]
    fn endless_value_ends_and_a_broken_one_is_no_error_of_the_caller() {
        assert!(matches!(json(&Endless), Json::TooLarge(None)));
        assert!(matches!(json(&Fails), Json::Unserializable));
        assert!(matches!(json(&Panics), Json::Unserializable));
        assert!(matches!(json(&Throws), Json::Unserializable));
    }
}
