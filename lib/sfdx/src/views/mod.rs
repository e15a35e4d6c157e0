//! Typed views: thin cursors over [`Element`](crate::Element) that name what metadata says.
//!
//! A view reads nothing ahead. A getter gives `None` where the file does not say: for an audit that is
//! *unknown*, never "no". Names and meanings are those of the Metadata API Developer Guide.
//!
//! Eleven public projects were read while these views were made. None of them has: external client apps
//! (any of the five types), outbound messages, territory sharing rules, `PlatformEventChannel` and its
//! members, `EventRelayConfig`, `PlatformEventSubscriberConfig`, `TransactionSecurityPolicy`,
//! `RestrictionRule`, `ExternalServiceRegistration`, `GenAiPlanner` without a bundle,
//! `historyRetentionPolicy`, permissions inside a muting permission set, or sharing rules, workflows and
//! permission sets that were split into files. Their shapes follow the Metadata API Developer Guide and
//! public samples of it.

mod agent;
mod app;
mod destination;
mod event;
mod flow;
mod mail;
mod object;
mod permission;
mod report;
mod restriction;
mod settings;
mod sharing;
mod site;

pub use agent::*;
pub use app::*;
pub use destination::*;
pub use event::*;
pub use flow::*;
pub use mail::*;
pub use object::*;
pub use permission::*;
pub use report::*;
pub use restriction::*;
pub use settings::*;
pub use sharing::*;
pub use site::*;

/// A getter of a view: its name, how it reads, and the path it reads.
macro_rules! getter {
    ($(#[$at:meta])* $method:ident text $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> Option<$crate::Value<'p>> {
            self.element().value($path)
        }
    };
    ($(#[$at:meta])* $method:ident flag $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> Option<bool> {
            self.element().flag($path)
        }
    };
    ($(#[$at:meta])* $method:ident number $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> Option<u64> {
            self.element().value($path).and_then(|value| value.number())
        }
    };
    ($(#[$at:meta])* $method:ident texts $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> impl Iterator<Item = $crate::Value<'p>> + use<'p> {
            self.element().values($path)
        }
    };
    ($(#[$at:meta])* $method:ident one $path:literal $view:ident) => {
        $(#[$at])*
        pub fn $method(self) -> Option<$view<'p>> {
            self.element().path($path).map($view)
        }
    };
    ($(#[$at:meta])* $method:ident each $path:literal $view:ident) => {
        $(#[$at])*
        pub fn $method(self) -> impl Iterator<Item = $view<'p>> + use<'p> {
            self.element().children_named($path).map($view)
        }
    };
}

/// A view of one element.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$at:meta])* $method:ident: $how:ident $path:literal $($view:ident)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'p>(pub(super) $crate::Element<'p>);

        impl<'p> $name<'p> {
            pub fn element(self) -> $crate::Element<'p> {
                self.0
            }

            $($crate::views::getter! { $(#[$at])* $method $how $path $($view)? })*
        }
    };
}

/// A view of a whole component, with the project's method that lists them.
macro_rules! whole {
    ($(#[$doc:meta])* $name:ident of $kind:literal by $plural:ident {
        $($(#[$at:meta])* $method:ident: $how:ident $path:literal $($view:ident)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'p>(pub(super) $crate::Component<'p>);

        impl<'p> $name<'p> {
            pub fn component(self) -> $crate::Component<'p> {
                self.0
            }

            /// The full name.
            pub fn name(self) -> &'p str {
                self.0.full_name()
            }

            pub fn element(self) -> $crate::Element<'p> {
                self.0.root()
            }

            $($crate::views::getter! { $(#[$at])* $method $how $path $($view)? })*
        }

        impl $crate::Project {
            /// Sorted by name and path.
            pub fn $plural(&self) -> impl Iterator<Item = $name<'_>> {
                self.of_type($kind).map($name)
            }
        }
    };
}

pub(crate) use {getter, part, whole};
