//! What the maskers' targets share: documents with canaries and decoys, made of a fuzzer's bytes, and what must hold of them masked.
//!
//! The first byte of an input says what follows: `r` arbitrary bytes; anything else choices of the generator that the canary test has too
//! (`tests/it/canary`), by which bytes around the secrets may be spoilt as well.

#![allow(dead_code)]

#[path = "../../tests/it/canary/dice.rs"]
mod dice;
mod door;
#[path = "../../tests/it/canary/fields.rs"]
mod fields;
#[path = "../../tests/it/canary/json.rs"]
mod json;
mod layer;
#[path = "../../tests/it/canary/multipart.rs"]
mod multipart;
#[path = "../../tests/it/canary/names.rs"]
mod names;
#[path = "../../tests/it/canary/pairs.rs"]
mod pairs;
#[path = "../../tests/it/canary/plant.rs"]
mod plant;
#[path = "../../tests/it/canary/seek.rs"]
mod seek;
mod spoilt;
mod targets;

pub use targets::{form, header, json as json_document, multipart as multipart_form, text, xml};
