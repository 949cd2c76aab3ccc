//! Schemas of the types that encode themselves.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    Base64Bytes, NoParams, PathUri, RequestId,
    app::{AbsolutePath, Setting, thread::ThreadItemsListAnchor, thread::ThreadItemsListCursor},
};

/// A type with a name and a schema that needs no other type.
macro_rules! plain {
    ($($type:ty = $name:literal : $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

plain! {
    RequestId = "RequestId": {
        "description": "Names a request until its answer.",
        "anyOf": [{"type": "string"}, {"type": "integer", "format": "int64"}],
    };
    Base64Bytes = "Base64Bytes": {
        "description": "Bytes, in base64 with padding.",
        "type": "string",
        "contentEncoding": "base64",
    };
    PathUri = "PathUri": {
        "description": "A path as a `file:` URI.",
        "type": "string",
        "format": "uri",
    };
    AbsolutePath = "AbsolutePathBuf": {
        "description": "An absolute path.",
        "type": "string",
    };
    NoParams = "NoParams": {
        "description": "Nothing: absent, `null` or `{}`.",
        "type": ["null", "object"],
        "maxProperties": 0,
    };
}

impl<T: JsonSchema> JsonSchema for Setting<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Setting_of_{}", T::schema_name()).into()
    }

    fn json_schema(types: &mut SchemaGenerator) -> Schema {
        <Option<T>>::json_schema(types)
    }
}

impl JsonSchema for ThreadItemsListCursor {
    fn schema_name() -> Cow<'static, str> {
        "ThreadItemsListCursor".into()
    }

    fn json_schema(types: &mut SchemaGenerator) -> Schema {
        let anchor = types.subschema_for::<ThreadItemsListAnchor>();
        json_schema!({
            "description": "Where to go on with items.",
            "anyOf": [{"type": "string"}, anchor],
        })
    }
}
