use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::api::Denial;
use crate::query::Scope;

type Name = Cow<'static, str>;

/// Which claims tell what a reader may see.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    pub(super) organisation: Option<Name>,
    pub(super) environment: Option<Name>,
    pub(super) actor: Option<Name>,
    /// A claim and the value of it that lets see everything.
    pub(super) everything: Option<(Name, Name)>,
}

impl Claims {
    /// Makes the scope. A claim that is asked for and not there, empty, or no text is a denial: it never widens the scope.
    pub(super) fn scope(&self, claims: &Map<String, Value>) -> Result<Scope, Denial> {
        if let Some((name, value)) = &self.everything
            && claims.get(&**name).is_some_and(|claim| has(claim, value))
        {
            return Ok(Scope::all());
        }
        let text = |name: &Name| match claims.get(&**name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
            _ => Err(Denial::Forbidden),
        };
        let organisation = self.organisation.as_ref().map(text).transpose()?;
        let environment = self.environment.as_ref().map(text).transpose()?;
        let actor = self.actor.as_ref().map(text).transpose()?;
        let scope = match (organisation, actor) {
            (Some(organisation), Some(actor)) => {
                Scope::organisation(organisation).map(|scope| scope.by_actor(actor))
            }
            (Some(organisation), None) => Scope::organisation(organisation),
            (None, Some(actor)) => Scope::actor(actor),
            (None, None) => return Err(Denial::Forbidden),
        };
        let scope = scope.map_err(|_| Denial::Forbidden)?;
        Ok(match environment {
            Some(environment) => scope.environment(environment),
            None => scope,
        })
    }
}

/// Tells whether a claim is a text, or a list that holds it.
fn has(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::String(text) => text == wanted,
        Value::Array(list) => list.iter().any(|it| it == wanted),
        _ => false,
    }
}
