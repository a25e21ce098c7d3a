use super::super::super::tests::pass_with;
use super::*;
use crate::mask::{Replacement, Rule, Rules};

const CANARIES: [&str; 3] = ["canary7f3a91c5", "918273645546", "ca\\nary 7f3a\\u00e991"];

/// A value with canaries under secret names, beside them, and in texts.
fn planted() -> impl Strategy<Value = String> {
    let canary = prop::sample::select(&CANARIES[..]);
    let name = prop::sample::select(vec![
        "password",
        "api_key",
        "pin",
        "pass\\u0077ord",
        "ssn",
        "clientSecret",
        "Authorization",
    ]);
    let hidden = (name.clone(), canary.clone()).prop_flat_map(|(name, it)| {
        let escaped = it.replace('\\', "\\\\");
        prop::sample::select(vec![
            format!(r#"{{"{name}":"{it}"}}"#),
            format!(r#"{{"{name}" : 918273645546 }}"#),
            format!(r#"{{"a":1,"{name}":["{it}",{{"x":"{it}"}}],"b":"decoy"}}"#),
            format!(r#"{{"{name}":{{"x":"{it}","y":[918273645546]}}}}"#),
            format!(r#"{{"name":"{name}","value":"{it}"}}"#),
            format!(r#"{{"value":"{it}","type":"text","name":"{name}"}}"#),
            format!(r#"{{"value":["{it}"],"a":{{"b":1}},"name":"{name}"}}"#),
            format!(r#"[["a","b"],["{name}","{it}"]]"#),
            format!(r#"{{"inner":"{{\"decoy\":1,\"password\":\"{escaped}\"}}"}}"#),
            format!(r#"{{"inner":"[{{\"value\":\"{escaped}\",\"name\":\"pin\"}}]"}}"#),
            r#"{"url":"https://me:canary7f3a91c5@host/?page=2&token=canary7f3a91c5"}"#.to_owned(),
        ])
    });
    let harmless = prop::sample::select(vec![
        "1",
        "-2.5e3",
        "true",
        "null",
        "\"decoy\"",
        "\"é\\ud83d\\ude00\\n\"",
        "[]",
        "{}",
        "\"2026-01-01T10:20:30Z\"",
        "{\"id\":7,\"type\":\"a\",\"value\":3}",
    ]);
    let leaf = prop_oneof![hidden, harmless.prop_map(str::to_owned)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let space = prop::sample::select(vec!["", " ", "\n  "]);
        (prop::collection::vec(inner, 1..4), any::<bool>(), space).prop_map(
            |(values, is_list, space)| {
                let between = format!(",{space}");
                match is_list {
                    true => format!("[{space}{}{space}]", values.join(&between)),
                    false => {
                        let members = values.iter().enumerate();
                        let members = members.map(|(at, it)| format!("\"m{at}\":{space}{it}"));
                        format!(
                            "{{{space}{}{space}}}",
                            members.collect::<Vec<_>>().join(&between)
                        )
                    }
                }
            },
        )
    })
}

/// Four bytes and more of what is planted, and nothing of what is not.
const PIECES: [&str; 6] = ["cana", "nary", "7f3a", "91c5", "9182", "5546"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn t3_no_cut_shows_what_masking_the_whole_hides(source in planted(), removes in any::<bool>()) {
        let replacement = if removes { Replacement::Remove } else { Replacement::Fixed };
        let rules = Rules::default().hash_key([7; 32]).rule(Rule::field("ssn").replace_with(replacement));
        let whole = pass_with(&rules, |pass| mask(&source, 0, pass)).unwrap();
        let whole = whole.text.unwrap_or_else(|| source.clone());
        prop_assert!(serde_json::from_str::<Value>(&whole).is_ok(), "{}", whole);
        prop_assert!(PIECES.iter().all(|it| !whole.contains(it)), "{} shows {}", source, whole);
        pass_with(&rules, |pass| {
            for end in (0..=source.len()).filter(|&end| source.is_char_boundary(end)) {
                let cut = mask_cut(&source[..end], 0, pass).unwrap();
                let cut = cut.text.as_deref().unwrap_or(&source[..end]);
                prop_assert!(PIECES.iter().all(|it| !cut.contains(it)), "{} shows {}", &source[..end], cut);
            }
            Ok(())
        })?;
    }
}

#[test]
fn t28_document_that_is_cut_within_a_character_or_escape_ends_before_it() {
    for (source, shown) in [
        ("{\"a\":\"é😀\\ud83d\\ude0", "{\"a\":\"é😀"),
        ("{\"a\":\"é😀\\ud83d\\", "{\"a\":\"é😀"),
        ("{\"a\":\"é😀\\", "{\"a\":\"é😀"),
        ("{\"é\":\"a\",\"😀", "{\"é\":\"a\","),
        ("{\"a\":\"\u{0}", ""),
        ("\u{feff}{\"a\":1", ""),
    ] {
        match shown {
            "" => assert_eq!(masked_cut(source), Err(Malformed), "{source:?}"),
            shown => assert_eq!(masked_cut(source).as_deref(), Ok(shown), "{source:?}"),
        }
    }
}
