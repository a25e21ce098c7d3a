//! Ordinary documents, of about as many bytes as asked for.

use std::fmt::Write;

/// A shape of documents, by its name.
pub(crate) type Shape = (&'static str, fn(usize) -> String);

pub(crate) const SHAPES: &[Shape] = &[
    ("api", api),
    ("nothing masked", plain),
    ("much masked", masked),
    ("wide", wide),
    ("deep", deep),
    ("numbers", numbers),
    ("short strings", short_strings),
    ("long strings", long_strings),
    ("escaped", escaped),
    ("unicode", unicode),
    ("chat", chat),
    ("ids and dates", ids),
    ("new names", new_names),
];

const DOCUMENT: &str = include_str!("../overhead/document.json");
const PROSE: &str = "The quick brown fox jumps over the lazy dog, and then it rests for a while under the old tree by the river; ";

/// Xorshift, so that a run repeats.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

/// Makes a list of items until it is long enough.
fn list(bytes: usize, mut item: impl FnMut(&mut Random) -> String) -> String {
    let mut random = Random(0x5eed_0000_0000_0001);
    let mut text = String::from("[");
    while text.len() + 1 < bytes {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&item(&mut random));
    }
    text.push(']');
    text
}

/// The document of `benches/overhead`, once or in a list.
fn api(bytes: usize) -> String {
    match bytes <= DOCUMENT.len() {
        true => DOCUMENT.to_owned(),
        false => list(bytes, |_| DOCUMENT.to_owned()),
    }
}

fn plain(bytes: usize) -> String {
    list(bytes, |it| {
        let (id, cents) = (it.below(1_000_000), it.below(100_000));
        format!(
            r#"{{"id":{id},"object":"invoice","customer":"cus_{id}","amount_due":{cents},"currency":"eur","paid":true,"description":"Monthly plan, 3 seats","lines":[{{"amount":{cents},"quantity":3,"proration":false,"period":null}}],"status":"open","metadata":{{}}}}"#
        )
    })
}

fn masked(bytes: usize) -> String {
    list(bytes, |it| {
        let number = it.next();
        format!(
            r#"{{"user":"jane","password":"p{number:x}","api_key":"sk_live_{number:016x}{number:016x}","pin":1234,"secret":{{"a":[1,2]}},"note":"ok"}}"#
        )
    })
}

/// One object with many names, as a table of translations.
fn wide(bytes: usize) -> String {
    let mut random = Random(0x5eed_0000_0000_0002);
    let mut text = String::from("{");
    while text.len() + 1 < bytes {
        if text.len() > 1 {
            text.push(',');
        }
        let _ = write!(
            text,
            r#""column_{}":"value {}""#,
            random.below(900),
            random.below(100)
        );
    }
    text.push('}');
    text
}

fn deep(bytes: usize) -> String {
    list(bytes, |_| {
        let levels = 20;
        let open = r#"{"node":[{"child":"#.repeat(levels);
        format!("{open}1{}", "}]}".repeat(levels))
    })
}

fn numbers(bytes: usize) -> String {
    list(bytes, |it| {
        format!(
            "[{},{}.{},-{}e-3]",
            it.below(1000),
            it.below(90),
            it.below(1_000_000),
            it.below(100)
        )
    })
}

fn short_strings(bytes: usize) -> String {
    list(bytes, |it| {
        let words = ["red", "green", "blue", "on", "off", "a", "left", "x-large"];
        let word = usize::try_from(it.below(8)).unwrap();
        format!("\"{}\"", words[word])
    })
}

fn long_strings(bytes: usize) -> String {
    list(bytes, |_| {
        format!(r#"{{"title":"A story","text":"{}"}}"#, PROSE.repeat(8))
    })
}

fn escaped(bytes: usize) -> String {
    list(bytes, |it| {
        format!(
            r#"{{"path":"C:\\Users\\jane\\file{}.txt","html":"<p class=\"a\">one\ntwo\tthree<\/p>","say":"\u00e9t\u00e9 \"yes\""}}"#,
            it.below(100)
        )
    })
}

fn unicode(bytes: usize) -> String {
    list(bytes, |_| {
        r#"{"имя":"Анна Каренина","город":"Санкт-Петербург","備考":"東京都千代田区丸の内一丁目","emoji":"😀 ça va très bien"}"#.to_owned()
    })
}

/// A conversation with a language model, with arguments of a tool as JSON in a string.
fn chat(bytes: usize) -> String {
    let messages = list(bytes.saturating_sub(90), |it| {
        let id = it.next();
        match it.below(3) {
            0 => format!(
                r#"{{"role":"user","content":"Please explain how this works: {PROSE} What happens if I change line 3?\nThanks!"}}"#
            ),
            1 => format!(
                r##"{{"role":"assistant","content":"# Answer\n\nHere is the idea:\n\n```rust\nfn main() {{\n    println!(\"hello\");\n}}\n```\n\n- {PROSE}\n- See https://example.com/docs?page=2 for more.","refusal":null}}"##
            ),
            _ => format!(
                r#"{{"role":"assistant","tool_calls":[{{"id":"call_{id:016x}","type":"function","function":{{"name":"search","arguments":"{{\"query\":\"weather in Paris\",\"limit\":10}}"}}}}]}}"#
            ),
        }
    });
    format!(
        r#"{{"model":"some-model-4","temperature":0.7,"max_tokens":1024,"messages":{messages}}}"#
    )
}

fn ids(bytes: usize) -> String {
    list(bytes, |it| {
        let minute = it.below(60);
        format!(
            r#"{{"id":"{}","account_id":"{}","created_at":"2026-11-22T09:{minute:02}:08.125Z","updated_at":"2026-11-22T10:{minute:02}:00Z","due":"2026-12-01"}}"#,
            it.uuid(),
            it.uuid()
        )
    })
}

/// Names that are never seen again, as of a map from ids.
fn new_names(bytes: usize) -> String {
    list(bytes, |it| {
        format!(r#"{{"usr_{:016x}":{{"role":"admin"}}}}"#, it.next())
    })
}
