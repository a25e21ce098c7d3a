//! Forms of several parts.

use super::json;
use super::names;
use super::plant::Plant;

/// Makes a form and its media type.
pub(crate) fn form(plant: &mut Plant) -> (String, Vec<u8>) {
    let boundary = plant.one_of(&["b", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "=_part.1'()"]);
    let mut body = Vec::new();
    for _ in 0..=plant.below(4) {
        let (head, content) = part(plant);
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let quoted = boundary.contains('\'') || plant.chance(20);
    let quote = if quoted { "\"" } else { "" };
    (
        format!("multipart/form-data; boundary={quote}{boundary}{quote}"),
        body,
    )
}

/// Makes one part: its header and its content.
pub(crate) fn part(plant: &mut Plant) -> (String, Vec<u8>) {
    let disposition = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
    match plant.below(8) {
        0 | 1 => {
            plant.enter("part");
            let name = plant.one_of(names::SECRET);
            (disposition(name), plant.secret().into_bytes())
        }
        2 => {
            plant.enter("json part");
            let name = plant.one_of(&["data", "payload"]);
            let head = format!("{}\r\nContent-Type: application/json", disposition(name));
            (head, json::document(plant).into_bytes())
        }
        3 => {
            plant.enter("file");
            let decoy = plant.decoy();
            let head = format!(
                "{}; filename=\"{decoy}.bin\"\r\nContent-Type: image/png",
                disposition("upload")
            );
            let canary = plant.canary();
            (
                head,
                [
                    b"\x89PNG\xff\0",
                    canary.as_bytes(),
                    b"\r\n--",
                    canary.as_bytes(),
                ]
                .concat(),
            )
        }
        4 => {
            plant.enter("text in a part");
            (
                disposition("note"),
                format!("see https://me:{}@x.test/", plant.canary()).into_bytes(),
            )
        }
        5 => {
            plant.enter("json in a part without a type");
            (
                disposition("data"),
                format!("{{\"password\":\"{}\"}}", plant.canary()).into_bytes(),
            )
        }
        _ => {
            plant.enter("harmless part");
            let (name, decoy) = (plant.one_of(&["title", "city", "monkey"]), plant.decoy());
            (disposition(name), decoy.into_bytes())
        }
    }
}
