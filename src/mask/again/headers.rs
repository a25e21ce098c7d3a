use super::{Again, STARS, WITHHELD, is_mark};
use crate::capture::Fields;
use crate::entry::{Context, Headers, Place, RequestRecord};
use crate::mask::{Pass, allow, headers};

/// The fields by which a proxy tells of the client.
pub(super) const OF_PROXIES: [&str; 3] = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];

/// A field, or none where it is left out.
type Field = Option<(String, String)>;

/// A field that does not say what it said.
pub(super) struct Changed {
    name: String,
    old: String,
    /// `None` where it is left out.
    new: Option<String>,
}

impl Again<'_> {
    /// Masks the fields of a message, and returns those that changed.
    pub(super) fn headers(&mut self, fields: &mut Headers, place: Place) -> Vec<Changed> {
        self.enter(place);
        let mut left_out = None;
        let mut changed = Vec::new();
        let mut shown = Headers::with_capacity(fields.len(), fields.size_bytes());
        let mut is_same = true;
        for (name, value) in fields.iter() {
            let mut field = Some((name.to_owned(), value.to_owned()));
            match self.pass.allowed.header(name) {
                true => self.settle(&mut field, |it, pass| mask(it, place, pass), withhold),
                false => {
                    *left_out.get_or_insert(0) += value.len();
                    field = None;
                }
            }
            if let Some((name, value)) = &field {
                shown.push(name, value);
            }
            let stays = |(known, it): &(String, String)| known == name && it == value;
            if !field.as_ref().is_some_and(stays) {
                is_same = false;
                changed.push(Changed {
                    name: name.to_owned(),
                    old: value.to_owned(),
                    new: field.map(|(_, value)| value),
                });
            }
        }
        if let Some(bytes) = left_out {
            self.enter(place);
            self.pass.report.masked(String::new, allow::RULE, bytes);
        }
        if !is_same {
            *fields = shown;
        }
        changed
    }
}

fn mask(field: &Field, place: Place, pass: &mut Pass<'_>) -> Option<Field> {
    let (name, value) = field.as_ref()?;
    let mut fields = Fields::default();
    fields.push(name, value.as_bytes(), false);
    let masked = headers::mask(&fields, place, pass);
    let shown = masked.iter().next().map(|(name, shown)| {
        let shown = if is_mark(value) { value } else { shown };
        (name.to_owned(), shown.to_owned())
    });
    Some(shown)
}

fn withhold(field: &mut Field) {
    if field.is_some() {
        *field = Some((WITHHELD.to_owned(), STARS.to_owned()));
    }
}

/// Lets nothing be told of a request that its fields do not say any more.
pub(super) fn follow(changed: &[Changed], context: &mut Context, request: &mut RequestRecord) {
    for Changed { name, old, new } in changed {
        let says = |text: &str| new.as_deref().is_some_and(|it| it.contains(text));
        let was_of = |text: &str| !text.is_empty() && old.contains(text) && !says(text);
        for told in [&mut context.user_agent, &mut context.request_id] {
            if told.as_deref() == Some(old) {
                told.clone_from(new);
            }
        }
        for told in [&mut context.trace_id, &mut context.api_key] {
            told.take_if(|it| was_of(it));
        }
        if OF_PROXIES.contains(&name.as_str()) {
            let client = context.client_ip.filter(|it| was_of(&it.to_string()));
            context.client_ip.take_if(|it| client == Some(*it));
            request.scheme.take_if(|it| was_of(it));
        }
    }
}
