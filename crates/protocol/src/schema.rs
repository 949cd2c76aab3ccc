//! Schemas of both faces, made from the types: what is checked in as `schema/`.
//!
//! Each face has a document of what its clients say and one of what its server says, because a
//! member that may be absent in one direction may always be there in the other. A document is JSON
//! Schema (draft 7) and TypeScript made from that. Methods come from the tables of the modules, so
//! a method that has a type has a schema.
//!
//! Only with the feature `schema`, which nothing that ships needs: the program carries the files.

mod by_hand;
mod typescript;

use std::collections::BTreeMap;

use schemars::{
    JsonSchema, SchemaGenerator, generate::SchemaSettings, transform::transform_subschemas,
};
use serde_json::{Map, Value, json};

use crate::{Method, Notification, RequestId, RpcError, app, exec};

pub use self::typescript::Unprintable;

/// The methods and notifications of one face.
#[derive(Debug)]
pub(crate) struct Book {
    client: Side,
    server: Side,
}

/// What one side says.
#[derive(Debug)]
struct Side {
    types: SchemaGenerator,
    /// Of the requests, their parameters; with whether there have to be some.
    requests: BTreeMap<&'static str, (Value, bool)>,
    /// Of the requests of the other side.
    answers: BTreeMap<&'static str, Value>,
    notifications: BTreeMap<&'static str, Value>,
}

/// The only notification of a client.
const OF_CLIENTS: &str = "initialized";

/// All files: their names, and what is in them.
pub fn files() -> Result<Vec<(String, String)>, Unprintable> {
    let mut all = Vec::new();
    for (face, name, book) in [
        ("app", "the app server", app::described()),
        ("exec", "the exec server", exec::described()),
    ] {
        let Book { client, server } = book;
        for (side, title, said) in [
            ("client", format!("What clients of {name} say"), client),
            ("server", format!("What {name} says"), server),
        ] {
            let document = said.document(&title);
            let typescript = typescript::print(&document)?;
            let mut text = serde_json::to_string_pretty(&document).expect("a value is JSON");
            text.push('\n');
            all.push((format!("{face}.{side}.json"), text));
            all.push((format!("{face}.{side}.ts"), typescript));
        }
    }
    Ok(all)
}

// === impl Book ===

impl Book {
    pub(crate) fn new() -> Self {
        let settings = SchemaSettings::draft07();
        Self {
            client: Side::new(settings.clone().for_deserialize()),
            server: Side::new(settings.for_serialize()),
        }
    }

    /// A request of clients.
    pub(crate) fn method<M>(&mut self)
    where
        M: Method<Params: JsonSchema, Answer: JsonSchema>,
    {
        let params = self.client.types.subschema_for::<M::Params>().into();
        let required = serde_json::from_str::<M::Params>("null").is_err();
        self.client.requests.insert(M::NAME, (params, required));
        let answer = self.server.types.subschema_for::<M::Answer>().into();
        self.server.answers.insert(M::NAME, answer);
    }

    /// A notification of the server, but for the one of clients.
    pub(crate) fn notification<N: Notification<Params: JsonSchema>>(&mut self) {
        let side = if N::NAME == OF_CLIENTS {
            &mut self.client
        } else {
            &mut self.server
        };
        let params = side.types.subschema_for::<N::Params>().into();
        side.notifications.insert(N::NAME, params);
    }
}

// === impl Side ===

impl Side {
    fn new(settings: SchemaSettings) -> Self {
        // A single name is a list of one, so that there is one way to say it.
        let settings = settings.with_transform(plainly);
        Self {
            types: settings.into_generator(),
            requests: BTreeMap::new(),
            answers: BTreeMap::new(),
            notifications: BTreeMap::new(),
        }
    }

    fn document(mut self, title: &str) -> Value {
        let id: Value = self.types.subschema_for::<RequestId>().into();
        let error: Value = self.types.subschema_for::<RpcError>().into();
        let mut messages = Vec::new();
        for (name, (params, required)) in self.requests {
            messages.push(message(name, &params, required, Some(&id)));
        }
        for (name, params) in self.notifications {
            messages.push(message(name, &params, false, None));
        }
        messages.push(json!({
            "title": "failure", "type": "object", "required": ["error", "id"],
            "properties": {"error": error, "id": {"anyOf": [id, {"type": "null"}]}},
        }));
        let answers = self.answers.into_iter().map(|(name, answer)| {
            let whole = json!({
                "title": name, "type": "object", "required": ["id", "result"],
                "properties": {"id": id, "result": answer},
            });
            (name.to_owned(), whole)
        });
        let answers: Map<String, Value> = answers.collect();
        let definitions = self.types.take_definitions(true);
        let mut document = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": title, "oneOf": messages, "definitions": definitions,
        });
        if !answers.is_empty() {
            document["answers"] = Value::Object(answers);
        }
        document
    }
}

/// The schema of a whole message.
fn message(name: &str, params: &Value, required: bool, id: Option<&Value>) -> Value {
    let mut properties = json!({"method": {"type": "string", "enum": [name]}, "params": params});
    let mut needed = vec!["method"];
    if let Some(id) = id {
        properties["id"] = id.clone();
        needed.push("id");
    }
    if required {
        needed.push("params");
    }
    json!({"title": name, "type": "object", "required": needed, "properties": properties})
}

/// Says a single value as a list of one, and takes the links out of texts.
fn plainly(schema: &mut schemars::Schema) {
    if let Some(value) = schema.remove("const") {
        schema.insert("enum".to_owned(), json!([value]));
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace("[`", "`").replace("`]", "`");
    }
    transform_subschemas(&mut plainly, schema);
}
