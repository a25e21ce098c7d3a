use std::fmt;

/// What `Debug` says of a text or bytes that may be a person's or a secret: how long it is.
pub(crate) struct Elided(usize);

impl Elided {
    pub(crate) fn of(data: impl AsRef<[u8]>) -> Self {
        Self(data.as_ref().len())
    }

    /// Elides each of several.
    pub(crate) fn each<T: AsRef<[u8]>>(data: impl IntoIterator<Item = T>) -> Vec<Self> {
        data.into_iter().map(Self::of).collect()
    }
}

impl fmt::Debug for Elided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0)
    }
}
