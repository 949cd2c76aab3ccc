//! A method is a type: its name, its parameters and its result in one place.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

/// A request one side may make of the other.
pub trait Method: 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// What the caller says.
    type Params: Serialize + DeserializeOwned + Debug + Send + 'static;
    /// What a success answers.
    type Answer: Serialize + DeserializeOwned + Debug + Send + 'static;
}

/// Something one side tells the other.
pub trait Notification: 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// What is told.
    type Params: Serialize + DeserializeOwned + Debug + Send + 'static;
}

/// Declares marker types: `Start = "process/start": StartParams => StartAnswer;`.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $wire:literal : $params:ty => $answer:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::Method for $name {
            const NAME: &'static str = $wire;
            type Params = $params;
            type Answer = $answer;
        }
    )*
        /// Puts the methods of this module into a face's book.
        #[cfg(feature = "schema")]
        pub(crate) fn describe_methods(book: &mut $crate::schema::Book) {
            $(book.method::<$name>();)*
        }
    };
}

/// Declares marker types: `Exited = "process/exited": ExitedParams;`.
macro_rules! notifications {
    ($($(#[$doc:meta])* $name:ident = $wire:literal : $params:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::Notification for $name {
            const NAME: &'static str = $wire;
            type Params = $params;
        }
    )*
        /// Puts the notifications of this module into a face's book.
        #[cfg(feature = "schema")]
        pub(crate) fn describe_notifications(book: &mut $crate::schema::Book) {
            $(book.notification::<$name>();)*
        }
    };
}

pub(crate) use {methods, notifications};
