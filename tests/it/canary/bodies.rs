//! Bodies of every kind, with the type that they have, a wrong one or none.
//!
//! A new kind is one line of [`BODIES`]; [`Plant::doubtful`] is for what may be withheld as a whole.

use super::json;
use super::multipart;
use super::pairs;
use super::plant::Plant;

/// A body and the values of its `Content-Type` and `Content-Encoding`.
#[derive(Default)]
pub(crate) struct Body {
    pub(crate) content_type: Option<String>,
    pub(crate) coding: Option<&'static str>,
    pub(crate) bytes: Vec<u8>,
}

type Make = fn(&mut Plant) -> Body;

pub(crate) const BODIES: &[(&str, Make)] = &[
    ("json", |it| body("application/json", json::document(it))),
    ("json with a suffix", |it| {
        body(
            "application/vnd.api+json; charset=utf-8",
            json::document(it),
        )
    }),
    ("json with a mark", |it| {
        body(
            "application/json",
            format!("\u{feff} {}", json::document(it)),
        )
    }),
    ("list", |it| {
        body(
            "application/json",
            format!("[{},{}]", json::document(it), json::document(it)),
        )
    }),
    ("lines", |it| {
        let lines = [json::document(it), String::new(), json::document(it)];
        let lines = lines.map(|line| line.replace('\n', ""));
        body(
            it.one_of(&["application/x-ndjson", "application/jsonl"]),
            lines.join("\n"),
        )
    }),
    ("json without a type", |it| Body {
        bytes: json::document(it).into(),
        ..Body::default()
    }),
    ("json as text", |it| body("text/plain", json::document(it))),
    ("form", |it| {
        body("application/x-www-form-urlencoded", pairs::pairs(it))
    }),
    ("form with a charset", |it| {
        body(
            "application/x-www-form-urlencoded; charset=UTF-8",
            pairs::pairs(it),
        )
    }),
    ("multipart", |it| {
        let (content_type, bytes) = multipart::form(it);
        Body {
            content_type: Some(content_type),
            bytes,
            ..Body::default()
        }
    }),
    // What may be withheld as a whole.
    ("json as something", |it| {
        withheld(it, |it| {
            body("application/x-unheard-of", json::document(it))
        })
    }),
    ("json as a form", |it| {
        withheld(it, |it| {
            body("application/x-www-form-urlencoded", json::document(it))
        })
    }),
    ("form as json", |it| {
        withheld(it, |it| body("application/json", pairs::pairs(it)))
    }),
    ("form without a type", |it| {
        withheld(it, |it| Body {
            bytes: pairs::pairs(it).into(),
            ..Body::default()
        })
    }),
    ("multipart as a form", |it| {
        withheld(it, |it| Body {
            content_type: Some("application/x-www-form-urlencoded".into()),
            bytes: multipart::form(it).1,
            ..Body::default()
        })
    }),
    ("multipart of another boundary", |it| {
        withheld(it, |it| Body {
            content_type: Some("multipart/form-data; boundary=c".into()),
            bytes: multipart::form(it).1,
            ..Body::default()
        })
    }),
    ("multipart of another kind", |it| {
        withheld(it, |it| {
            let (content_type, bytes) = multipart::form(it);
            let kind = it.one_of(&["mixed", "related", "byteranges"]);
            Body {
                content_type: Some(content_type.replace("form-data", kind)),
                bytes,
                ..Body::default()
            }
        })
    }),
    ("json with a comma too many", |it| {
        withheld(it, |it| {
            let document = json::document(it);
            body(
                "application/json",
                format!("{},}}", document.trim_end_matches('}')),
            )
        })
    }),
    ("json with a comment", |it| {
        withheld(it, |it| {
            body("application/json", format!("// a\n{}", json::document(it)))
        })
    }),
    ("two documents", |it| {
        withheld(it, |it| {
            body(
                "application/json",
                format!("{} {}", json::document(it), json::document(it)),
            )
        })
    }),
    ("json in quotes", |it| {
        withheld(it, |it| {
            let document = json::document(it);
            body("application/json", json::text(&document))
        })
    }),
    ("json without its end", |it| {
        withheld(it, |it| {
            let mut document = json::document(it);
            while !document.is_char_boundary(document.len() - 2) {
                document.pop();
            }
            document.truncate(document.len() - 2);
            body("application/json", document)
        })
    }),
    ("single quotes", |it| {
        withheld(it, |it| {
            body(
                "application/json",
                format!("{{'password':'{}'}}", it.canary()),
            )
        })
    }),
    ("wide json", |it| {
        withheld(it, |it| {
            let end: fn(u16) -> [u8; 2] =
                it.one_of(&[u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes]);
            let wide = format!("\u{feff}{}", json::document(it))
                .encode_utf16()
                .flat_map(end)
                .collect();
            let content_type = it.one_of(&["application/json", "application/json; charset=utf-16"]);
            Body {
                content_type: Some(content_type.into()),
                bytes: wide,
                ..Body::default()
            }
        })
    }),
    ("json that is not UTF-8", |it| {
        withheld(it, |it| {
            // Within a name it would be another name.
            let document = json::document(it).replacen('{', "{\"b\":\"x\",", 1);
            let mut bytes = document.into_bytes();
            let at = bytes.iter().position(|byte| *byte == b'x').unwrap();
            bytes.splice(at..=at, [0xff]);
            let content_type =
                it.one_of(&["application/json", "application/json; charset=iso-8859-1"]);
            Body {
                content_type: Some(content_type.into()),
                bytes,
                ..Body::default()
            }
        })
    }),
    ("text", |it| {
        withheld(it, |it| {
            body("text/plain", format!("the word is {}", it.canary()))
        })
    }),
    ("text without a type", |it| {
        withheld(it, |it| Body {
            bytes: it.canary().into(),
            ..Body::default()
        })
    }),
    ("html", |it| {
        withheld(it, |it| {
            body(
                "text/html",
                format!("<input name='csrf' value='{}'>", it.canary()),
            )
        })
    }),
    ("xml", |it| {
        withheld(it, |it| {
            let content_type = it.one_of(&["application/xml", "text/xml", "application/soap+xml"]);
            let (a, b, c) = (it.canary(), it.canary(), it.canary());
            let attribute =
                format!("<!-- {c} --><u password=\"{a}\" a='1'><ns:Password>{b}</ns:Password></u>");
            body(content_type, attribute)
        })
    }),
    ("xml in pieces", |it| {
        withheld(it, |it| {
            let (a, b) = (it.canary(), it.canary());
            let inner = format!("<secret><a><![CDATA[{a}]]></a>x<b y='{b}'/></secret>");
            body(
                "application/xml",
                format!("<?xml version=\"1.0\"?><u>{inner}</u>"),
            )
        })
    }),
    ("xml with entities", |it| {
        withheld(it, |it| {
            let canary = it.canary();
            let entity = format!("<!DOCTYPE u [<!ENTITY e \"{canary}\">]>");
            body("text/xml", format!("{entity}<u><title>&e;</title></u>"))
        })
    }),
    ("events", |it| {
        withheld(it, |it| {
            body(
                "text/event-stream",
                format!(
                    "event: a\ndata: {{\"token\":\"{}\"}}\n\nid: {}\n\n",
                    it.canary(),
                    it.chaff()
                ),
            )
        })
    }),
    ("events of several lines", |it| {
        withheld(it, |it| {
            let canary = it.canary();
            let (a, b) = canary.split_at(12);
            body(
                "text/event-stream",
                format!(
                    ": {canary}\ndata: {{\"password\":\ndata: \"{canary}\"}}\n\ndata: {{\"password\":\"{a}\ndata: {b}\"}}\n\n"
                ),
            )
        })
    }),
    ("graphql", |it| {
        withheld(it, |it| {
            body(
                "application/graphql",
                format!(
                    "mutation {{ login(password: \"{}\") {{ id }} }}",
                    it.canary()
                ),
            )
        })
    }),
    ("csv", |it| {
        withheld(it, |it| {
            body("text/csv", format!("name,password\na,{}\n", it.canary()))
        })
    }),
    ("script", |it| {
        withheld(it, |it| {
            body(
                "application/javascript",
                format!("f({{\"token\":\"{}\"}})", it.canary()),
            )
        })
    }),
    ("yaml", |it| {
        withheld(it, |it| {
            body("application/yaml", format!("password: {}\n", it.canary()))
        })
    }),
    ("grpc", |it| {
        withheld(it, |it| Body {
            content_type: Some("application/grpc".into()),
            bytes: [b"\0\0\0\0\x1a\x0a\x18", it.canary().as_bytes()].concat(),
            ..Body::default()
        })
    }),
    ("octets", |it| {
        withheld(it, |it| Body {
            content_type: it.chance(50).then(|| "application/octet-stream".into()),
            bytes: [b"\0\xff\xfe", it.canary().as_bytes()].concat(),
            ..Body::default()
        })
    }),
    ("coded", |it| {
        withheld(it, |it| Body {
            coding: Some(it.one_of(&["gzip", "br", "deflate", "zstd", "identity, gzip"])),
            ..body("application/json", json::document(it))
        })
    }),
    ("wrong type", |it| {
        withheld(it, |it| body("application", json::document(it)))
    }),
    ("two types", |it| {
        withheld(it, |it| {
            body("application/json, text/plain", json::document(it))
        })
    }),
    ("charset of seven bits", |it| {
        withheld(it, |it| {
            body(
                "application/x-www-form-urlencoded; charset=utf-7",
                format!("+AHAAYQBzAHMAdwBvAHIAZA-={}", it.canary()),
            )
        })
    }),
];

fn body(content_type: &str, text: String) -> Body {
    Body {
        content_type: Some(content_type.to_owned()),
        coding: None,
        bytes: text.into_bytes(),
    }
}

fn withheld(plant: &mut Plant, make: Make) -> Body {
    plant.doubtful(make)
}
