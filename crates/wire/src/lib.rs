//! The network.
//!
//! Rooms do not open sockets: they hand a [`Service`] to a [`Listener`] and get whole requests within limits. Nothing
//! here looks into what is carried, and nothing waits without an end: headers, bodies, answers and connections have a
//! limit of time or number, and a stop lets what runs finish within a limit too.
//!
//! What listens here speaks HTTP/1.1 without TLS: it is for one machine, or stands behind what ends TLS. A [`Peer`] is
//! asked with TLS 1.3 where its address says `https`.

mod client;
mod listener;
mod signature;

pub use client::{Call, Client, Peer, Plain, Reply, post};
pub use listener::{Answer, Asked, Limits, Listener, Method, Service, Stop, WireError, stop};
pub use signature::Credentials;
