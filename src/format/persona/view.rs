use crate::format::fields::{Case, Object};
use crate::format::{Operation, Parameters, Refusal, Request, only};

/// How a reader wants the documents: the case of the names, the attributes, the related resources.
pub(super) struct View {
    pub(super) case: Case,
    /// Dot paths of the sparse fieldset in snake case; `None` is every attribute.
    fields: Option<Vec<String>>,
    /// Whether `included` is asked for.
    pub(super) include: bool,
}

const FIELDS: [&str; 3] = ["fields[api-log]", "fields[apiLog]", "fields[api_log]"];

/// The attributes that a sparse fieldset may name. Below `headers`, the parameters and `body` lies user data.
const ATTRIBUTES: [&str; 13] = [
    "request",
    "request.method",
    "request.path",
    "request.headers",
    "request.get_params",
    "request.post_params",
    "request.ip_address",
    "response",
    "response.status",
    "response.headers",
    "response.body",
    "created_at",
    "redacted_at",
];

impl View {
    pub(super) fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let parameters = request.parameters();
        let [kebab, camel, snake] = FIELDS;
        let known: &[&str] = match request.operation() {
            Operation::List => &[
                kebab,
                camel,
                snake,
                "page[after]",
                "page[before]",
                "page[size]",
            ],
            Operation::Retrieve | Operation::Export => &[kebab, camel, snake, "include"],
        };
        parameters.only(known)?;
        let include = parameters.get("include")?;
        if include.is_some_and(|include| !include.is_empty()) {
            return Err(Refusal::parameter(
                "include",
                "must be empty: an api-log has no relationships",
            ));
        }
        Ok(Self {
            case: case(request)?,
            fields: fields(parameters)?,
            include: include.is_some(),
        })
    }

    /// Takes the attributes out that were not asked for.
    pub(super) fn narrow(&self, attributes: &mut Object<'_>) {
        if let Some(fields) = &self.fields {
            let paths: Vec<&str> = fields.iter().map(String::as_str).collect();
            attributes.keep(&paths);
        }
    }
}

fn case(request: &Request<'_>) -> Result<Case, Refusal> {
    const NAME: &str = "Key-Inflection";
    match only(request.headers(), NAME) {
        None if !request.headers().contains_key(NAME) => Ok(Case::Kebab),
        Some("kebab") => Ok(Case::Kebab),
        Some("camel") => Ok(Case::Camel),
        Some("snake") => Ok(Case::Snake),
        _ => Err(Refusal::parameter(NAME, "must be kebab, camel or snake")),
    }
}

fn fields(parameters: &Parameters) -> Result<Option<Vec<String>>, Refusal> {
    let mut given = None;
    for name in FIELDS {
        let Some(text) = parameters.get(name)? else {
            continue;
        };
        if given.is_some() {
            return Err(Refusal::parameter(name, "must be given in one case"));
        }
        let paths = text.split(',').map(|path| Case::read(path.trim()));
        let paths: Vec<String> = paths.filter(|path| !path.is_empty()).collect();
        if paths
            .iter()
            .any(|path| !ATTRIBUTES.contains(&path.as_str()))
        {
            return Err(Refusal::parameter(
                name,
                "must be attributes of an api-log, as request.path,created-at",
            ));
        }
        given = Some(paths);
    }
    Ok(given)
}
