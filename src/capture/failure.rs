use std::any::Any;
use std::fmt::{self, Write};

use super::event::MAX_TEXT_BYTES;
use crate::contain::contain;

/// What an error or a panic said, as far as it is kept. It may hold secrets.
pub(crate) struct Failure {
    pub(crate) text: String,
    /// Whether it said more.
    pub(crate) is_cut: bool,
}

impl Failure {
    /// Marks a text that was cut.
    pub(crate) const CUT: char = '…';

    /// With the mark, as many as of any text that the application tells.
    const MAX_BYTES: usize = MAX_TEXT_BYTES - Self::CUT.len_utf8();

    /// Reads what an error says of itself, and no further than is kept. Calls `on_panic` where that panics.
    pub(crate) fn of_error(error: &dyn fmt::Display, on_panic: impl FnOnce()) -> Option<Self> {
        let mut failure = Self::new();
        // An error here says that it was cut, or that the text ends where the application's code gave up.
        if contain(|| write!(failure, "{error}")).is_none() {
            on_panic();
        }
        failure.if_any()
    }

    /// Reads the message that a panic was thrown with, if it is text.
    pub(crate) fn of_panic(thrown: &(dyn Any + Send)) -> Option<Self> {
        let text = thrown.downcast_ref::<&str>().copied();
        let text = text.or_else(|| thrown.downcast_ref().map(String::as_str))?;
        let mut failure = Self::new();
        // What does not fit is cut.
        let _ = failure.write_str(text);
        failure.if_any()
    }

    /// Returns the bytes that it takes.
    pub(crate) fn size_bytes(&self) -> usize {
        self.text.capacity()
    }

    fn new() -> Self {
        Self {
            text: String::new(),
            is_cut: false,
        }
    }

    fn if_any(self) -> Option<Self> {
        (!self.text.is_empty()).then_some(self)
    }
}

/// Refuses all that follows once it is full, so that whoever writes stops.
impl Write for Failure {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.is_cut {
            return Err(fmt::Error);
        }
        let room = Self::MAX_BYTES - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        let end = (0..=room).rev().find(|&end| text.is_char_boundary(end));
        self.text.push_str(&text[..end.unwrap_or(0)]);
        self.is_cut = true;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says<F>(F);

    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Says<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }

    fn kept(error: &dyn fmt::Display) -> Option<(String, bool)> {
        let failure = Failure::of_error(error, || panic!("it does not panic"))?;
        Some((failure.text, failure.is_cut))
    }

    #[test]
    fn error_is_kept_as_far_as_it_fits_and_cut_between_characters() {
        assert_eq!(kept(&""), None);
        assert_eq!(kept(&"broken"), Some(("broken".to_owned(), false)));
        let most = "x".repeat(Failure::MAX_BYTES);
        assert_eq!(kept(&most), Some((most.clone(), false)));
        assert_eq!(kept(&format!("{most}y")), Some((most.clone(), true)));
        for lead in 0..4 {
            let long = "x".repeat(Failure::MAX_BYTES - lead) + "😀😀";
            let (text, is_cut) = kept(&long).unwrap();
            assert!(is_cut && long.starts_with(&text), "{lead}");
            assert!(text.len() > Failure::MAX_BYTES - 4);
        }
    }

    #[test]
    fn error_that_says_ten_megabytes_is_asked_no_further_than_is_kept() {
        let asked = std::cell::Cell::new(0);
        let endless = Says(|f: &mut fmt::Formatter<'_>| {
            for _ in 0..10_000 {
                asked.set(asked.get() + 1);
                f.write_str(&"z".repeat(1000))?;
            }
            Ok(())
        });
        let (text, is_cut) = kept(&endless).unwrap();
        assert!(is_cut && text.len() == Failure::MAX_BYTES);
        assert_eq!(asked.get(), 2);
        let deaf = Says(|f: &mut fmt::Formatter<'_>| {
            for _ in 0..10_000 {
                let _ = f.write_str("z");
            }
            f.write_str("the end")
        });
        assert_eq!(kept(&deaf).unwrap().0.len(), Failure::MAX_BYTES);
    }

    #[test]
    fn error_that_cannot_be_told_gives_what_it_said_before() {
        let gives_up = Says(|f: &mut fmt::Formatter<'_>| {
            f.write_str("half")?;
            Err(fmt::Error)
        });
        assert_eq!(kept(&gives_up), Some(("half".to_owned(), false)));
        let panics = Says(|f: &mut fmt::Formatter<'_>| {
            f.write_str("half")?;
            panic!("in Display")
        });
        let mut count = 0;
        let failure = Failure::of_error(&panics, || count += 1).unwrap();
        assert_eq!((failure.text.as_str(), count), ("half", 1));
    }

    #[test]
    fn panic_is_told_by_its_text_if_it_has_one() {
        let told = |thrown: Box<dyn Any + Send>| Failure::of_panic(&*thrown).map(|it| it.text);
        assert_eq!(told(Box::new("static")), Some("static".to_owned()));
        assert_eq!(told(Box::new("own".to_owned())), Some("own".to_owned()));
        assert_eq!(told(Box::new(7)), None);
        assert_eq!(told(Box::new("")), None);
    }
}
