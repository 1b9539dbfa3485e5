//! What one source file declares, and what it names of other files.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// The words before the name of an item.
const ITEMS: &[&str] = &["const", "enum", "fn", "macro_rules", "static", "struct", "trait", "type", "union"];

/// Words of items that end with a body, however many commas come before it.
const WITH_BODY: &[&str] = &["enum", "fn", "impl", "mod", "struct", "trait"];

/// Words of what ends with a semicolon, however many braces come before it.
const WITH_SEMICOLON: &[&str] = &["let", "static", "use"];

/// A file, or a module within a file.
#[derive(Debug, Default, PartialEq)]
pub struct Source {
    /// Its modules: those in files of their own have no source here.
    pub modules: BTreeMap<String, Option<Source>>,
    /// The items it defines itself.
    pub items: BTreeSet<String>,
    /// Its `use` declarations, one name each.
    pub imports: BTreeSet<Import>,
    /// The other paths in its code.
    pub paths: BTreeSet<Path>,
}

pub type Path = Vec<String>;

/// One name of a `use` declaration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub path: Path,
    /// The name it gets here; none where everything is imported (`*`).
    pub name: Option<String>,
}

impl Import {
    /// An import under the last name of its path, where anything stands behind what stands `before` it.
    fn named_last(mut path: Path, before: &Path) -> Option<Import> {
        if path.len() <= before.len() {
            return None;
        }
        // `a::{self}` is `a`.
        if path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        let name = path.last().cloned();
        Some(Import { path, name })
    }
}

impl Source {
    /// Reads the text of a file, but for what is marked `#[cfg(test)]`.
    pub fn without_tests(text: &str) -> Source {
        Source::of(text.parse().expect("Rust"), false)
    }

    /// Reads the text of a file.
    pub fn with_tests(text: &str) -> Source {
        Source::of(text.parse().expect("Rust"), true)
    }

    /// All paths in it, those of its `use` declarations among them.
    pub fn all_paths(&self) -> impl Iterator<Item = &Path> {
        self.imports.iter().map(|import| &import.path).chain(&self.paths)
    }

    fn of(tokens: TokenStream, with_tests: bool) -> Source {
        let mut source = Source::default();
        source.add(tokens, with_tests, true);
        source
    }

    fn add(&mut self, tokens: TokenStream, with_tests: bool, at_the_top: bool) {
        let mut tokens = Tokens(tokens.into_iter().peekable());
        while let Some(token) = tokens.0.next() {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == '#' => tokens.attribute(with_tests),
                TokenTree::Group(group) => self.add(group.stream(), with_tests, false),
                TokenTree::Ident(word) if word == "pub" => tokens.visibility(),
                TokenTree::Ident(word) if word == "use" => tokens.imports(&Path::new(), &mut self.imports),
                TokenTree::Ident(word) if word == "mod" => self.module(&mut tokens, with_tests),
                TokenTree::Ident(word) if at_the_top && ITEMS.contains(&word.to_string().as_str()) => {
                    tokens.sign('!');
                    self.items.extend(tokens.peek_word());
                }
                TokenTree::Ident(word) => self.paths.extend(tokens.path(&word)),
                _ => {}
            }
        }
    }

    fn module(&mut self, tokens: &mut Tokens, with_tests: bool) {
        let Some(name) = tokens.word() else { return };
        let body = tokens.braces().map(|body| Source::of(body, with_tests));
        self.modules.insert(name, body);
    }
}

/// The tokens still to come.
struct Tokens(Peekable<IntoIter>);

impl Tokens {
    /// Takes the rest of an attribute; with `#[cfg(test)]` what it stands before, unless tests are read too.
    fn attribute(&mut self, with_tests: bool) {
        self.sign('!');
        let marks_test = |attribute: TokenTree| attribute.to_string().replace(' ', "") == "[cfg(test)]";
        if self.0.next().is_some_and(marks_test) && !with_tests {
            self.item();
        }
    }

    /// Takes the item, field or statement that comes.
    fn item(&mut self) {
        let (mut ends_with_body, mut ends_with_semicolon) = (false, false);
        for token in self.0.by_ref() {
            match token {
                TokenTree::Ident(word) => {
                    ends_with_body |= WITH_BODY.contains(&word.to_string().as_str());
                    ends_with_semicolon |= WITH_SEMICOLON.contains(&word.to_string().as_str());
                }
                TokenTree::Punct(sign) if sign.as_char() == ';' => return,
                TokenTree::Punct(sign) if sign.as_char() == ',' && !ends_with_body => return,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !ends_with_semicolon => return,
                _ => {}
            }
        }
    }

    /// Takes the rest of a `use` declaration, or of a group in one. `before` stands before each name of the group.
    fn imports(&mut self, before: &Path, found: &mut BTreeSet<Import>) {
        let mut path = before.clone();
        while let Some(token) = self.0.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    found.insert(Import { path: std::mem::take(&mut path), name: self.word() });
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    let path = std::mem::take(&mut path);
                    Tokens(group.stream().into_iter().peekable()).imports(&path, found);
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => {}
                TokenTree::Punct(sign) if sign.as_char() == '*' => {
                    found.insert(Import { path: std::mem::take(&mut path), name: None });
                }
                TokenTree::Punct(sign) if sign.as_char() == ',' => {
                    found.extend(Import::named_last(std::mem::replace(&mut path, before.clone()), before));
                }
                _ => break,
            }
        }
        found.extend(Import::named_last(path, before));
    }

    /// Takes the rest of a path that begins with `first`. None where it is one word.
    fn path(&mut self, first: &Ident) -> Option<Path> {
        let mut path = vec![first.to_string()];
        while self.sign(':') && self.sign(':') {
            match self.word() {
                Some(word) => path.push(word),
                None => break,
            }
        }
        (path.len() > 1).then_some(path)
    }

    /// Takes what stands in parentheses behind `pub`.
    fn visibility(&mut self) {
        self.0.next_if(|token| matches!(token, TokenTree::Group(_)));
    }

    fn sign(&mut self, sign: char) -> bool {
        self.0.next_if(|token| matches!(token, TokenTree::Punct(next) if next.as_char() == sign)).is_some()
    }

    fn word(&mut self) -> Option<String> {
        self.0.next_if(|token| matches!(token, TokenTree::Ident(_))).map(|word| word.to_string())
    }

    fn peek_word(&mut self) -> Option<String> {
        self.0.peek().filter(|token| matches!(token, TokenTree::Ident(_))).map(ToString::to_string)
    }

    fn braces(&mut self) -> Option<TokenStream> {
        match self.0.next_if(|token| matches!(token, TokenTree::Group(_)))? {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        }
    }
}
