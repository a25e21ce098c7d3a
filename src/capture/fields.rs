use http::{HeaderMap, HeaderName};

/// Header fields copied into one buffer: one allocation a message, and nothing of the connection's read buffer stays pinned.
///
/// A request's buffer begins with the pseudo-fields of RFC 9113 section 8.3.1 (`:scheme`, `:authority`, `:path` with the query) and
/// our own `:route`, so that its head is one allocation as well.
///
/// Layout of a field: name length (2 bytes), value length (4 bytes), flags (1 byte), name, value; lengths little-endian.
#[derive(Default)]
pub(crate) struct Fields {
    buffer: Vec<u8>,
}

/// One field. The value is as the client or the service sent it.
pub(crate) struct Field<'a> {
    /// Lower case.
    pub(crate) name: &'a str,
    pub(crate) value: &'a [u8],
    /// Whether the value was marked by `HeaderValue::set_sensitive`.
    pub(crate) sensitive: bool,
}

/// A field whose name has not been looked at.
struct Raw<'a> {
    name: &'a [u8],
    value: &'a [u8],
    sensitive: bool,
}

const PREFIX: usize = 7;

impl Fields {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: Vec::with_capacity(bytes),
        }
    }

    /// Returns the bytes that the fields of a map take.
    pub(crate) fn size_of(headers: &HeaderMap) -> usize {
        headers
            .iter()
            .map(|(name, value)| Self::size_of_field(name.as_str(), value.as_bytes()))
            .sum()
    }

    /// Returns the bytes that the fields of some names take.
    pub(crate) fn size_of_only(headers: &HeaderMap, is_meant: fn(&str) -> bool) -> usize {
        headers
            .iter()
            .filter(|(name, _)| is_meant(name.as_str()))
            .map(|(name, value)| Self::size_of_field(name.as_str(), value.as_bytes()))
            .sum()
    }

    pub(crate) fn size_of_field(name: &str, value: &[u8]) -> usize {
        PREFIX + name.len() + value.len()
    }

    pub(crate) fn push(&mut self, name: &str, value: &[u8], sensitive: bool) {
        let (Ok(name_length), Ok(value_length)) =
            (u16::try_from(name.len()), u32::try_from(value.len()))
        else {
            return;
        };
        let ([a, b], [c, d, e, f]) = (name_length.to_le_bytes(), value_length.to_le_bytes());
        let prefix: [u8; PREFIX] = [a, b, c, d, e, f, u8::from(sensitive)];
        self.buffer.extend_from_slice(&prefix);
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(value);
    }

    pub(crate) fn extend(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            self.push(name.as_str(), value.as_bytes(), value.is_sensitive());
        }
    }

    /// Adds the fields of some names.
    pub(crate) fn extend_only(&mut self, headers: &HeaderMap, is_meant: fn(&str) -> bool) {
        for (name, value) in headers {
            if is_meant(name.as_str()) {
                self.push(name.as_str(), value.as_bytes(), value.is_sensitive());
            }
        }
    }

    /// Copies the fields of some names and pseudo-names.
    pub(crate) fn only(&self, is_meant: impl Fn(&str) -> bool) -> Self {
        let mut fields = Self::default();
        for field in self.raw().map(Raw::into_field) {
            if is_meant(field.name) {
                fields.push(field.name, field.value, field.sensitive);
            }
        }
        fields
    }

    /// Returns the bytes that they take.
    pub(crate) fn size_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Returns the fields in order, without the pseudo-fields.
    pub(crate) fn regular(&self) -> impl Iterator<Item = Field<'_>> {
        self.raw()
            .filter(|field| !field.name.starts_with(b":"))
            .map(Raw::into_field)
    }

    /// Returns the first value of a name or pseudo-name, as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let field = self.raw().find(|field| field.name == name.as_bytes())?;
        std::str::from_utf8(field.value).ok()
    }

    /// Returns every value of a name.
    pub(crate) fn all<'a>(
        &'a self,
        name: &HeaderName,
    ) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'a> {
        self.raw()
            .filter(|field| field.name == name.as_str().as_bytes())
            .map(|field| field.value)
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Walks the fields, pseudo-fields first. Names are compared as bytes: to check that they are text costs more than the rest of the walk.
    fn raw(&self) -> impl Iterator<Item = Raw<'_>> {
        let mut rest = self.buffer.as_slice();
        std::iter::from_fn(move || {
            let (prefix, after) = rest.split_first_chunk::<PREFIX>()?;
            let name_length = usize::from(u16::from_le_bytes([prefix[0], prefix[1]]));
            let value_length =
                u32::from_le_bytes([prefix[2], prefix[3], prefix[4], prefix[5]]) as usize;
            let (name, after) = after.split_at_checked(name_length)?;
            let (value, after) = after.split_at_checked(value_length)?;
            rest = after;
            Some(Raw {
                name,
                value,
                sensitive: prefix[6] != 0,
            })
        })
    }
}

impl<'a> Raw<'a> {
    fn into_field(self) -> Field<'a> {
        Field {
            name: std::str::from_utf8(self.name).unwrap_or_default(),
            value: self.value,
            sensitive: self.sensitive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn fields_keep_order_duplicates_bytes_and_the_sensitive_mark() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_static("1"));
        headers.append("x-b", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        headers.append("x-a", HeaderValue::from_static(""));
        let mut secret = HeaderValue::from_static("s");
        secret.set_sensitive(true);
        headers.append("x-c", secret);

        let mut fields =
            Fields::with_capacity(Fields::size_of(&headers) + Fields::size_of_field(":path", b"/"));
        fields.push(":path", b"/", false);
        fields.extend(&headers);
        assert_eq!(fields.buffer.len(), fields.buffer.capacity());

        let seen: Vec<_> = fields
            .regular()
            .map(|it| (it.name.to_owned(), it.value.to_vec(), it.sensitive))
            .collect();
        assert_eq!(
            seen,
            [
                ("x-a".to_owned(), b"1".to_vec(), false),
                ("x-a".to_owned(), b"".to_vec(), false),
                ("x-b".to_owned(), b"\xff\xfe".to_vec(), false),
                ("x-c".to_owned(), b"s".to_vec(), true),
            ]
        );
        assert_eq!(fields.text(":path"), Some("/"));
    }
}
