use super::Collection;
use crate::clock::Timestamp;
use crate::format::fields::{Case, Field, Object};
use crate::format::{Operation, Parameters, Refusal, Request, only};

type Fieldsets = Vec<(&'static str, Vec<String>)>;

/// How a reader wants the documents: the case of the names, the attributes, the related resources.
pub(in crate::format) struct View {
    pub(in crate::format) case: Case,
    /// The sparse fieldsets by type, as dot paths in snake case; a type that is not there has every attribute.
    fieldsets: Fieldsets,
    /// The relationships to include, in snake case; `None` if the reader does not ask for any.
    include: Option<Vec<String>>,
}

impl View {
    /// Reads the header fields and all parameters but those that choose the page.
    pub(in crate::format) fn read(
        request: &Request<'_>,
        collection: &Collection,
    ) -> Result<Self, Refusal> {
        let parameters = request.parameters();
        let others: &[&str] = match request.operation() {
            Operation::List => &["page[after]", "page[before]", "page[size]"],
            _ => &["include"],
        };
        check_version(request)?;
        Ok(Self {
            case: case(request)?,
            fieldsets: fieldsets(parameters, collection, others)?,
            include: include(parameters, collection)?,
        })
    }

    /// Makes a resource with those of its attributes that the reader asks for.
    pub(in crate::format) fn resource<'a>(
        &self,
        type_name: &'static str,
        id: impl Into<Field<'a>>,
        mut attributes: Object<'a>,
    ) -> Object<'a> {
        if let Some((_, paths)) = self.fieldsets.iter().find(|(name, _)| *name == type_name) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            attributes.keep(&paths);
        }
        Object::new()
            .with("type", type_name)
            .with("id", id)
            .with("attributes", attributes)
    }

    /// Tells whether the reader asks for related resources, even for none.
    pub(in crate::format) fn has_include(&self) -> bool {
        self.include.is_some()
    }

    /// Tells whether the reader asks for the resources of a relationship.
    pub(in crate::format) fn includes(&self, relationship: &str) -> bool {
        let include = self.include.as_ref();
        include.is_some_and(|include| include.iter().any(|it| it == relationship))
    }
}

fn case(request: &Request<'_>) -> Result<Case, Refusal> {
    match header(request, "Key-Inflection") {
        Ok(None | Some("kebab")) => Ok(Case::Kebab),
        Ok(Some("camel")) => Ok(Case::Camel),
        Ok(Some("snake")) => Ok(Case::Snake),
        _ => Err(Refusal::parameter(
            "Key-Inflection",
            "must be kebab, camel or snake",
        )),
    }
}

/// Accepts every date: Persona's schemas of these resources are the same in all published versions.
fn check_version(request: &Request<'_>) -> Result<(), Refusal> {
    match header(request, "Persona-Version") {
        Ok(None) => Ok(()),
        Ok(Some(date)) if is_date(date) => Ok(()),
        _ => Err(Refusal::parameter(
            "Persona-Version",
            "must be a date, as 2023-01-05",
        )),
    }
}

fn is_date(text: &str) -> bool {
    let day: Result<Timestamp, _> = format!("{text}T00:00:00Z").parse();
    day.is_ok_and(|day| day.rfc3339(0).strip_suffix("T00:00:00Z") == Some(text))
}

/// Returns a header field that may be there once; an error if it is there twice or is no text.
fn header<'r>(request: &Request<'r>, name: &str) -> Result<Option<&'r str>, ()> {
    match only(request.headers(), name) {
        None if request.headers().contains_key(name) => Err(()),
        value => Ok(value),
    }
}

/// Reads `fields[type]`, the type in any case, and refuses every parameter that is neither this nor one of the others.
fn fieldsets(
    parameters: &Parameters,
    collection: &Collection,
    others: &[&str],
) -> Result<Fieldsets, Refusal> {
    let mut fieldsets = Fieldsets::new();
    for (name, text) in parameters.iter() {
        if others.contains(&name) {
            continue;
        }
        let Some(known) = collection.type_of(name) else {
            return Err(Refusal::parameter(name, "is not a parameter here"));
        };
        if fieldsets.iter().any(|(given, _)| *given == known.name) {
            return Err(Refusal::parameter(name, "must be given once, in one case"));
        }
        let paths = names(text);
        if !paths.iter().all(|it| known.attributes.contains(&&**it)) {
            let must = format!("must be attributes of {}, separated by commas", known.name);
            return Err(Refusal::parameter(name, must));
        }
        fieldsets.push((known.name, paths));
    }
    Ok(fieldsets)
}

fn include(
    parameters: &Parameters,
    collection: &Collection,
) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = parameters.get("include")? else {
        return Ok(None);
    };
    let include = names(text);
    let known = collection.relationships;
    if include.iter().all(|it| known.contains(&&**it)) {
        return Ok(Some(include));
    }
    let name = collection.own.name;
    let must = match known {
        [] => format!("must be empty: {name} has no relationships"),
        _ => format!("must be relationships of {name}, separated by commas"),
    };
    Err(Refusal::parameter("include", must))
}

/// Reads names separated by commas, in any case, as snake case.
fn names(text: &str) -> Vec<String> {
    let names = text.split(',').map(|name| Case::read(name.trim()));
    names.filter(|name| !name.is_empty()).collect()
}
