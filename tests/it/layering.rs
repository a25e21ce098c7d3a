//! Holds who may import whom: the walk of a request goes one way, and the write side and the read side meet only in the entry and at a store.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import beside itself and the ground under all: `error`, `clock`, `contain`, `elided` and `pattern`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("clock", &[]),
    ("contain", &[]),
    ("elided", &[]),
    ("pattern", &[]),
    ("entry", &[]),
    ("query", &["entry"]),
    ("capture", &["entry"]),
    ("annotate", &["entry", "capture"]),
    ("mask", &["entry", "capture"]),
    ("sink", &["entry"]),
    ("recorder", &["entry", "annotate", "sink"]),
    ("store", &["entry", "query", "sink"]),
    (
        "layer",
        &["entry", "capture", "annotate", "mask", "sink", "recorder"],
    ),
    ("format", &["entry", "query"]),
    ("api", &["entry", "query", "store", "format"]),
    ("explorer", &["api", "entry", "format", "query"]),
    ("testing", &["entry", "query", "sink", "store"]),
];

const GROUND: [&str; 5] = ["error", "clock", "contain", "elided", "pattern"];

#[test]
fn modules_import_only_what_stands_below_them() {
    let allowed: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in rust_files(&root().join("src")) {
        let module = module_of(&file);
        if module == "lib" || is_test(&file) {
            continue;
        }
        let may = allowed
            .get(module.as_str())
            .unwrap_or_else(|| panic!("`{module}` is not in the table"));
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            seen += 1;
            if import != module
                && !GROUND.contains(&import.as_str())
                && !may.contains(&import.as_str())
            {
                wrong.push(format!("{} imports {import}", file.display()));
            }
        }
    }
    assert!(seen > 100, "the imports were found: {seen}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_builder_sees_capture_mask_and_recorder_together() {
    for file in rust_files(&root().join("src/layer")) {
        let imports = imports(&fs::read_to_string(&file).unwrap());
        let sees_all = ["capture", "mask", "recorder"]
            .iter()
            .all(|it| imports.iter().any(|import| import == it));
        assert_eq!(
            sees_all,
            file.ends_with("layer/builder.rs"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn only_the_masker_decodes_and_it_runs_on_the_recorders_thread() {
    for file in rust_files(&root().join("src")) {
        let source = fs::read_to_string(&file).unwrap();
        let decodes = ["flate2::", "brotli_decompressor::", "ruzstd::"]
            .iter()
            .any(|it| source.contains(it));
        // Tests make what is decoded.
        let may = is_test(&file) || file.components().any(|part| part.as_os_str() == "decode");
        assert!(may || !decodes, "{}", file.display());
    }
}

#[test]
fn files_are_rooms_and_not_halls() {
    for file in rust_files(&root().join("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        let is_test =
            file.ends_with("tests.rs") || file.components().any(|part| part.as_os_str() == "tests");
        assert!(
            is_test || lines <= 400,
            "{} has {lines} lines",
            file.display()
        );
    }
}

#[test]
fn every_feature_stands_in_the_crates_documentation_and_in_full() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let docs = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let section = manifest.split("[features]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let features: Vec<_> = section
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, _)| !name.starts_with('#') && *name != "default")
        .collect();
    let (_, full) = features.iter().find(|(name, _)| *name == "full").unwrap();
    assert!(features.len() > 5);
    for (name, _) in &features {
        assert!(docs.contains(&format!("\n//! | `{name}` | ")), "{name}");
        let is_in_full = full.contains(&format!("\"{name}\""));
        assert!(is_in_full || *name == "full", "{name}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn is_test(file: &Path) -> bool {
    file.ends_with("tests.rs") || file.components().any(|part| part.as_os_str() == "tests")
}

/// The folder or file right below `src`.
fn module_of(file: &Path) -> String {
    let below = file.strip_prefix(root().join("src")).unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Every `crate::name` outside of comments and of the tests at the file's end. A name from the crate's root counts as an import of `lib`,
/// which no module may make.
fn imports(source: &str) -> Vec<String> {
    let code = source.split("\nmod tests {").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in lines {
        for after in line.split("crate::").skip(1) {
            let name: String = after
                .chars()
                .take_while(|it| it.is_alphanumeric() || *it == '_')
                .collect();
            if after[name.len()..].starts_with('!') {
                continue; // a macro, which lives at the root
            }
            let is_module = name.starts_with(|it: char| it.is_lowercase());
            found.push(if is_module { name } else { "lib".to_owned() });
        }
    }
    found
}
