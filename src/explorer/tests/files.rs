//! What the files of the page may hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::super::assets::{ASSETS, PAGE};
use super::super::settings::PLACE;

/// The most bytes of all files together: what they are now, for it is to fall to 100 KiB.
const MAX_BYTES: usize = 220 * 1024;

#[test]
fn every_file_of_the_folder_is_embedded_and_no_other() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/explorer/assets");
    let files = fs::read_dir(folder).unwrap();
    let files: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let embedded: BTreeSet<String> = ASSETS.iter().map(|asset| asset.name.to_owned()).collect();
    assert_eq!(files, embedded);
    assert_eq!(embedded.len(), ASSETS.len());
    assert!(embedded.contains(PAGE));
}

#[test]
fn files_are_small_and_those_of_code_are_rooms() {
    let bytes: usize = ASSETS.iter().map(|asset| asset.text.len()).sum();
    assert!(bytes < MAX_BYTES, "{bytes} bytes");
    for asset in ASSETS {
        let lines = asset.text.lines().count();
        assert!(lines < 400, "{} has {lines} lines", asset.name);
        assert_ne!(
            asset.content_type(),
            "text/plain; charset=utf-8",
            "{}",
            asset.name
        );
    }
}

#[test]
fn no_file_makes_markup_of_text_or_runs_text_or_asks_another_host() {
    for asset in ASSETS {
        for banned in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "createContextualFragment",
            "DOMParser",
            "setHTMLUnsafe",
            "srcdoc=",
            "eval(",
            "new Function",
            "javascript:",
            "style=\"",
        ] {
            assert!(!asset.text.contains(banned), "{}: {banned}", asset.name);
        }
        let handler = handlers(asset.text);
        assert!(handler.is_none(), "{}: {handler:?}", asset.name);
        for scheme in ["http://", "https://"] {
            for (at, _) in asset.text.match_indices(scheme) {
                let rest = &asset.text[at + scheme.len()..];
                let is_namespace = rest.starts_with("www.w3.org/");
                assert!(is_namespace, "{}: {scheme}{:.40}", asset.name, rest);
            }
        }
    }
}

/// Finds the attribute of a handler in markup.
fn handlers(text: &str) -> Option<&str> {
    text.match_indices(" on").find_map(|(at, _)| {
        let rest = &text[at + 3..];
        let name = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_lowercase())
                .len();
        (name > 0 && rest[name..].starts_with("=\"")).then_some(&rest[..name])
    })
}

#[test]
fn handler_in_markup_is_found() {
    assert_eq!(handlers(r#"<a onclick="x()">"#), Some("click"));
    assert_eq!(handlers(r#"depends on="a" or on click"#), None);
}

#[test]
fn page_has_one_place_for_its_settings_and_loads_by_relative_paths() {
    let page = ASSETS.iter().find(|asset| asset.name == PAGE).unwrap().text;
    assert_eq!(page.matches(PLACE).count(), 1);
    let head = page.split("</head>").next().unwrap();
    assert!(head.contains(PLACE));
    for name in ["src=\"", "href=\""] {
        for after in page.split(name).skip(1) {
            let target = after.split('"').next().unwrap();
            let file = target.strip_prefix("assets/");
            let is_known = file.is_some_and(|file| ASSETS.iter().any(|asset| asset.name == file));
            assert!(is_known || target.starts_with('#'), "{target}");
        }
    }
}

#[test]
fn modules_import_files_that_are_there() {
    for asset in ASSETS.iter().filter(|asset| asset.name.ends_with(".js")) {
        for begin in ["from \"", "from '", "import \"", "import '"] {
            for after in asset.text.split(begin).skip(1) {
                let target = after.split(['"', '\'']).next().unwrap();
                let Some(name) = target.strip_prefix("./") else {
                    continue;
                };
                let is_known = ASSETS.iter().any(|asset| asset.name == name);
                assert!(is_known, "{} imports {target}", asset.name);
            }
        }
    }
}
