//! Meta's words for things: the known ones by name, every other as it was written.

/// Declares an enum of Meta's words. A word that is not named, or is no word at all, is `Unknown` with what was written.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word not named here, as Meta wrote it.
            Unknown(String),
        }

        impl $name {
            /// Meta's word for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)+
                    $name::Unknown(word) => word,
                }
            }
        }

        /// An unknown word, of which nothing is known.
        impl Default for $name {
            fn default() -> $name {
                $name::Unknown(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> $name {
                match word {
                    $($word $(| $alias)* => $name::$variant,)+
                    _ => $name::Unknown(word.to_owned()),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<$name, D::Error> {
                Ok($crate::event::lenient::word(<&serde_json::value::RawValue>::deserialize(input)?).as_str().into())
            }
        }
    };
}

pub(super) use words;
