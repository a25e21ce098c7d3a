//! Adversarial bodies at four sizes: nanoseconds a byte, which stay the same where time is linear.

use std::hint::black_box;
use std::time::Instant;

use tower_api_log::mask::{Masker, Rules};

const SIZES: [usize; 4] = [64 << 10, 256 << 10, 1 << 20, 4 << 20];
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Texts that are repeated in a string of JSON, and as a form.
const UNITS: &[&str] = &[
    ";",
    "a=1;",
    "a=%41;",
    "=",
    "&",
    "%",
    ":",
    "://",
    "a:",
    "@",
    "?",
    "#",
    "/",
    "/;",
    "[",
    "{",
    "\"",
    "\\",
    "'",
    "\\u0041",
    " ",
    "password",
    "a_",
    "aB",
    "\"a\":",
    "\\\"",
    "é",
    "[\"",
    "{\"a\":\"",
    "http://",
    "?http://",
    "= ",
    "pin:",
    "pin: ",
    "<a",
    "http:",
    "a://b;c=d@",
    "name=pin&value=1&",
    "[[\\\"pin\\\",",
    "\"value\":1,",
    "{\"value\":1,\"name\":\"pin\"},",
    "{\"value\":",
    "eyJ",
    "eyJ ",
    "%25",
    "Bearer 1",
    "a=1&",
    "a b=1 ",
    "x.y.",
    "<pin>",
    "pin=",
];

type Make = Box<dyn Fn(usize) -> String>;

