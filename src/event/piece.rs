//! What of a signed delivery is no event.

use super::{Key, Origin};

/// A piece of a signed delivery that is no event.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// How much of the delivery it is.
    pub piece: Piece,
    /// What stood around it, where that much could be read.
    pub origin: Option<Box<Origin>>,
    /// Why it could not be read. Says nothing of its content.
    pub reason: &'static str,
    /// Its identity.
    pub key: Key,
    /// Its bytes.
    pub raw: Box<[u8]>,
}

impl Unreadable {
    pub(super) fn new(piece: Piece, origin: Option<&Origin>, reason: &'static str, raw: &[u8]) -> Unreadable {
        let key = Key::of_piece(origin.map(|origin| &origin.account), raw);
        Unreadable { piece, origin: origin.cloned().map(Box::new), reason, key, raw: raw.into() }
    }
}

/// How much of a delivery cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// All of it.
    Body,
    /// An entry.
    Entry,
    /// What should be a list of items.
    List,
    /// An item.
    Item,
    /// An item of a list that Meta does not document.
    OtherItem,
}

impl Piece {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Piece::Body => "body",
            Piece::Entry => "entry",
            Piece::List => "list",
            Piece::Item => "item",
            Piece::OtherItem => "other item",
        }
    }

    /// The piece of this name.
    pub fn named(name: &str) -> Option<Piece> {
        [Piece::Body, Piece::Entry, Piece::List, Piece::Item, Piece::OtherItem]
            .into_iter()
            .find(|piece| piece.as_str() == name)
    }
}
