//! The strings and numbers of JSON that has been masked, each with its pointer.
//!
//! The text is known to be JSON, its beginning, or a document a line: no more of the grammar is read than tells names from values.

use crate::mask::json;

/// Longer pointers end in `…`.
const MAX_POINTER_BYTES: usize = 256;

/// Offers each string and number, decoded, and replaces it by what comes back. Returns `None` where nothing did.
pub(super) fn offer(
    source: &str,
    is_lines: bool,
    mut ask: impl FnMut(&str, &str) -> Option<String>,
) -> Option<String> {
    let bytes = source.as_bytes();
    let mut way = Way::new(is_lines);
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let text = match byte {
            b'"' => {
                let end = string_end(bytes, at);
                let text = json::decoded(source.get(at..end).unwrap_or_default());
                at = (end + 1).min(bytes.len());
                if way.expects_name() {
                    way.name(&text);
                    continue;
                }
                text
            }
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += rest.iter().take_while(|it| is_of_number(**it)).count();
                source.get(start..at).unwrap_or_default().into()
            }
            _ => {
                way.step(byte);
                continue;
            }
        };
        if let Some(new) = ask(&way.pointer, &text) {
            out.push_str(source.get(copied..start).unwrap_or_default());
            out.push('"');
            json::encode(&new, &mut out);
            out.push('"');
            copied = at;
        }
    }
    (copied > 0).then(|| out + source.get(copied..).unwrap_or_default())
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
}

/// Returns where the quote stands that ends a string, or the end of the text.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The way to the present value.
struct Way {
    pointer: String,
    open: Vec<Bracket>,
    /// The present line, where each holds a document.
    line: Option<usize>,
}

struct Bracket {
    is_object: bool,
    /// The length of the pointer before the step into it.
    length: usize,
    item: usize,
    /// Whether the next string of an object is a name.
    expects_name: bool,
}

impl Way {
    fn new(is_lines: bool) -> Self {
        let mut way = Self {
            pointer: String::new(),
            open: Vec::new(),
            line: is_lines.then_some(0),
        };
        if is_lines {
            way.push("0");
        }
        way
    }

    fn expects_name(&self) -> bool {
        self.open.last().is_some_and(|it| it.expects_name)
    }

    fn name(&mut self, name: &str) {
        if let Some(bracket) = self.open.last_mut() {
            bracket.expects_name = false;
            self.pointer.truncate(bracket.length);
            self.push(name);
        }
    }

    /// Takes a byte that is neither of a string nor of a number.
    fn step(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                let is_object = byte == b'{';
                self.open.push(Bracket {
                    is_object,
                    length: self.pointer.len(),
                    item: 0,
                    expects_name: is_object,
                });
                if !is_object {
                    self.push("0");
                }
            }
            b'}' | b']' => {
                if let Some(bracket) = self.open.pop() {
                    self.pointer.truncate(bracket.length);
                }
            }
            b',' => {
                if let Some(bracket) = self.open.last_mut() {
                    bracket.item += 1;
                    bracket.expects_name = bracket.is_object;
                    let item = bracket.item.to_string();
                    self.pointer.truncate(bracket.length);
                    self.push(&item);
                }
            }
            b'\n' if self.open.is_empty() => {
                if let Some(line) = &mut self.line {
                    *line += 1;
                    let line = line.to_string();
                    self.pointer.clear();
                    self.push(&line);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, step: &str) {
        let room = MAX_POINTER_BYTES.saturating_sub(self.pointer.len());
        if self.pointer.ends_with('…') || room == 0 {
            return;
        }
        self.pointer.push('/');
        for letter in step.chars().take(room) {
            match letter {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                _ => self.pointer.push(letter),
            }
        }
        if self.pointer.len() >= MAX_POINTER_BYTES {
            self.pointer.push('…');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(source: &str, is_lines: bool) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let kept = offer(source, is_lines, |pointer, text| {
            all.push((pointer.to_owned(), text.to_owned()));
            None
        });
        assert_eq!(kept, None);
        all
    }

    #[track_caller]
    fn are(source: &str, is_lines: bool, expected: &[(&str, &str)]) {
        let all = offered(source, is_lines);
        let all: Vec<_> = all.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(all, expected, "{source}");
    }

    #[test]
    fn strings_and_numbers_are_offered_with_their_pointers() {
        are(
            r#"{"a":"b\u0041\"","c/~":[1.5e3,{"d":-2},"x",[[]],"y"],"e":{},"f":null,"g":true}"#,
            false,
            &[
                ("/a", "bA\""),
                ("/c~1~0/0", "1.5e3"),
                ("/c~1~0/1/d", "-2"),
                ("/c~1~0/2", "x"),
                ("/c~1~0/4", "y"),
            ],
        );
        are("\"x\"", false, &[("", "x")]);
        are(
            "{\"a\":1}\n\n{\"b\":[2]}",
            true,
            &[("/0/a", "1"), ("/2/b/0", "2")],
        );
        are("{\"a\":[\"b", false, &[("/a/0", "b")]);
        are("{\"a\":1,\"b", false, &[("/a", "1")]);
        are("", false, &[]);
    }

    #[test]
    fn what_comes_back_is_written_as_json() {
        let shown = offer(r#"{"a":1,"b":["c","d"]}"#, false, |pointer, _| {
            (pointer != "/b/0").then(|| "\"\\\n".to_owned())
        });
        let shown = shown.unwrap();
        assert_eq!(shown, r#"{"a":"\"\\\n","b":["c","\"\\\n"]}"#);
        assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok());
    }

    #[test]
    fn depth_takes_linear_time_and_pointers_are_cut() {
        let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
        let all = offered(&deep, false);
        assert!(all.len() == 1 && all[0].0.len() < 300);
        let long = format!("{{\"{}\":1}}", "é".repeat(100_000));
        assert!(offered(&long, false)[0].0.len() < 1100);
    }
}