/// A body: its name, its type, and its text of about so many bytes.
type Body = (String, &'static str, Make);

/// Prints the bodies that have a part in their names.
pub(crate) fn table(part: &str) {
    println!("\nNanoseconds a byte of adversarial bodies\n");
    println!("| body | 64 KiB | 256 KiB | 1 MiB | 4 MiB | largest to smallest |");
    println!("|---|--:|--:|--:|--:|--:|");
    let rules = Rules::default().hash_key([7; 32]);
    let mut masker = Masker::new(&rules).unwrap();
    let mut rows: Vec<_> = bodies()
        .into_iter()
        .filter(|(name, _, _)| name.contains(part))
        .map(|body| (measure(&mut masker, &body), body.0))
        .collect();
    rows.sort_by(|(a, _), (b, _)| b[3].total_cmp(&a[3]));
    for (each, name) in &rows {
        let shown: Vec<_> = each.iter().map(|it| format!("{it:.1}")).collect();
        println!(
            "| {name} | {} | {:.2} |",
            shown.join(" | "),
            each[3] / each[0]
        );
    }
}

fn measure(masker: &mut Masker, (_, content_type, make): &Body) -> [f64; 4] {
    SIZES.map(|size| {
        let body = make(size);
        let runs = ((1 << 20) / size).max(5);
        let times = (0..runs).map(|_| {
            let start = Instant::now();
            black_box(masker.body(Some(content_type), body.as_bytes()));
            start.elapsed().as_secs_f64()
        });
        times.fold(f64::MAX, f64::min) * 1e9 / body.len() as f64
    })
}

fn bodies() -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    let mut add = |name: &str, make: fn(usize) -> String| {
        bodies.push((name.to_owned(), JSON, Box::new(make)));
    };
    add("`[` to the depth of its half", |size| {
        format!("{}{}", "[".repeat(size / 2), "]".repeat(size / 2))
    });
    add("`{\"a\":` to its depth", |size| {
        format!("{}1{}", "{\"a\":".repeat(size / 6), "}".repeat(size / 6))
    });
    add("`[[],[],…`", |size| list("[]", size));
    add("`{\"a\":{}}`", |size| list("{\"a\":{}}", size));
    add("`[[\"pin\",…`", |size| list("[\"pin\",1]", size));
    add("many names", |size| {
        object(size, |at| format!("\"{at}\":1"))
    });
    add("many long names", |size| {
        object(size, |at| {
            format!("\"{at}_aB_cD_eF_gH_iJ_kL_mN_oP_qR_sT_uV_wX\":1")
        })
    });
    add("many names of 70 bytes", |size| {
        object(size, |at| format!("\"{at:0>70}\":1"))
    });
    add("names of one letter", |size| {
        object(size, |_| "\"a\":1".to_owned())
    });
    add("numbers of one digit", |size| list("1", size));
    add("strings of nothing", |size| list("\"\"", size));
    add("secrets", |size| object(size, |_| "\"pin\":1".to_owned()));
    add("names before values", |size| {
        list("{\"name\":\"pin\",\"value\":1}", size)
    });
    add("values before names", |size| {
        list("{\"value\":1,\"name\":\"pin\"}", size)
    });
    add("values before harmless names", |size| {
        list("{\"value\":1,\"name\":\"a\"}", size)
    });
    add("names and values in turn in one object", |size| {
        object(size, |at| format!("\"name\":\"n{at}\",\"value\":{at}"))
    });
    add("values before names to the depth", |size| {
        let levels = size / 24;
        let open = "{\"value\":".repeat(levels);
        format!("{open}1{}", ",\"name\":\"a\"}".repeat(levels))
    });
    add("values before secret names to the depth", |size| {
        let levels = size / 24;
        let open = "{\"value\":".repeat(levels);
        format!("{open}1{}", ",\"name\":\"pin\"}".repeat(levels))
    });
    add("a number", |size| "1".repeat(size));
    add("JSON in JSON in JSON", |size| {
        nested(&list("{\"value\":\"x\",\"name\":\"pin\"}", size / 5), 3)
    });
    add("JSON in JSON to 12 levels", |size| {
        let mut text = "{}".to_owned();
        while text.len() < size / 2 {
            text = serde_json::json!({ "a": text }).to_string();
        }
        text
    });
    add("JSON in many strings", |size| {
        list("\"{\\\"a\\\":1}\"", size)
    });
    add("JSON in base64", |size| {
        list("\"eyJhIjoiZXlKaElqb2lZaUo5In0\"", size)
    });
    add("beginnings of base64", |size| list("\"eyJ\"", size));
    add("Bearer in many strings", |size| {
        list("\"Bearer 12345678\"", size)
    });
    add("percent nests", |size| {
        list("\"%25252525257B%252522a\"", size)
    });
    add("escapes", |size| list("\"\\u0041\\n\"", size));
    add("URLs", |size| list("\"https://a.b/c?d=e#f\"", size));
    add("times", |size| list("\"10:20:30\"", size));
    add("opaque", |size| {
        object(size, |_| "\"key\":\"a1-b2-c3-d4-e5-f6\"".to_owned())
    });
    for &unit in UNITS {
        let in_string = move |size: usize| {
            let text = unit.repeat(size / serde_json::json!(unit).to_string().len());
            serde_json::json!({ "a": text }).to_string()
        };
        bodies.push((format!("`{unit}` in a string"), JSON, Box::new(in_string)));
        let in_strings = move |size: usize| {
            let text = serde_json::json!(unit.repeat(120 / unit.len())).to_string();
            list(&text, size)
        };
        bodies.push((
            format!("`{unit}` in strings of 120"),
            JSON,
            Box::new(in_strings),
        ));
        let form = move |size: usize| format!("a={}", unit.repeat(size / unit.len()));
        bodies.push((format!("`{unit}` in a form"), FORM, Box::new(form)));
    }
    bodies
}

fn list(item: &str, size: usize) -> String {
    let count = size / (item.len() + 1);
    format!("[{}]", vec![item; count].join(","))
}

fn object(size: usize, member: impl Fn(usize) -> String) -> String {
    let mut text = String::from("{");
    let mut at = 0;
    while text.len() < size {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&member(at));
        at += 1;
    }
    text + "}"
}

fn nested(text: &str, levels: usize) -> String {
    (0..levels).fold(text.to_owned(), |text, _| {
        serde_json::json!({ "a": text }).to_string()
    })
}
